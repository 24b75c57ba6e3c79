/** Where a running local system is reached: a file in its data directory, which the command line reads. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Service } from "./local-system.ts";

/** What the file says. No secret. */
export interface LocalEndpoints {
  /** Of the process that runs the system. */
  readonly pid: number;
  readonly gatewayUrl: string;
  /** The Langfuse base URL in use: the built-in sink, unless another was named. */
  readonly langfuseUrl: string;
  readonly endpoints: Readonly<Record<Service, string>>;
  readonly table: string;
  readonly queueUrl: string;
  readonly deadLetterQueueUrl: string;
  readonly bucket: string;
}

/** The file's name in the data directory. */
export const ENDPOINTS_FILE = "endpoints.json";

const OWNER_ONLY = 0o600;

/** Writes the file, for the owner alone. */
export function writeEndpoints(file: string, endpoints: LocalEndpoints): void {
  writeFileSync(file, `${JSON.stringify(endpoints, null, 2)}\n`, { mode: OWNER_ONLY });
}

/** Removes the file. */
export function removeEndpoints(file: string): void {
  rmSync(file, { force: true });
}

/**
 * The system that runs on a data directory. Undefined when none does: there is no file, or the process that
 * wrote it is gone, for a killed one leaves its file behind.
 */
export function readEndpoints(dataDirectory: string): LocalEndpoints | undefined {
  try {
    const endpoints = JSON.parse(readFileSync(join(dataDirectory, ENDPOINTS_FILE), "utf8")) as LocalEndpoints;
    return isAlive(endpoints.pid) ? endpoints : undefined;
  } catch (error) {
    // A file that is being written is not JSON yet: the system is not ready.
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // EPERM: it runs, as another user.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** `npm start` without npm: the command as a process of its own, against the built bundles. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { onTestFinished } from "vitest";

const ROOT = join(import.meta.dirname, "../..");
const START = join(ROOT, "packages/local/src/start.ts");

/** A started command that is ready. */
export interface StartedSystem {
  readonly child: ChildProcess;
  readonly gateway: string;
  readonly key: string;
  readonly consoleUrl: string;
  readonly sink: string;
  /** All lines on stdout so far. */
  readonly stdout: readonly string[];
  /** All lines on stderr so far. */
  readonly stderr: readonly string[];
  /** Sends the signal and returns the exit code, null when the signal ended it. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/** How a command ended that did not become ready. */
export interface FailedStart {
  readonly code: number | null;
  readonly stdout: readonly string[];
  readonly stderr: readonly string[];
}

/** Starts the command and waits for its ready line. Throws what it wrote when it ends before that. */
export async function startSystem(env: Record<string, string>): Promise<StartedSystem> {
  const { child, stdout, stderr, exited } = run(env);
  const ready = Promise.withResolvers<string>();
  createInterface({ input: child.stdout ?? process.stdin }).on("line", (line) => {
    stdout.push(line);
    if (stdout.length === 2) ready.resolve(stdout[0] ?? "");
  });
  void exited.then((code) => ready.reject(new Error(`exit code ${code}: ${stderr.join("\n")}`)));
  const line = await ready.promise;
  const [, gateway, key, consoleUrl, sink] =
    /^ready gateway=(\S+) key=(\S+) console=(\S+) sink=(\S+)$/.exec(line) ?? [];
  if (!gateway || !key || !consoleUrl || !sink) throw new Error(`no ready line: ${line}`);
  return {
    child,
    gateway,
    key,
    consoleUrl,
    sink,
    stdout,
    stderr,
    stop: async (signal = "SIGINT") => {
      child.kill(signal);
      return await exited;
    },
  };
}

/** Starts the command where it cannot become ready, and waits for its end. */
export async function failToStart(env: Record<string, string>, script = START): Promise<FailedStart> {
  const { child, stdout, stderr, exited } = run(env, script);
  createInterface({ input: child.stdout ?? process.stdin }).on("line", (line) => stdout.push(line));
  return { code: await exited, stdout, stderr };
}

function run(env: Record<string, string>, script = START) {
  const stdout: string[] = [];
  const stderr: string[] = [];
  const child = spawn(process.execPath, [script], {
    env: { PATH: process.env["PATH"], PORT: "0", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  createInterface({ input: child.stderr }).on("line", (line) => stderr.push(line));
  const exited = once(child, "close").then(([code]) => code as number | null);
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await exited;
  });
  return { child, stdout, stderr, exited };
}

/** Processes of the bench: their start, their end, their core and the CPU time that they took. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { createInterface } from "node:readline";
import type { ProcessGuard } from "@sluice/local";

/** Subjects run on the last core, everything else on the first. */
const CORES = { rest: 0, subject: availableParallelism() - 1 };

/** Which core a process runs on. */
export type Role = keyof typeof CORES;

/** Whether this machine can keep the subject on a core of its own. */
export const canPin: boolean = CORES.subject > CORES.rest && hasTaskset();

/** Keeps a process, with the threads it has and will have, on the core of its role. Does nothing without `taskset`. */
export function pin(pid: number, role: Role): void {
  if (canPin) execFileSync("taskset", ["-acp", String(CORES[role]), String(pid)], { stdio: "ignore" });
}

function hasTaskset(): boolean {
  try {
    execFileSync("taskset", ["-p", String(process.pid)], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/**
 * CPU time that a running process took since its start, user and system, all threads, in ms. From the
 * scheduler's own account (nanoseconds), because `/proc/<pid>/stat` counts in steps of 10 ms. Linux only.
 */
export function cpuMs(pid: number): number {
  const tasks = `/proc/${pid}/task`;
  const nanoseconds = readdirSync(tasks).map((task) =>
    Number(readFileSync(`${tasks}/${task}/schedstat`, "utf8").split(" ")[0]),
  );
  return nanoseconds.reduce((sum, each) => sum + each, 0) / 1e6;
}

/** A program that serves or measures, and its first line on stdout. */
export interface Child {
  readonly pid: number;
  /** Resolves with the first line that it prints; rejects when it exits without one. */
  readonly firstLine: Promise<string>;
  stop(): Promise<void>;
}

/** What a program needs beside its arguments. */
export interface SpawnOptions {
  readonly role: Role;
  /** Ends the process when the bench is killed. */
  readonly guard: ProcessGuard;
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts node with these arguments. */
export async function startNode(
  args: readonly string[],
  { role, guard, env = {} }: SpawnOptions,
): Promise<Child> {
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  await once(child, "spawn");
  const { pid } = child;
  if (pid === undefined) throw new Error(`node ${args.join(" ")} has no pid`);
  guard.watch(pid);
  child.once("exit", () => guard.forget(pid));
  pin(pid, role);
  const firstLine = new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).on("line", resolve);
    child.once("exit", (code) =>
      reject(new Error(`node ${args.join(" ")} exited with ${code} before it was ready:\n${errors}`)),
    );
  });
  // Whoever needs the line awaits it; a server that says nothing is not awaited.
  firstLine.catch(() => {});
  return { pid, firstLine, stop: () => stop(child) };
}

/** Starts a server of the bench, which prints `line`, its origin, when it listens. It runs until the guard stops. */
export async function startServer(
  script: string,
  guard: ProcessGuard,
): Promise<Child & { readonly line: string }> {
  const child = await startNode([script], { role: "rest", guard });
  return { ...child, line: await child.firstLine };
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
}

/**
 * Kills the execution environments when the local system itself was killed. Nothing else would: a frozen
 * environment is stopped by SIGSTOP and cannot notice that its parent is gone.
 *
 * The guard is a small process of its own. It holds one end of a pipe, and the kernel closes the other end
 * when the local system ends, however it ends.
 */
import { spawn } from "node:child_process";
import { join } from "node:path";

/** Knows which processes must not outlive this one. */
export interface ProcessGuard {
  /** From now on this process dies with us. */
  watch(pid: number): void;
  /** It has exited: its pid may soon be another's. */
  forget(pid: number): void;
  /** Ends the guard, which kills whatever it still watches. */
  stop(): Promise<void>;
}

/** Starts the guard process. Its own failure is not fatal: it only matters when we are killed. */
export function startProcessGuard(): ProcessGuard {
  const child = spawn(process.execPath, [join(import.meta.dirname, "process-guard-child.ts")], {
    stdio: ["pipe", "ignore", "ignore"],
    // In a session of its own, so that Ctrl-C in the terminal reaches us and not the guard.
    detached: true,
  });
  child.on("error", () => {});
  child.stdin.on("error", () => {});
  const exited = new Promise<void>((resolve) => {
    child.once("exit", () => resolve());
    child.once("error", () => resolve());
  });
  child.unref();
  return {
    watch: (pid) => child.stdin.write(`+${pid}\n`),
    forget: (pid) => child.stdin.write(`-${pid}\n`),
    stop: async () => {
      child.ref();
      child.stdin.end();
      await exited;
    },
  };
}

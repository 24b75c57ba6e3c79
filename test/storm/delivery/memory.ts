/** How much memory the functions' processes hold while the storm goes on. */
import { readFileSync } from "node:fs";
import type { LambdaFunction } from "../../../packages/local/src/lambda/function.ts";

/** Resident memory of the largest process, MB. The halves are alike when nothing is kept for ever. */
export type PeakMemory = Readonly<
  Record<"gateway" | "flusher", { readonly firstHalf: number; readonly secondHalf: number }>
>;

const EVERY_MS = 500;

/** Looks at it for so long; the answer ends that. */
export function watchMemory(
  functions: Readonly<Record<"gateway" | "flusher", LambdaFunction>>,
  durationMs: number,
): () => PeakMemory {
  const startedAtMs = Date.now();
  const peaks = { gateway: { firstHalf: 0, secondHalf: 0 }, flusher: { firstHalf: 0, secondHalf: 0 } };
  const timer = setInterval(() => {
    const half = Date.now() - startedAtMs < durationMs / 2 ? "firstHalf" : "secondHalf";
    for (const name of ["gateway", "flusher"] as const) {
      for (const { pid } of functions[name].environments) {
        peaks[name][half] = Math.max(peaks[name][half], residentMb(pid));
      }
    }
  }, EVERY_MS);
  return () => {
    clearInterval(timer);
    return peaks;
  };
}

/** 0 for a process that has ended. */
function residentMb(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    return Math.round(Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? "0") / 1024);
  } catch {
    return 0;
  }
}

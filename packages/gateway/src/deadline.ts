/** Cuts a call before the platform would kill it. */
import { UpstreamError } from "./errors.ts";

/**
 * Time that is kept free before the platform's deadline, ms, so that a call that must be cut still has its
 * record enqueued. A function with a short time limit keeps a quarter of it.
 */
const DEADLINE_MARGIN_MS = 5_000;

/** A signal that is aborted shortly before the deadline, and the way to call it off. */
export function deadlineSignal(
  deadlineAtMs: number,
  nowMs: number,
): { signal: AbortSignal; clear: () => void } {
  const leftMs = Math.max(0, deadlineAtMs - nowMs);
  const controller = new AbortController();
  const timer = setTimeout(
    () => {
      controller.abort(
        new UpstreamError("deadline_exceeded", "The answer took longer than the gateway function may run."),
      );
    },
    leftMs - Math.min(DEADLINE_MARGIN_MS, leftMs / 4),
  );
  return {
    signal: controller.signal,
    clear: () => {
      clearTimeout(timer);
    },
  };
}

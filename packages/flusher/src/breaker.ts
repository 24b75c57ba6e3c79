/** Leaves a drain alone for a while that does not take anything, so that its time-outs cost no other drain time. */
import type { Drain, ExportOutcome } from "@sluice/langfuse";

/** First and longest time for which a drain is left alone, ms. */
const FIRST_PAUSE_MS = 5_000;
const LONGEST_PAUSE_MS = 5 * 60_000;

/**
 * The drain behind a breaker. An export that delivers nothing, because the drain wants all of it again later, opens it: for
 * the pause that follows, traces come back at once and nothing is sent. Each such export doubles the pause; one that
 * delivers anything, or judges it, closes the breaker. Its state is an instance's own.
 */
export function withBreaker(drain: Drain, nowMs: () => number): Drain {
  let failures = 0;
  let openUntilMs = 0;
  return {
    name: drain.name,
    encode: (call) => drain.encode(call),
    async export(traces) {
      const pauseMs = openUntilMs - nowMs();
      if (pauseMs > 0) {
        const reason = "The drain took nothing a moment ago and is left alone for a while.";
        return traces.map((): ExportOutcome => ({ kind: "retry", reason, retryAfterMs: pauseMs }));
      }
      const outcomes = await drain.export(traces);
      if (outcomes.length > 0 && outcomes.every(({ kind }) => kind === "retry")) {
        const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** failures);
        failures += 1;
        openUntilMs = nowMs() + pause;
      } else {
        failures = 0;
      }
      return outcomes;
    },
  };
}

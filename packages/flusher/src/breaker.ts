/** Leaves a drain alone for a while that does not take anything, so that its time-outs cost no other drain time. */
import type { Drain, DrainRefusal, ExportOutcome } from "@sluice/langfuse";

/** First and longest time for which a drain is left alone, ms. */
const FIRST_PAUSE_MS = 5_000;
const LONGEST_PAUSE_MS = 5 * 60_000;

/** A drain that takes nothing until somebody acts. */
export interface RefusingDrain {
  /** As the config names it. */
  readonly drain: string;
  readonly refusal: DrainRefusal;
  /** What the drain said. */
  readonly reason: string;
  /** Traces of the export that it refused. */
  readonly traces: number;
  /** Unix time, ms. */
  readonly atMs: number;
}

/**
 * The drain behind a breaker. An export that delivers nothing, because the drain wants all of it again later, opens it: for
 * the pause that follows, traces come back at once and nothing is sent. Each such export doubles the pause; one that
 * delivers anything, or judges it, closes the breaker. Its state is an instance's own. `onRefusal` is called each time a
 * refusal opens it, so not for each trace, but again and again while the refusal lasts.
 */
export function withBreaker(
  drain: Drain,
  nowMs: () => number,
  onRefusal: (refusing: RefusingDrain) => void = () => undefined,
): Drain {
  let failures = 0;
  let openUntilMs = 0;
  return {
    name: drain.name,
    ...(drain.media && { media: drain.media }),
    encode: (call, keepWhole) => drain.encode(call, keepWhole),
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
        const refused = outcomes.find(isRefused);
        if (refused) {
          const { refusal, reason } = refused;
          onRefusal({ drain: drain.name, refusal, reason, traces: traces.length, atMs: nowMs() });
        }
      } else {
        failures = 0;
      }
      return outcomes;
    },
  };
}

type Refused = ExportOutcome & { readonly kind: "retry"; readonly refusal: DrainRefusal };

function isRefused(outcome: ExportOutcome): outcome is Refused {
  return outcome.kind === "retry" && outcome.refusal !== undefined;
}

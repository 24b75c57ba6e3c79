/** Leaves a drain alone for a while that does not take anything, so that its time-outs cost no other drain time. */
import type { Drain, DrainRefusal, ExportOutcome, MediaStore } from "@sluice/langfuse";

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

/** What became of traces that were given to a drain behind a breaker. */
export interface DrainExport {
  /** As the config names it. */
  readonly drain: string;
  /** How long the drain took, ms; undefined when it was left alone. */
  readonly tookMs?: number;
  readonly delivered: number;
  readonly rejected: number;
  /** Traces that are to come again. */
  readonly retried: number;
  /** Whether the breaker is open now: the drain is left alone for a while. */
  readonly open: boolean;
}

/**
 * The drain behind a breaker. An export that delivers nothing, because the drain wants all of it again later, opens it: for
 * the pause that follows, traces come back at once and nothing is sent. Each such export doubles the pause; one that
 * delivers anything, or judges it, closes the breaker. Its state is an instance's own. `onRefusal` is called each time a
 * refusal opens it, so not for each trace, but again and again while the refusal lasts. `onExport` is called after every
 * export, also of one that was spared the drain; not when the drain throws.
 */
export function withBreaker(
  drain: Drain,
  nowMs: () => number,
  onRefusal: (refusing: RefusingDrain) => void = () => undefined,
  onExport: (exported: DrainExport) => void = () => undefined,
): Drain {
  let failures = 0;
  let openUntilMs = 0;
  /** How a trace ends that comes while the breaker is open. */
  const spared = (): ExportOutcome & { readonly kind: "retry" } => ({
    kind: "retry",
    reason: "The drain took nothing a moment ago and is left alone for a while.",
    retryAfterMs: openUntilMs - nowMs(),
  });
  /** Files wait with their traces. That they fail says nothing of the drain: other traces go on. */
  const mediaBehind = (media: MediaStore): MediaStore => ({
    store: async (spans) => (openUntilMs > nowMs() ? spans.map(spared) : await media.store(spans)),
  });
  const open = (refused: Refused | undefined, traces: number) => {
    openUntilMs = nowMs() + Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** failures);
    failures += 1;
    if (!refused) return;
    const { refusal, reason } = refused;
    onRefusal({ drain: drain.name, refusal, reason, traces, atMs: nowMs() });
  };
  return {
    name: drain.name,
    ...(drain.media && { media: mediaBehind(drain.media) }),
    encode: (call, keepWhole) => drain.encode(call, keepWhole),
    async export(traces) {
      if (openUntilMs > nowMs()) {
        const { length: retried } = traces;
        onExport({ drain: drain.name, delivered: 0, rejected: 0, retried, open: true });
        return traces.map(spared);
      }
      const startedAtMs = nowMs();
      const outcomes = await drain.export(traces);
      const tookMs = nowMs() - startedAtMs;
      if (outcomes.length > 0 && outcomes.every(({ kind }) => kind === "retry")) {
        open(outcomes.find(isRefused), traces.length);
      } else {
        failures = 0;
      }
      const count = (kind: ExportOutcome["kind"]) =>
        outcomes.filter((outcome) => outcome.kind === kind).length;
      const counts = { delivered: count("delivered"), rejected: count("rejected"), retried: count("retry") };
      onExport({ drain: drain.name, tookMs, ...counts, open: openUntilMs > nowMs() });
      return outcomes;
    },
  };
}

type Refused = ExportOutcome & { readonly kind: "retry"; readonly refusal: DrainRefusal };

function isRefused(outcome: ExportOutcome): outcome is Refused {
  return outcome.kind === "retry" && outcome.refusal !== undefined;
}

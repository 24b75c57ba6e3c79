/** Sends many traces in few requests, and finds the ones that a drain refuses. What a request is, each drain type says. */
import type { ExportOutcome } from "./drain.ts";
import type { RequestVerdict } from "./export-policy.ts";
import { packBySize, type Range } from "./pack.ts";

/** After so many rejected traces and none delivered the fault is taken to be the drain's, not theirs. */
const MAX_REJECTED_BEFORE_ANY_DELIVERED = 20;

/** What came of a request: the same for all its traces, or something for each, in their order. */
export type SendVerdict =
  | RequestVerdict
  | { readonly kind: "each"; readonly outcomes: readonly ExportOutcome[] };

/** The most that one request may hold. */
export interface RequestLimits {
  /** Bytes of the traces together, with a byte between two. */
  readonly bytes: number;
  /** Default: no limit. */
  readonly traces?: number;
}

/**
 * Sends every trace, in as few requests as fit, and halves a request that is refused for what is in it. Outcomes are in
 * the order of the traces. `server` names the drain's kind of server in reasons. Rejects only when `send` does.
 */
export async function exportInRequests(
  traces: readonly Uint8Array[],
  limits: RequestLimits,
  send: (traces: readonly Uint8Array[]) => Promise<SendVerdict>,
  server: string,
): Promise<readonly ExportOutcome[]> {
  const outcomes = traces.map((): ExportOutcome => ({ kind: "retry", reason: "The span was not sent." }));
  const count = { delivered: 0, rejected: 0 };
  const waiting = packBySize(traces, limits.bytes, limits.traces);
  const settle = (range: Range, outcomeAt: (index: number) => ExportOutcome) => {
    for (let index = range.from; index < range.to; index += 1) {
      const outcome = outcomeAt(index - range.from);
      outcomes[index] = outcome;
      if (outcome.kind !== "retry") count[outcome.kind] += 1;
    }
  };
  for (let range = waiting.shift(); range; range = waiting.shift()) {
    const verdict = await send(traces.slice(range.from, range.to));
    if (verdict.kind === "split" && range.to - range.from > 1) {
      const middle = range.from + Math.ceil((range.to - range.from) / 2);
      waiting.unshift({ from: range.from, to: middle }, { from: middle, to: range.to });
      continue;
    }
    settle(range, (index) => outcomeOf(verdict, index));
    const halt = haltOutcome(verdict, count, server);
    if (!halt) continue;
    for (const rest of waiting.splice(0)) settle(rest, () => halt);
  }
  return outcomes;
}

const UNTOLD: ExportOutcome = { kind: "retry", reason: "The answer does not say what became of it." };

function outcomeOf(verdict: SendVerdict, index: number): ExportOutcome {
  return verdict.kind === "each" ? (verdict.outcomes[index] ?? UNTOLD) : asOutcome(verdict);
}

function asOutcome(verdict: RequestVerdict): ExportOutcome {
  if (verdict.kind === "delivered") return verdict;
  const { reason } = verdict;
  if (verdict.kind === "split") return { kind: "rejected", reason };
  return {
    kind: "retry",
    reason,
    ...(verdict.retryAfterMs !== undefined && { retryAfterMs: verdict.retryAfterMs }),
    ...(verdict.refusal && { refusal: verdict.refusal }),
  };
}

/** The outcome of all traces that were not sent yet, when sending them would be in vain. */
function haltOutcome(
  verdict: SendVerdict,
  { delivered, rejected }: { readonly delivered: number; readonly rejected: number },
  server: string,
): ExportOutcome | undefined {
  if (verdict.kind === "retry") return verdict.halts ? asOutcome(verdict) : undefined;
  if (verdict.kind === "each") {
    // Whoever refuses one trace until somebody acts refuses all.
    const refused = verdict.outcomes.find((outcome) => outcome.kind === "retry" && outcome.refusal);
    if (refused) return refused;
  }
  if (delivered > 0 || rejected < MAX_REJECTED_BEFORE_ANY_DELIVERED) return undefined;
  return { kind: "retry", reason: `${server} rejects every span, so the drain is at fault. See its status.` };
}

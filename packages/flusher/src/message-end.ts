/** What follows for a message from what its drains said. */
import type { ExportOutcome } from "@sluice/langfuse";

/** How a message ends in this invocation. */
export type MessageEnd =
  | {
      readonly kind: "done";
      /** There was nothing to do: its call was done before, or it is the switch of a call that is known. */
      readonly needless?: "duplicate" | "switch";
    }
  /** To come back: it stays in the queue. */
  | { readonly kind: "failed"; readonly reason: string; readonly retryAfterMs?: number }
  /** No retry can help. */
  | { readonly kind: "park"; readonly reason: string };

/** How long the traces of a paused drain wait before they are looked at again, ms. */
const PAUSED_WAIT_MS = 60 * 60_000;

/** What becomes of the traces of a drain that is paused in the config. */
export const PAUSED: ExportOutcome = {
  kind: "retry",
  reason: "The drain is paused in the config.",
  retryAfterMs: PAUSED_WAIT_MS,
};

/**
 * A message comes back while any drain may still take it, and is parked once every drain has decided and one
 * of them refused it. A paused drain has no say in when: the others would wait for it.
 */
export function messageEnd(outcomes: ReadonlyMap<string, ExportOutcome>): MessageEnd {
  const retries = [...outcomes].filter(([, { kind }]) => kind === "retry");
  const active = retries.filter(([, outcome]) => outcome !== PAUSED);
  const waiting = active.length > 0 ? active : retries;
  const [retry] = waiting;
  if (retry?.[1].kind === "retry") {
    const waits = waiting.flatMap(([, outcome]) =>
      outcome.kind === "retry" ? (outcome.retryAfterMs ?? []) : [],
    );
    return {
      kind: "failed",
      reason: `${retry[0]}: ${retry[1].reason}`,
      ...(waits.length > 0 && { retryAfterMs: Math.max(...waits) }),
    };
  }
  const refusals = [...outcomes].flatMap(([drain, outcome]) =>
    outcome.kind === "rejected" ? [`${drain}: ${outcome.reason}`] : [],
  );
  return refusals.length === 0 ? { kind: "done" } : { kind: "park", reason: refusals.join(" ") };
}

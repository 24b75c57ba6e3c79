/** What follows for a message from what its drains said. */
import type { ExportOutcome } from "@sluice/langfuse";

/** How a message ends in this invocation. */
export type MessageEnd =
  | { readonly kind: "done" }
  /** To come back: it stays in the queue. */
  | { readonly kind: "failed"; readonly reason: string; readonly retryAfterMs?: number }
  /** No retry can help. */
  | { readonly kind: "park"; readonly reason: string };

/**
 * A message comes back while any drain may still take it, and is parked once every drain has decided and one
 * of them refused it.
 */
export function messageEnd(outcomes: ReadonlyMap<string, ExportOutcome>): MessageEnd {
  const retries = [...outcomes].flatMap(([drain, outcome]) =>
    outcome.kind === "retry" ? [{ ...outcome, drain }] : [],
  );
  const [retry] = retries;
  if (retry) {
    const waits = retries.flatMap(({ retryAfterMs }) => retryAfterMs ?? []);
    return {
      kind: "failed",
      reason: `${retry.drain}: ${retry.reason}`,
      ...(waits.length > 0 && { retryAfterMs: Math.max(...waits) }),
    };
  }
  const refusals = [...outcomes].flatMap(([drain, outcome]) =>
    outcome.kind === "rejected" ? [`${drain}: ${outcome.reason}`] : [],
  );
  return refusals.length === 0 ? { kind: "done" } : { kind: "park", reason: refusals.join(" ") };
}

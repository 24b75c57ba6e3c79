/** What the answer of a drain's server means. Pure: the policy is here, the sending elsewhere. */

import type { DrainRefusal } from "./drain.ts";

/** What came of one request. */
export type PostResult =
  | {
      readonly kind: "answered";
      readonly status: number;
      /** The `Retry-After` header. */
      readonly retryAfter?: string;
      /** What the body says went wrong. */
      readonly message?: string;
      readonly contentType?: string;
      /** The body's beginning, up to 4 MiB. */
      readonly body?: Uint8Array;
    }
  /** No answer: refused, reset, timed out. */
  | { readonly kind: "unanswered"; readonly reason: string };

/** What follows for the spans of the request. */
export type RequestVerdict =
  | { readonly kind: "delivered" }
  /** One of the spans is at fault, or all are too much: halve the request, and reject a single span. */
  | { readonly kind: "split"; readonly reason: string }
  | {
      readonly kind: "retry";
      readonly reason: string;
      readonly retryAfterMs?: number;
      readonly refusal?: DrainRefusal;
      /** Whether the next request would meet the same fate, so that it need not be sent. */
      readonly halts: boolean;
    };

/**
 * Wrong keys, and an access that is denied (403: Langfuse has suspended the organisation): somebody has to act, so trying again soon only costs.
 * The records are not at fault; they wait.
 */
export const REFUSALS: ReadonlyMap<number, DrainRefusal> = new Map([
  [401, "keys_refused"],
  [403, "access_denied"],
]);
/** How long the traces of a drain wait at least that needs somebody to act, ms. */
export const REFUSED_WAIT_MS = 10 * 60_000;

/**
 * Judges by status alone, since the body of Langfuse's 200 is an internal job description. Only 400, 413 and 422 speak
 * of the spans. Everything else speaks of the drain, its address or its credentials, which somebody can put
 * right: no record is given up for that. `server` is who answered, as the beginning of a sentence.
 */
export function judge(result: PostResult, nowMs: number, server = "Langfuse"): RequestVerdict {
  if (result.kind === "unanswered") return { kind: "retry", reason: result.reason, halts: true };
  const { status, message, retryAfter } = result;
  if (status >= 200 && status < 300) return { kind: "delivered" };
  const reason = `${server} answered with status ${status}${message ? `: ${message}` : "."}`;
  if (status === 400 || status === 413 || status === 422) return { kind: "split", reason };
  const refusal = REFUSALS.get(status);
  const retryAfterMs = readRetryAfter(retryAfter, nowMs) ?? (refusal && REFUSED_WAIT_MS);
  return {
    kind: "retry",
    reason,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    ...(refusal && { refusal }),
    // A 500 is a failure to store, which may be this request's own; all others concern the next one too.
    halts: status !== 500,
  };
}

/** `Retry-After` in ms: seconds or a date (RFC 9110, section 10.2.3). */
export function readRetryAfter(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\s*\d+\s*$/.test(header)) return Number(header) * 1000;
  const atMs = Date.parse(header);
  return Number.isNaN(atMs) ? undefined : Math.max(atMs - nowMs, 0);
}

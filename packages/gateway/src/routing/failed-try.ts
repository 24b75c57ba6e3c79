/** What a failed try says about the next one. */
import type { IncomingHttpHeaders } from "node:http";

/** What to do after a try. */
export type Verdict =
  /** The answer is the caller's, whatever its status. */
  | "answer"
  /** Another try may succeed, here or elsewhere. */
  | "retry"
  /** Another try here cannot succeed, but one elsewhere may. */
  | "elsewhere"
  /** The request is too long for the model. */
  | "context"
  /** A content filter refused the request. */
  | "content";

/** Request timeout, conflict, too many requests, and whatever is the server's own fault: the official SDKs' list. */
const RETRIED = new Set([408, 409, 429]);
/** The provider, its key or the model is at fault, not the request. */
const ELSEWHERE = new Set([401, 402, 403, 404]);

/** Codes and words by which providers say that a request is too long (OpenAI, Anthropic, Gemini, Mistral, Bedrock, vLLM). */
const TOO_LONG =
  /context_length_exceeded|context length|context window|prompt is too long|input is too long|too many (input )?tokens|maximum.{0,20}tokens|exceeds? the (maximum|model).{0,40}(token|context)|token count.{0,40}exceeds/i;
/** Codes and words of content filters (OpenAI, Azure, Anthropic, Gemini, Bedrock). */
const FILTERED =
  /content_filter|content_policy|content management policy|responsibleai|safety system|output blocked|PROHIBITED_CONTENT|blocked by.{0,30}(policy|filter|guardrail)/i;
/** A quota that a wait does not fill. */
const QUOTA_USED_UP = /insufficient_quota|billing|credit balance|quota exceeded for.{0,40}day/i;

/** Judges an answer by its status, its headers, and the start of its body (text; empty when it was not read). */
export function verdictOf(status: number, headers: IncomingHttpHeaders, body: string): Verdict {
  if (status < 400) return "answer";
  if (status === 400 || status === 413 || status === 422) {
    if (TOO_LONG.test(body)) return "context";
    return FILTERED.test(body) ? "content" : "answer";
  }
  if (ELSEWHERE.has(status)) return "elsewhere";
  if (status === 429 && QUOTA_USED_UP.test(body)) return "elsewhere";
  if (!RETRIED.has(status) && status < 500) return "answer";
  return headers["x-should-retry"] === "false" ? "elsewhere" : "retry";
}

/** How long a provider asks to be left alone, ms (RFC 9110, `Retry-After`; OpenAI's `retry-after-ms`). */
export function retryAfterMs(headers: IncomingHttpHeaders, nowMs: number): number | undefined {
  const ms = Number(headers["retry-after-ms"]);
  if (Number.isFinite(ms) && ms >= 0 && headers["retry-after-ms"] !== undefined) return ms;
  const after = headers["retry-after"];
  if (after === undefined) return undefined;
  const seconds = Number(after);
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1000);
  const at = Date.parse(after);
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs);
}

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 8_000;

/**
 * How long to wait before a target is tried again, ms: as long as it asks, else half a second doubled each time, shortened at
 * random by up to a quarter, as the official SDKs do. Undefined when it asks for more than a caller should wait.
 */
export function waitBeforeRetryMs(
  retry: number,
  askedMs: number | undefined,
  random: number,
): number | undefined {
  if (askedMs !== undefined) return askedMs <= LONGEST_WAIT_MS ? askedMs : undefined;
  return Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** retry) * (1 - random / 4);
}

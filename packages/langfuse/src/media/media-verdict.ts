/** What an answer to the upload of a file means. Pure: the policy is here, the sending elsewhere. */
import { asObject, asText, parseJson } from "@sluice/wire";
import type { DrainRefusal } from "../drain.ts";
import { REFUSALS, REFUSED_WAIT_MS, readRetryAfter } from "../export-policy.ts";
import type { ExchangeResult } from "./http-exchange.ts";

/** What came of a request for a file. */
export type MediaVerdict =
  | { readonly kind: "done"; readonly body: string }
  /** The file, or files altogether, will never be taken here. */
  | { readonly kind: "refused"; readonly reason: string }
  | {
      readonly kind: "retry";
      readonly reason: string;
      readonly retryAfterMs?: number;
      readonly refusal?: DrainRefusal;
      /** Langfuse is busy and takes the file later: worth waiting longer for than for what may never work. */
      readonly busy: boolean;
      /** Whether the next file would meet the same fate. */
      readonly halts: boolean;
    };

const MAX_REASON = 300;

/**
 * Judges an answer of Langfuse's media API or of the object storage behind it. A server without storage for files says so with a 500 that no retry changes ("not enabled or no bucket
 * configured", Langfuse's `mediaService`). `server` is who answered, as the beginning of a sentence.
 */
export function judgeMedia(
  result: ExchangeResult,
  nowMs: number,
  server: "Langfuse" | "The media storage",
): MediaVerdict {
  if (result.kind === "unanswered") return { kind: "retry", reason: result.reason, busy: false, halts: true };
  const { status, body } = result;
  if (status >= 200 && status < 300) return { kind: "done", body };
  const said = messageOf(body);
  const reason = `${server} answered with status ${status} to a media upload${said ? `: ${said}` : "."}`;
  const retryAfterMs = readRetryAfter(result.retryAfter, nowMs);
  const retry = { kind: "retry", reason, ...(retryAfterMs !== undefined && { retryAfterMs }) } as const;
  if (status === 429) return { ...retry, busy: true, halts: true };
  const refusal = server === "Langfuse" ? REFUSALS.get(status) : undefined;
  if (refusal)
    return { ...retry, retryAfterMs: retryAfterMs ?? REFUSED_WAIT_MS, refusal, busy: false, halts: true };
  if (status === 408 || (status >= 500 && !/not enabled|no bucket/i.test(body))) {
    return { ...retry, busy: false, halts: false };
  }
  return { kind: "refused", reason };
}

function messageOf(body: string): string | undefined {
  const { message, error } = asObject(parseJson(body)) ?? {};
  return (asText(message) ?? asText(error))?.slice(0, MAX_REASON).replaceAll(/\s+/g, " ").trim();
}

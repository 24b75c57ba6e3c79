/** A key's limits of requests, tokens and parallel calls. */
import type { VirtualKey } from "@sluice/keys";
import { type AccountStore, bucketFor, type Hold, type MinuteUse, type RateStore } from "@sluice/ledger";
import { callTooLarge, rateLimited } from "./refusals.ts";

/** How soon a caller may try again when all parallel calls are taken, ms: when one ends is not known. */
const PARALLEL_RETRY_MS = 1_000;

/** Takes a call's share of its key's minute. Resolves to the answer headers; throws a 429. */
export async function takeRate(
  key: VirtualKey,
  tokens: number,
  atMs: number,
  rates: RateStore,
): Promise<Record<string, string>> {
  const { requestsPerMinute, tokensPerMinute } = key.rateLimits ?? {};
  if (requestsPerMinute === undefined && tokensPerMinute === undefined) return {};
  const { granted, use } = await rates.take(key.id, {
    atMs,
    tokens,
    ...(requestsPerMinute !== undefined && { requestsPerMinute }),
    ...(tokensPerMinute !== undefined && { tokensPerMinute }),
  });
  const headers = rateHeaders(key.rateLimits ?? {}, use, atMs);
  if (granted) return headers;
  if (tokensPerMinute !== undefined && tokens > tokensPerMinute) {
    throw callTooLarge(tokens, tokensPerMinute, headers);
  }
  const what =
    requestsPerMinute !== undefined && use.requests >= requestsPerMinute
      ? `${requestsPerMinute} requests a minute`
      : `${tokensPerMinute} tokens a minute`;
  throw rateLimited(what, use.resetsAtMs - atMs, headers);
}

/**
 * Takes one of a key's parallel calls. It is counted like money, in an account of its own, so that what a killed
 * function held is given back the same way. Throws a 429.
 */
export async function takeParallelCall(
  key: VirtualKey,
  expiresAtMs: number,
  accounts: AccountStore,
): Promise<Hold | undefined> {
  const limit = key.rateLimits?.parallelCalls;
  if (limit === undefined) return undefined;
  const hold: Hold = {
    account: { owner: { kind: "key", id: key.id }, periodId: "parallel-calls" },
    bucket: bucketFor(expiresAtMs),
    amount: 1n,
  };
  const { granted } = await accounts.reserve(hold, BigInt(limit));
  if (granted) return hold;
  throw rateLimited(`${limit} parallel calls`, PARALLEL_RETRY_MS, {});
}

/** OpenAI's names for the state of a limit; resets in seconds. */
function rateHeaders(
  { requestsPerMinute, tokensPerMinute }: NonNullable<VirtualKey["rateLimits"]>,
  { requests, tokens, resetsAtMs }: MinuteUse,
  atMs: number,
): Record<string, string> {
  const reset = `${Math.max(0, Math.ceil((resetsAtMs - atMs) / 1000))}s`;
  return {
    ...(requestsPerMinute !== undefined && {
      "x-ratelimit-limit-requests": String(requestsPerMinute),
      "x-ratelimit-remaining-requests": String(Math.max(0, requestsPerMinute - requests)),
      "x-ratelimit-reset-requests": reset,
    }),
    ...(tokensPerMinute !== undefined && {
      "x-ratelimit-limit-tokens": String(tokensPerMinute),
      "x-ratelimit-remaining-tokens": String(Math.max(0, tokensPerMinute - tokens)),
      "x-ratelimit-reset-tokens": reset,
    }),
  };
}

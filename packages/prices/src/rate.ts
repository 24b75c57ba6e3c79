/** What one unit of a bucket costs, exact enough that rounding happens once, when a bucket's cost is known. */
import { type Bucket, FALLBACK } from "./buckets.ts";
import { parseDecimal } from "./decimal.ts";

declare const attodollars: unique symbol;

/**
 * US dollars in units of 10^-18, per token (or per request, per search). A price in USD per million tokens
 * is exact in it up to 12 decimals; published prices have at most 6.
 */
export type Rate = bigint & { readonly [attodollars]: true };

/** Rates by bucket. A bucket that is absent falls back as `FALLBACK` says. */
export type Rates = Readonly<Partial<Record<Bucket, Rate>>>;

const RATE_DECIMALS = 12;

/** Rates of a million tokens above this are taken for mistakes: the dearest ever published was $600. */
export const MAX_USD_PER_MILLION_TOKENS = 2000;

/** Fees of a single request or search above this are taken for mistakes: the dearest published is $0.014. */
export const MAX_USD_PER_REQUEST = 10;

/** USD per million tokens, as decimal text of at most 12 decimals. Undefined when it is none, negative, or above the bound. */
export function ratePerMillionTokens(usd: string): Rate | undefined {
  return bounded(parseDecimal(usd, RATE_DECIMALS), MAX_USD_PER_MILLION_TOKENS, 1n);
}

/** USD per request or search, as decimal text of at most 12 decimals. Undefined when it is none, negative, or above the bound. */
export function ratePerRequest(usd: string): Rate | undefined {
  return bounded(parseDecimal(usd, RATE_DECIMALS), MAX_USD_PER_REQUEST, 1_000_000n);
}

function bounded(value: bigint | undefined, maxUsd: number, scale: bigint): Rate | undefined {
  const max = BigInt(maxUsd) * 10n ** BigInt(RATE_DECIMALS);
  return value === undefined || value < 0n || value > max ? undefined : ((value * scale) as Rate);
}

/** The rate of a bucket: its own, or the one that it falls back to. Undefined when there is none. */
export function rateOf(rates: Rates, bucket: Bucket): Rate | undefined {
  let at: Bucket | undefined = bucket;
  while (at !== undefined) {
    const rate = rates[at];
    if (rate !== undefined) return rate;
    at = FALLBACK[at];
  }
  return undefined;
}

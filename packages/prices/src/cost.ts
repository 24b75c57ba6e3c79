/** What a call cost: each bucket at its rate, rounded once, and their exact sum. */
import type { BilledUsage } from "./billed-usage.ts";
import { BUCKETS, type Bucket, INPUT_BUCKETS } from "./buckets.ts";
import { type Picodollars, sumUsd, ZERO_USD } from "./money.ts";
import type { BillingTerms, Multiplier, PriceEntry, Unpriced } from "./price.ts";
import { type Rate, type Rates, rateOf } from "./rate.ts";

/** The cost of a call by bucket. `total` is exactly the sum of the buckets. */
export interface CostBreakdown {
  readonly status: "priced";
  readonly total: Picodollars;
  /** Buckets that cost nothing are zero. */
  readonly buckets: Readonly<Record<Bucket, Picodollars>>;
  /** The model whose price was used. */
  readonly model: string;
  readonly source: string;
}

/** What a call cost, or why that is not known. */
export type Cost = CostBreakdown | Unpriced;

/** Attodollars to a picodollar. */
const SCALE = 1_000_000n;

/**
 * The cost of what was used. Each bucket's cost is the exact product rounded half up to a picodollar, so the
 * total is within 6 picodollars of the exact price, and exact where rates have at most 6 decimals and no
 * multiplier applies. A lookup without a price passes through; a bucket that was used and has no rate makes
 * the whole call unpriced, never cheaper.
 */
export function costOf(usage: BilledUsage, price: PriceEntry | Unpriced, terms: BillingTerms = {}): Cost {
  if (price.status === "unpriced") return price;
  const applied = applyTerms(price, terms, inputTokens(usage));
  const buckets = {} as Record<Bucket, Picodollars>;
  for (const bucket of BUCKETS) {
    const count = usage[bucket];
    if (!Number.isSafeInteger(count) || count < 0) {
      return unpriced(`the usage has no whole number of ${bucket}`);
    }
    const rate = applied.rate(bucket);
    if (rate === undefined && count > 0) {
      return unpriced(`${price.model} has no price for ${bucket}: add one to prices in sluice.config.ts`);
    }
    buckets[bucket] = roundedHalfUp(BigInt(count) * (rate ?? 0n), isFee(bucket) ? ONE : applied.multiplier);
  }
  return {
    status: "priced",
    total: sumUsd(Object.values(buckets)),
    buckets,
    model: price.model,
    source: price.source,
  };
}

/** The sum of the costs of several model calls that one answer was billed for. Unpriced if any of them is. */
export function sumCosts(first: Cost, ...others: readonly Cost[]): Cost {
  return others.reduce((sum, cost) => {
    if (sum.status === "unpriced") return sum;
    if (cost.status === "unpriced") return cost;
    const buckets = {} as Record<Bucket, Picodollars>;
    for (const bucket of BUCKETS) buckets[bucket] = sumUsd([sum.buckets[bucket], cost.buckets[bucket]]);
    const distinct = (a: string, b: string) => (a.split(" + ").includes(b) ? a : `${a} + ${b}`);
    return {
      status: "priced",
      total: sumUsd([sum.total, cost.total]),
      buckets,
      model: distinct(sum.model, cost.model),
      source: distinct(sum.source, cost.source),
    };
  }, first);
}

/** All tokens of the prompt. */
export function inputTokens(usage: BilledUsage): number {
  return INPUT_BUCKETS.reduce((sum, bucket) => sum + usage[bucket], 0);
}

/** The rates that a call of this size and these terms is billed at, and the factor on them. */
export interface AppliedPrice {
  /** The rate of a bucket before the factor. Fees without a rate are free; tokens without one undefined. */
  rate(bucket: Bucket): Rate | undefined;
  /** On tokens alone: fees are the same in every tier. */
  readonly multiplier: Multiplier;
}

/** Chooses the rates and the factor for a call with this many input tokens. */
export function applyTerms(price: PriceEntry, terms: BillingTerms, inputCount: number): AppliedPrice {
  const long = price.longContext.findLast(({ aboveTokens }) => inputCount > aboveTokens);
  const tier = own(price.serviceTiers, terms.serviceTier);
  const rates: Rates =
    long?.rates ?? (tier && "rates" in tier ? { ...price.rates, ...tier.rates } : price.rates);
  const ofTier = tier && "multiplier" in tier ? tier.multiplier : ONE;
  const ofGeo = own(price.inferenceGeos, terms.inferenceGeo) ?? ONE;
  const fee = own(price.requestFees, terms.searchContext);
  return {
    rate: (bucket) => {
      if (bucket === "requests") return fee ?? rates.requests ?? FREE;
      return rateOf(rates, bucket) ?? (bucket === "webSearches" ? FREE : undefined);
    },
    multiplier: {
      numerator: ofTier.numerator * ofGeo.numerator,
      denominator: ofTier.denominator * ofGeo.denominator,
    },
  };
}

function isFee(bucket: Bucket): boolean {
  return bucket === "requests" || bucket === "webSearches";
}

/** No factor. */
export const ONE: Multiplier = { numerator: 1n, denominator: 1n };
const FREE = 0n as Rate;

/** Attodollars times the factor, in picodollars, rounded half up. */
function roundedHalfUp(atto: bigint, { numerator, denominator }: Multiplier): Picodollars {
  if (atto === 0n) return ZERO_USD;
  const divisor = SCALE * denominator;
  return ((atto * numerator * 2n + divisor) / (2n * divisor)) as Picodollars;
}

/** Attodollars times the factor, in picodollars, rounded up. */
export function roundedUp(atto: bigint, { numerator, denominator }: Multiplier): Picodollars {
  const divisor = SCALE * denominator;
  return ((atto * numerator + divisor - 1n) / divisor) as Picodollars;
}

/** A field of a record by a name from outside: names such as `constructor` are nobody's. */
function own<T>(record: Readonly<Record<string, T>>, name: string | undefined): T | undefined {
  return name !== undefined && Object.hasOwn(record, name) ? record[name] : undefined;
}

function unpriced(reason: string): Unpriced {
  return { status: "unpriced", reason };
}

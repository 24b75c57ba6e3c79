/** Usages, prices and terms of every shape, for properties that must hold for all of them. */
import {
  type BilledUsage,
  type BillingTerms,
  BUCKETS,
  type Cost,
  type CostBreakdown,
  NO_USAGE,
  type PriceEntry,
  type Rate,
  type Rates,
} from "@sluice/prices";
import fc from "fast-check";

export const usages: fc.Arbitrary<BilledUsage> = fc
  .tuple(...BUCKETS.map(() => fc.oneof(fc.constant(0), fc.nat(500_000))))
  .map((counts) => Object.fromEntries(BUCKETS.map((bucket, index) => [bucket, counts[index] ?? 0])))
  .map((counts) => ({ ...NO_USAGE, ...counts }));

/** Up to $200 per million tokens, 12 decimals. */
const rate: fc.Arbitrary<Rate> = fc.bigInt({ min: 0n, max: 200n * 10n ** 12n }).map((value) => value as Rate);

const factor = fc.record({
  numerator: fc.bigInt({ min: 1n, max: 600n }),
  denominator: fc.constantFrom(100n, 3n, 7n),
});

/** Always a rate for input and output; the others may be missing. */
const baseRates: fc.Arbitrary<Rates> = fc.record(
  Object.fromEntries(BUCKETS.map((bucket) => [bucket, rate])) as Record<
    (typeof BUCKETS)[number],
    typeof rate
  >,
  { requiredKeys: ["input", "output"] },
);

/** Long-context rates are dearer by a factor on all, as published ones are. */
export const prices: fc.Arbitrary<PriceEntry> = fc
  .record({
    rates: baseRates,
    thresholds: fc.uniqueArray(fc.nat(600_000), { maxLength: 2 }),
    dearer: fc.bigInt({ min: 1n, max: 5n }),
    tier: factor,
    geo: factor,
    fee: rate,
  })
  .map(({ rates, thresholds, dearer, tier, geo, fee }) => ({
    ...priceOf(rates),
    longContext: thresholds
      .toSorted((a, b) => a - b)
      .map((aboveTokens, index) => ({
        aboveTokens,
        rates: Object.fromEntries(
          Object.entries(rates).map(([bucket, value]) => [bucket, value * (dearer + BigInt(index))]),
        ) as Rates,
      })),
    serviceTiers: { flex: { multiplier: tier } },
    inferenceGeos: { us: geo },
    requestFees: { high: fee },
  }));

export const terms: fc.Arbitrary<BillingTerms> = fc.record(
  {
    serviceTier: fc.constantFrom("default", "flex"),
    inferenceGeo: fc.constantFrom("global", "us"),
    searchContext: fc.constantFrom("low", "high"),
  },
  { requiredKeys: [] },
);

/** A price with these rates and nothing else. */
export function priceOf(rates: { readonly [bucket in keyof Rates]: Rate | undefined }): PriceEntry {
  return {
    status: "known",
    model: "test/model",
    source: "test",
    rates: Object.fromEntries(Object.entries(rates).filter(([, value]) => value !== undefined)),
    longContext: [],
    serviceTiers: {},
    inferenceGeos: {},
    requestFees: {},
  };
}

/** The breakdown of a cost that must be known. Throws with the reason when it is not. */
export function priced(cost: Cost): CostBreakdown {
  if (cost.status === "unpriced") throw new Error(cost.reason);
  return cost;
}

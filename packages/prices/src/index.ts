export * from "./billed-calls.ts";
export * from "./billed-usage.ts";
export { BUCKETS, type Bucket } from "./buckets.ts";
export { type Cost, type CostBreakdown, costOf, inputTokens, sumCosts } from "./cost.ts";
export * from "./load-catalogue.ts";
export * from "./money.ts";
export * from "./price.ts";
export {
  findOverride,
  overrideRates,
  type PriceOverride,
  type PriceOverrides,
} from "./price-override.ts";
export {
  MAX_USD_PER_MILLION_TOKENS,
  MAX_USD_PER_REQUEST,
  type Rate,
  type Rates,
  ratePerMillionTokens,
  ratePerRequest,
} from "./rate.ts";
export * from "./worst-case.ts";

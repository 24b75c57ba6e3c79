/** Prices that the user writes in `sluice.config.ts`: they win over the catalogue, field by field. */
import { matchesGlob } from "@sluice/providers";
import type { Bucket } from "./buckets.ts";
import type { PriceEntry, TierPrice, Unpriced } from "./price.ts";
import {
  MAX_USD_PER_MILLION_TOKENS,
  type Rate,
  type Rates,
  ratePerMillionTokens,
  ratePerRequest,
} from "./rate.ts";

/**
 * A price of one's own. US dollars as decimal text, per million tokens where nothing else is said. A field
 * that is absent keeps the catalogue's price, long-context rates included; one that is given holds for every
 * size of prompt, and service tiers still multiply it.
 */
export interface PriceOverride {
  /** Input that is neither cached, audio nor image. */
  readonly input?: string;
  /** Input read from the provider's prompt cache. */
  readonly cachedInput?: string;
  /** Input written to the provider's prompt cache for five minutes, or for as long as its only kind lasts. */
  readonly cacheWrite5m?: string;
  readonly cacheWrite1h?: string;
  readonly audioInput?: string;
  readonly imageInput?: string;
  /** Output, thinking included unless `reasoning` is given. */
  readonly output?: string;
  readonly reasoning?: string;
  readonly audioOutput?: string;
  readonly imageOutput?: string;
  /** US dollars for each request. */
  readonly perRequest?: string;
  /** US dollars for each web search of the provider's own tool. */
  readonly perWebSearch?: string;
  /** Most tokens of one answer: what a strict budget reserves when a request sets no limit. */
  readonly maxOutputTokens?: number;
}

/** Overrides by `provider/model`; `*` stands for any run of characters. */
export type PriceOverrides = Readonly<Record<string, PriceOverride>>;

const FIELDS: Readonly<Record<Exclude<keyof PriceOverride, "maxOutputTokens">, Bucket>> = {
  input: "input",
  cachedInput: "cacheRead",
  cacheWrite5m: "cacheWrite5m",
  cacheWrite1h: "cacheWrite1h",
  audioInput: "audioInput",
  imageInput: "imageInput",
  output: "output",
  reasoning: "reasoning",
  audioOutput: "audioOutput",
  imageOutput: "imageOutput",
  perRequest: "requests",
  perWebSearch: "webSearches",
};

/** The rates that an override sets. Throws `RangeError`, naming the field, for one that is no price or above the bounds. */
export function overrideRates(override: PriceOverride): Rates {
  const rates: Partial<Record<Bucket, Rate>> = {};
  for (const [field, bucket] of Object.entries(FIELDS)) {
    const text = override[field as keyof typeof FIELDS];
    if (text === undefined) continue;
    const rate = field.startsWith("per") ? ratePerRequest(text) : ratePerMillionTokens(text);
    if (rate === undefined) {
      throw new RangeError(
        `${field}: ${JSON.stringify(text)} is no price: write US dollars as plain decimals, not negative, at most ${MAX_USD_PER_MILLION_TOKENS}`,
      );
    }
    rates[bucket] = rate;
  }
  return rates;
}

/**
 * The override for a model: an exact name wins, then the glob with the most characters, then the one written
 * first. Undefined when none fits.
 */
export function findOverride(
  overrides: PriceOverrides,
  provider: string,
  model: string,
): { readonly name: string; readonly override: PriceOverride } | undefined {
  const wanted = `${provider}/${model}`;
  return Object.entries(overrides)
    .filter(([name]) => matchesGlob(name, wanted))
    .map(([name, override]) => ({ name, override, weight: name.includes("*") ? name.length : Infinity }))
    .toSorted((a, b) => b.weight - a.weight)
    .at(0);
}

/** The price with the override's fields in place of its own. Throws as `overrideRates` does. */
export function applyOverride(
  price: PriceEntry | Unpriced,
  { name, override }: { readonly name: string; readonly override: PriceOverride },
): PriceEntry | Unpriced {
  const rates = overrideRates(override);
  const limits = override.maxOutputTokens !== undefined && { maxOutputTokens: override.maxOutputTokens };
  if (price.status === "unpriced") {
    return Object.keys(rates).length === 0
      ? price
      : {
          status: "known",
          model: name,
          source: "config",
          rates,
          longContext: [],
          serviceTiers: {},
          inferenceGeos: {},
          requestFees: {},
          ...limits,
        };
  }
  const withoutOverridden = (tier: TierPrice): TierPrice =>
    "multiplier" in tier ? tier : { rates: { ...tier.rates, ...rates } };
  return {
    ...price,
    source: `${price.source} + config`,
    rates: { ...price.rates, ...rates },
    longContext: price.longContext.map((tier) => ({ ...tier, rates: { ...tier.rates, ...rates } })),
    serviceTiers: Object.fromEntries(
      Object.entries(price.serviceTiers).map(([tier, rule]) => [tier, withoutOverridden(rule)]),
    ),
    requestFees: rates.requests === undefined ? price.requestFees : {},
    ...limits,
  };
}

/** Reads `@pydantic/genai-prices`: which row is a model's, and its rates as exact numbers. */
import { calcPrice, type ModelPrice } from "@pydantic/genai-prices";
import type { Bucket } from "../buckets.ts";
import type { PriceEntry, Unpriced } from "../price.ts";
import { type Rate, type Rates, ratePerMillionTokens, ratePerRequest } from "../rate.ts";
import { isFree } from "./free-models.ts";

/** The library's units that are buckets of ours. The others (hours of audio, pages, pixels) are of endpoints we do not serve. */
const UNITS: Readonly<Record<string, Bucket>> = {
  input_mtok: "input",
  cache_read_mtok: "cacheRead",
  cache_write_mtok: "cacheWrite5m",
  cache_write_1h_mtok: "cacheWrite1h",
  input_audio_mtok: "audioInput",
  input_image_mtok: "imageInput",
  output_mtok: "output",
  output_reasoning_mtok: "reasoning",
  output_audio_mtok: "audioOutput",
  output_image_mtok: "imageOutput",
  requests_kcount: "requests",
  web_searches_kcount: "webSearches",
};

/** The library's price of a model at a moment (Unix time, ms), with neither tiers of service nor corrections. */
export function libraryPrice(provider: string, model: string, atMs: number): PriceEntry | Unpriced {
  // Gemini's own API names its models `models/gemini-…`.
  const found = lookUp(provider, model.replace(/^models\//, ""), atMs);
  if (!found) {
    if (isFree(`${provider}/${model}`)) return freePrice(`${provider}/${model}`);
    return unpriced(`no price is known for ${provider}/${model}: add one to prices in sluice.config.ts`);
  }
  const name = `${found.provider.id}/${found.model.id}`;
  const rows = Object.entries(found.model_price).flatMap(([unit, price]) => {
    const bucket = UNITS[unit];
    return bucket === undefined || price === undefined ? [] : [{ unit, bucket, price }];
  });
  if (rows.length === 0) {
    if (isFree(name)) return freePrice(name);
    return unpriced(`the catalogue lists ${name} without a price: add one to prices in sluice.config.ts`);
  }
  const ratesAt = (inputTokens: number): Rates | undefined => {
    const rates: Partial<Record<Bucket, Rate>> = {};
    for (const { unit, bucket, price } of rows) {
      const rate = rateOfUnit(unit, priceAt(price, inputTokens));
      if (rate === undefined) return undefined;
      rates[bucket] = rate;
    }
    return name.includes("claude") ? withHourlyCacheWrites(rates) : rates;
  };
  const starts = new Set(
    rows.flatMap(({ price }) => (typeof price === "object" ? price.tiers.map(({ start }) => start) : [])),
  );
  const base = ratesAt(0);
  const longContext = [...starts]
    .toSorted((a, b) => a - b)
    .map((aboveTokens) => ({ aboveTokens, rates: ratesAt(aboveTokens + 1) }));
  if (base === undefined || longContext.some(({ rates }) => rates === undefined)) {
    return unpriced(
      `the catalogue's price of ${name} cannot be right: set one in prices in sluice.config.ts`,
    );
  }
  return {
    ...withoutTerms(name, base),
    longContext: longContext.map(({ aboveTokens, rates }) => ({ aboveTokens, rates: rates ?? {} })),
    ...(found.model.context_window !== undefined && { contextWindow: found.model.context_window }),
  };
}

function freePrice(name: string): PriceEntry {
  return withoutTerms(name, { input: FREE, output: FREE });
}

const FREE = 0n as Rate;

function withoutTerms(model: string, rates: Rates): PriceEntry {
  return {
    status: "known",
    model,
    source: "genai-prices",
    rates,
    longContext: [],
    serviceTiers: {},
    inferenceGeos: {},
    requestFees: {},
  };
}

/**
 * The library has Claude's one-hour cache writes for Anthropic's own API alone. Bedrock and Google sell them too,
 * at twice the input like Anthropic (aws.amazon.com/bedrock/pricing).
 */
function withHourlyCacheWrites(rates: Rates): Rates {
  const { input, cacheWrite5m, cacheWrite1h } = rates;
  return input === undefined || cacheWrite5m === undefined || cacheWrite1h !== undefined
    ? rates
    : { ...rates, cacheWrite1h: (input * 2n) as Rate };
}

/** The library prices an empty usage, which finds the row of the moment. Its own arithmetic, in doubles, is not used. */
function lookUp(provider: string, model: string, atMs: number) {
  try {
    return calcPrice({}, model, { providerId: provider, timestamp: new Date(atMs) });
  } catch {
    // It throws for a row that contradicts itself and for a bad date: there is no price in either.
    return null;
  }
}

type LibraryPrice = NonNullable<ModelPrice[string]>;

/** A tier holds for the whole call once the input has more tokens than its start. */
function priceAt(price: LibraryPrice, inputTokens: number): number {
  if (typeof price === "number") return price;
  return price.tiers.findLast(({ start }) => inputTokens > start)?.price ?? price.base;
}

/**
 * The library keeps decimals as doubles. Twelve decimals are more than any published price has and fewer than
 * a double of this size is exact to, so the text is the published one again.
 */
function rateOfUnit(unit: string, price: number): Rate | undefined {
  if (!Number.isFinite(price) || price >= 1e21) return undefined;
  return unit.endsWith("_kcount")
    ? ratePerRequest((price / 1000).toFixed(12))
    : ratePerMillionTokens(price.toFixed(12));
}

function unpriced(reason: string): Unpriced {
  return { status: "unpriced", reason };
}

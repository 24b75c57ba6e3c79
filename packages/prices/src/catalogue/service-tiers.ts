/**
 * What service tiers cost, which the price library does not know. Tiers that are not listed (`default`,
 * `standard`, `auto`, `on_demand`, …) cost the standard price. So do those paid for in advance: OpenAI's
 * `scale`, Anthropic's `priority`; their tokens are valued at the list price.
 */
import { matchesGlob } from "@sluice/providers";
import { parseDecimal } from "../decimal.ts";
import type { Multiplier, TierPrice } from "../price.ts";
import { overrideRates } from "../price-override.ts";

/** First match wins. */
const TIERS: readonly { readonly models: string; readonly tier: string; readonly price: TierPrice }[] = [
  // openai.com/api-priority-processing, November 2026, USD per million tokens.
  priority("gpt-5.5", "12.5", "1.25", "75"),
  priority("gpt-5-mini", "0.45", "0.045", "3.6"),
  priority("gpt-4.1", "3.5", "0.875", "14"),
  priority("gpt-4.1-mini", "0.7", "0.175", "2.8"),
  priority("gpt-4.1-nano", "0.2", "0.05", "0.8"),
  priority("gpt-4o-2024-05-13", "8.75", "8.75", "26.25"),
  priority("gpt-4o-mini", "0.25", "0.125", "1"),
  priority("gpt-4o", "4.25", "2.125", "17"),
  // The same page: gpt-5, 5.1, 5.2, 5.4 and 5.4-mini, twice the standard price; taken for models that it omits.
  { models: "openai/*", tier: "priority", price: times("2") },
  // developers.openai.com/api/docs/pricing: flex and batch are half the standard price.
  { models: "openai/*", tier: "flex", price: times("0.5") },
  { models: "openai/*", tier: "batch", price: times("0.5") },
  // platform.claude.com/docs/en/about-claude/pricing: batch is half; fast mode is 6 times for Opus 4.6 and 4.7, else twice.
  { models: "anthropic/*", tier: "batch", price: times("0.5") },
  { models: "anthropic/claude-opus-4-6", tier: "fast", price: times("6") },
  { models: "anthropic/claude-opus-4-7", tier: "fast", price: times("6") },
  { models: "anthropic/*", tier: "fast", price: times("2") },
  // ai.google.dev/gemini-api/docs/pricing: batch and flex half, priority 1.8 times.
  { models: "google/gemini*", tier: "batch", price: times("0.5") },
  { models: "google/gemini*", tier: "flex", price: times("0.5") },
  { models: "google/gemini*", tier: "priority", price: times("1.8") },
  // aws.amazon.com/bedrock/pricing: batch and flex half, priority 1.75 times.
  { models: "aws/*", tier: "batch", price: times("0.5") },
  { models: "aws/*", tier: "flex", price: times("0.5") },
  { models: "aws/*", tier: "priority", price: times("1.75") },
];

/** The tiers of a model, `provider/model` as prices name it. */
export function serviceTiers(model: string): Readonly<Record<string, TierPrice>> {
  const tiers: Record<string, TierPrice> = {};
  for (const { models, tier, price } of TIERS) {
    if (!Object.hasOwn(tiers, tier) && matchesGlob(models, model)) tiers[tier] = price;
  }
  return tiers;
}

/** Anthropic's own API bills inference that is held in the US at 1.1 times (platform.claude.com, data residency). */
export function inferenceGeos(model: string): Readonly<Record<string, Multiplier>> {
  return matchesGlob("anthropic/*", model) ? { us: multiplier("1.1") } : {};
}

function priority(model: string, input: string, cachedInput: string, output: string) {
  return {
    models: `openai/${model}`,
    tier: "priority",
    price: { rates: overrideRates({ input, cachedInput, output }) },
  };
}

function times(factor: string): TierPrice {
  return { multiplier: multiplier(factor) };
}

function multiplier(factor: string): Multiplier {
  const hundredths = parseDecimal(factor, 2);
  if (hundredths === undefined) throw new RangeError(`${factor} is no factor of at most two decimals`);
  return { numerator: hundredths, denominator: 100n };
}

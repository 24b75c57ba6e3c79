/**
 * Where the price library lags behind the providers' published pages. Each row names the page and the day it
 * was read. A row goes when the library has caught up; `corrections.test.ts` tells when it has.
 */
import { matchesGlob } from "@sluice/providers";
import type { PriceEntry, Unpriced } from "../price.ts";
import { overrideRates, type PriceOverride } from "../price-override.ts";

/** A published price that the library has not. */
export interface Correction {
  /** The library's id of the provider, or the names that mean it here. */
  readonly providers: readonly string[];
  /** Globs of model names as callers write them. */
  readonly models: readonly string[];
  /** First day that it is known to hold, UTC. Absent: for as long as the model exists. */
  readonly from?: string;
  readonly price: PriceOverride;
  readonly longContext?: { readonly aboveTokens: number; readonly price: PriceOverride };
  /** Hours of working days, UTC, in which other rates hold. Holidays are not known: they are billed as working days. */
  readonly peak?: { readonly hours: readonly (readonly [number, number])[]; readonly price: PriceOverride };
  /** USD per request by search context size; `price.perRequest` is the default size's. */
  readonly requestFees?: Readonly<Record<string, string>>;
  /** The page, and when it was read. */
  readonly page: string;
}

/** Mondays to Fridays, 9 to 12 and 14 to 18 o'clock in Beijing. */
const DEEPSEEK_PEAK_HOURS = [
  [1, 4],
  [6, 10],
] as const;

const DEEPSEEK_PAGE = "api-docs.deepseek.com/quick_start/pricing, November 2026";
const PERPLEXITY_PAGE = "docs.perplexity.ai/getting-started/pricing, November 2026";

/** Later rows win over earlier ones, field by field. */
export const CORRECTIONS: readonly Correction[] = [
  {
    providers: ["anthropic"],
    models: ["claude-sonnet-5-5*"],
    from: "2026-10-07",
    price: { cachedInput: "0.1" },
    page: "platform.claude.com/docs/en/about-claude/pricing, November 2026",
  },
  {
    providers: ["anthropic"],
    models: ["claude-haiku-5-5*"],
    price: {
      input: "0.1",
      cachedInput: "0.01",
      cacheWrite5m: "0.125",
      cacheWrite1h: "0.2",
      output: "0.5",
      perWebSearch: "0.01",
    },
    longContext: {
      aboveTokens: 100_000,
      price: {
        input: "0.5",
        cachedInput: "0.05",
        cacheWrite5m: "0.625",
        cacheWrite1h: "1",
        output: "2.5",
        perWebSearch: "0.01",
      },
    },
    page: "platform.claude.com/docs/en/about-claude/pricing, November 2026",
  },
  {
    providers: ["openai"],
    models: ["gpt-4o-audio-preview*"],
    price: { audioInput: "40", audioOutput: "80" },
    page: "developers.openai.com/api/docs/models/gpt-4o-audio-preview, November 2026",
  },
  {
    providers: ["openai"],
    models: ["gpt-4o-mini-audio-preview*"],
    price: { audioInput: "10", audioOutput: "20" },
    page: "developers.openai.com/api/docs/models/gpt-4o-mini-audio-preview, November 2026",
  },
  {
    providers: ["mistral"],
    models: ["mistral-large-latest"],
    from: "2025-12-02",
    price: { input: "0.5", cachedInput: "0.05", output: "1.5" },
    page: "docs.mistral.ai/inference/pricing, as read on 2026-09-29",
  },
  {
    providers: ["deepseek"],
    models: ["deepseek-chat", "deepseek-reasoner"],
    from: "2025-09-29",
    price: { input: "0.28", cachedInput: "0.028", output: "0.42" },
    page: "api-docs.deepseek.com/quick_start/pricing, December 2025; the names are gone from the page since",
  },
  {
    providers: ["deepseek"],
    models: ["deepseek-flash"],
    price: { input: "0.15", cachedInput: "0.003", output: "0.6" },
    peak: { hours: DEEPSEEK_PEAK_HOURS, price: { input: "0.3", cachedInput: "0.006", output: "1.2" } },
    page: DEEPSEEK_PAGE,
  },
  {
    providers: ["deepseek"],
    models: ["deepseek-v4-flash*"],
    from: "2026-10-16",
    price: { input: "0.15", cachedInput: "0.003", output: "0.6" },
    peak: { hours: DEEPSEEK_PEAK_HOURS, price: { input: "0.3", cachedInput: "0.006", output: "1.2" } },
    page: DEEPSEEK_PAGE,
  },
  {
    providers: ["deepseek"],
    models: ["deepseek-v4-pro*"],
    from: "2026-10-16",
    price: { input: "0.66", cachedInput: "0.022", output: "1.98" },
    peak: { hours: DEEPSEEK_PEAK_HOURS, price: { input: "1.32", cachedInput: "0.044", output: "3.96" } },
    page: DEEPSEEK_PAGE,
  },
  {
    providers: ["perplexity"],
    models: ["sonar"],
    price: { perRequest: "0.005" },
    requestFees: { low: "0.005", medium: "0.008", high: "0.012" },
    page: PERPLEXITY_PAGE,
  },
  {
    providers: ["perplexity"],
    models: ["sonar-pro", "sonar-reasoning-pro"],
    price: { perRequest: "0.006" },
    requestFees: { low: "0.006", medium: "0.01", high: "0.014" },
    page: PERPLEXITY_PAGE,
  },
];

/** The price with the corrections that hold for the model at the moment (Unix time, ms). */
export function correct(
  listed: PriceEntry | Unpriced,
  provider: string,
  model: string,
  atMs: number,
): PriceEntry | Unpriced {
  return CORRECTIONS.filter(
    ({ providers, models, from }) =>
      providers.includes(provider) &&
      models.some((glob) => matchesGlob(glob, model)) &&
      (from === undefined || atMs >= Date.parse(from)),
  ).reduce((price, correction) => applyCorrection(price, correction, `${provider}/${model}`, atMs), listed);
}

function applyCorrection(
  listed: PriceEntry | Unpriced,
  correction: Correction,
  name: string,
  atMs: number,
): PriceEntry {
  const peak = correction.peak && isPeak(correction.peak.hours, atMs) ? correction.peak.price : {};
  const rates = overrideRates({ ...correction.price, ...peak });
  const base = listed.status === "known" ? listed : unlisted(name);
  const { longContext } = correction;
  return {
    ...base,
    source: listed.status === "known" ? `${listed.source} + correction` : "correction",
    rates: { ...base.rates, ...rates },
    longContext: longContext
      ? [{ aboveTokens: longContext.aboveTokens, rates: overrideRates(longContext.price) }]
      : base.longContext.map((tier) => ({ ...tier, rates: { ...tier.rates, ...rates } })),
    requestFees: correction.requestFees ? feesOf(correction.requestFees) : base.requestFees,
  };
}

function unlisted(model: string): PriceEntry {
  return {
    status: "known",
    model,
    source: "correction",
    rates: {},
    longContext: [],
    serviceTiers: {},
    inferenceGeos: {},
    requestFees: {},
  };
}

function feesOf(usd: Readonly<Record<string, string>>): PriceEntry["requestFees"] {
  return Object.fromEntries(
    Object.entries(usd).flatMap(([size, perRequest]) => {
      const { requests } = overrideRates({ perRequest });
      return requests === undefined ? [] : [[size, requests]];
    }),
  );
}

function isPeak(hours: readonly (readonly [number, number])[], atMs: number): boolean {
  const at = new Date(atMs);
  const weekday = at.getUTCDay() >= 1 && at.getUTCDay() <= 5;
  return weekday && hours.some(([from, to]) => at.getUTCHours() >= from && at.getUTCHours() < to);
}

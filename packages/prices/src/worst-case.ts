/** The most that a request can cost, known before it is sent: what a strict budget reserves. */
import { BUCKETS, type Bucket, INPUT_BUCKETS, OUTPUT_BUCKETS } from "./buckets.ts";
import { applyTerms, ONE, roundedUp } from "./cost.ts";
import { type Picodollars, sumUsd, ZERO_USD } from "./money.ts";
import type { BillingTerms, PriceEntry, Unpriced } from "./price.ts";
import { rateOf } from "./rate.ts";

/**
 * Tokens that one part can have which the bytes of a request do not bound, because it is given by URL or by
 * an id. Generous: the largest that a provider documents. An image: gpt-4o-mini counts 48,169 for the largest
 * in high detail. Audio: an hour at Gemini's 32 tokens a second. Video: an hour at Gemini's 300 a second.
 * File: 1,000 pages, the most Gemini takes, at 258 tokens for the picture of a page and as many for its text; or all that the
 * model takes in, where that is known to be more.
 */
export const ATTACHMENT_TOKENS = { image: 50_000, audio: 115_200, video: 1_080_000, file: 516_000 } as const;

/** A kind of part that its bytes do not bound. */
export type Attachment = keyof typeof ATTACHMENT_TOKENS;

/**
 * Input that no byte of a request stands for: the tokens around each message are fewer than the bytes of its
 * JSON, but tools bring a prompt of the provider's own (Anthropic documents up to 804 tokens).
 */
export const INPUT_OVERHEAD_TOKENS = 1024;

/** Output when neither the request nor the price says how long an answer can be. More than most models give, but no bound. */
export const DEFAULT_MAX_OUTPUT_TOKENS = 131_072;

/** What is known of a request before it is sent. */
export interface RequestBounds {
  /**
   * Bytes of what the model is given, or simply of the whole body. A token of text stands for at least one
   * byte, so this bounds the tokens. Inline media (`data:` URLs) may be taken out when they are in `attachments`.
   */
  readonly inputBytes: number;
  /** How many parts of each kind come by URL or id, or had their bytes taken out of `inputBytes`. */
  readonly attachments?: Readonly<Partial<Record<Attachment, number>>>;
  /** `max_tokens`, `max_completion_tokens` or `max_output_tokens`, of one choice. Absent: the model's limit, else the default. */
  readonly maxOutputTokens?: number;
  /** Answers asked for: `n`, or `best_of` where that is more. 1 when absent. */
  readonly choices?: number;
  /**
   * The longest prompt cache that the request asks for. `1h` when absent, the dearest. Claude writes none that is not asked
   * for; other models may, and are bounded as if they did.
   */
  readonly cacheWrites?: "none" | "5m" | "1h";
  /** The most searches that the provider's own tool may run. 0 when absent. */
  readonly webSearches?: number;
  /** The request names input that it does not carry (an earlier answer): only what the model takes in bounds that. */
  readonly fillsContext?: boolean;
  /** Answers of this operation need not tell any tokens, so that a fee for each request alone is a price. */
  readonly unmetered?: boolean;
}

/** The most a request can cost, with the bounds it was reckoned from. */
export interface WorstCase {
  readonly status: "priced";
  readonly total: Picodollars;
  readonly inputTokens: number;
  /** Of all choices. */
  readonly outputTokens: number;
}

/**
 * An upper bound of `costOf` for every usage within the request's bounds: all input at the dearest rate that
 * can apply to it, all output likewise, in the dearer of the long-context rates that its size may reach.
 * `terms` are those the request asks for; a provider that picks a dearer tier by itself is outside the bound,
 * as is input that the provider adds on its own: results of its tools. Unpriced when the price has no rate for what the
 * request must use, or when nobody knows how much the model takes in and only that bounds it. Free models give zero.
 */
export function worstCaseCost(
  request: RequestBounds,
  price: PriceEntry | Unpriced,
  terms: BillingTerms = {},
): WorstCase | Unpriced {
  if (price.status === "unpriced") return price;
  const text = request.inputBytes + INPUT_OVERHEAD_TOKENS;
  const attached = Object.entries(ATTACHMENT_TOKENS).reduce(
    (sum, [kind, tokens]) => sum + tokens * (request.attachments?.[kind as Attachment] ?? 0),
    0,
  );
  const perChoice = request.maxOutputTokens ?? price.maxOutputTokens ?? DEFAULT_MAX_OUTPUT_TOKENS;
  const outputTokens = perChoice * Math.max(1, request.choices ?? 1);
  const missing = missingRate(price, outputTokens);
  if (missing && !(request.unmetered && isFlat(price))) {
    return {
      status: "unpriced",
      reason: `${price.model} has no price for ${missing}: add one to prices in sluice.config.ts`,
    };
  }
  const fills = request.fillsContext || (request.attachments?.file ?? 0) > 0;
  if (request.fillsContext && price.contextWindow === undefined && !hasFreeTokens(price)) {
    return {
      status: "unpriced",
      reason: `how much ${price.model} takes in is not known, which alone bounds a request that names what it does not carry`,
    };
  }
  const elsewhere = fills ? Math.max(0, (price.contextWindow ?? 0) - text - attached) : 0;
  const media = attached + elsewhere;
  const inputTokens = text + media;

  const reachable = [0, ...price.longContext.map(({ aboveTokens }) => aboveTokens + 1)].filter(
    (size) => size <= inputTokens,
  );
  const totals = reachable.map((size) => {
    const applied = applyTerms(price, terms, size);
    const dearest = (buckets: readonly Bucket[]) =>
      buckets.reduce((most, bucket) => larger(most, applied.rate(bucket) ?? 0n), 0n);
    const tokens =
      BigInt(text) * dearest(textBuckets(price, request.cacheWrites ?? "1h")) +
      BigInt(media) * dearest(INPUT_BUCKETS) +
      BigInt(outputTokens) * dearest(OUTPUT_BUCKETS);
    const fees =
      Object.values(price.requestFees).reduce(larger, applied.rate("requests") ?? 0n) +
      BigInt(request.webSearches ?? 0) * (applied.rate("webSearches") ?? 0n);
    return roundedUp(tokens, applied.multiplier) + roundedUp(fees, ONE);
  });
  const most = totals.reduce(larger, ZERO_USD) as Picodollars;
  return {
    status: "priced",
    total: most === 0n ? ZERO_USD : sumUsd([most, ROUNDING]),
    inputTokens,
    outputTokens,
  };
}

/** A real cost is rounded once per bucket, so it may exceed the exact product by half a picodollar each. */
const ROUNDING = BigInt(BUCKETS.length) as Picodollars;

function textBuckets({ model }: PriceEntry, cacheWrites: "none" | "5m" | "1h"): readonly Bucket[] {
  const plain = ["input", "cacheRead"] as const;
  // OpenAI's models cache by themselves, and from gpt-5.6 on a write costs more than input.
  const isAsked = model.includes("claude");
  if (isAsked && cacheWrites === "none") return plain;
  return isAsked && cacheWrites === "5m"
    ? [...plain, "cacheWrite5m"]
    : [...plain, "cacheWrite5m", "cacheWrite1h"];
}

/** Whether nothing but a fee for each request, or nothing at all, is asked of a model's callers. */
export function hasFreeTokens(price: PriceEntry): boolean {
  const all = [price.rates, ...price.longContext.map(({ rates }) => rates)];
  return all.every((rates) => TOKEN_BUCKETS.every((bucket) => (rates[bucket] ?? 0n) === 0n));
}

/** Whether a price is a fee for each request and says nothing of tokens. */
export function isFlat({ rates }: PriceEntry): boolean {
  return rates.requests !== undefined && TOKEN_BUCKETS.every((bucket) => rates[bucket] === undefined);
}

const TOKEN_BUCKETS: readonly Bucket[] = [...INPUT_BUCKETS, ...OUTPUT_BUCKETS];

function missingRate({ rates }: PriceEntry, outputTokens: number): Bucket | undefined {
  if (rateOf(rates, "input") === undefined) return "input";
  return outputTokens > 0 && rateOf(rates, "output") === undefined ? "output" : undefined;
}

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

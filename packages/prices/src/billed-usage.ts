/** From the usage of an assembled answer to the buckets that prices are for. */
import {
  type AssembledAnswer,
  asList,
  asObject,
  geminiOutput,
  type JsonObject,
  type TokenUsage,
  uncachedGeminiInput,
  usageBuckets,
} from "@sluice/wire";
import type { Bucket } from "./buckets.ts";
import type { BillingTerms } from "./price.ts";

/** How much of each bucket a call used: whole numbers, none negative, every token in one bucket only. */
export type BilledUsage = Readonly<Record<Bucket, number>>;

/** Nothing used. A call that the provider answered adds one request to it. */
export const NO_USAGE: BilledUsage = {
  input: 0,
  cacheRead: 0,
  cacheWrite5m: 0,
  cacheWrite1h: 0,
  audioInput: 0,
  imageInput: 0,
  output: 0,
  reasoning: 0,
  audioOutput: 0,
  imageOutput: 0,
  requests: 0,
  webSearches: 0,
};

/**
 * Splits a call's usage into what is billed apart. `raw`, the provider's own usage object, adds what
 * `TokenUsage` leaves out: Anthropic's and Bedrock's one-hour cache writes, image tokens, Anthropic's and Perplexity's web
 * searches. Details that claim more than what they are a part of are cut, so no token is billed twice.
 */
export function billedUsage(usage: TokenUsage, raw: JsonObject = {}): BilledUsage {
  const buckets = usageBuckets(usage);
  const [cacheWrite1h, cacheWrite5m] = split(
    buckets.inputCacheWrite,
    count(raw, "cache_creation", "ephemeral_1h_input_tokens") || cacheDetails(raw, "1h"),
  );
  const [imageInput, input] = split(
    buckets.input,
    count(raw, "prompt_tokens_details", "image_tokens") ||
      count(raw, "input_tokens_details", "image_tokens") ||
      uncachedGeminiInput(raw, "IMAGE"),
  );
  const [imageOutput, output] = split(
    buckets.output,
    count(raw, "completion_tokens_details", "image_tokens") ||
      count(raw, "output_tokens_details", "image_tokens") ||
      geminiOutput(raw, "IMAGE"),
  );
  return {
    input,
    cacheRead: buckets.inputCacheRead,
    cacheWrite5m,
    cacheWrite1h,
    audioInput: buckets.inputAudio,
    imageInput,
    output,
    reasoning: buckets.outputReasoning,
    audioOutput: buckets.outputAudio,
    imageOutput,
    requests: 1,
    webSearches: count(raw, "server_tool_use", "web_search_requests") || whole(raw["num_search_queries"]),
  };
}

/** What of an answer changes its price. Anthropic's fast mode is told as tier `fast`. */
export function billingTerms(answer: Pick<AssembledAnswer, "serviceTier" | "rawUsage">): BillingTerms {
  const raw = answer.rawUsage ?? {};
  const tier = raw["speed"] === "fast" ? "fast" : (answer.serviceTier ?? text(raw["service_tier"]));
  const inferenceGeo = text(raw["inference_geo"]);
  const searchContext = text(raw["search_context_size"]);
  return {
    ...(tier !== undefined && { serviceTier: tier }),
    ...(inferenceGeo !== undefined && { inferenceGeo }),
    ...(searchContext !== undefined && { searchContext }),
  };
}

/** The part, as far as the whole lasts, and what is left of the whole. */
function split(total: number, part: number): readonly [number, number] {
  const taken = Math.min(total, part);
  return [taken, total - taken];
}

/** A count inside a detail object of the raw usage; zero when it is absent or no count. */
function count(raw: JsonObject, details: string, name: string): number {
  const inner: unknown = raw[details];
  if (typeof inner !== "object" || inner === null) return 0;
  return whole((inner as JsonObject)[name]);
}

/** What was written to the cache for this long, by Bedrock's list of it (API reference, "CacheDetail"). */
function cacheDetails(raw: JsonObject, ttl: string): number {
  return asList(raw["cacheDetails"])
    .map((detail) => asObject(detail))
    .filter((detail) => detail?.["ttl"] === ttl)
    .reduce((sum, detail) => sum + whole(detail?.["inputTokens"]), 0);
}

/** The value when it is a count; zero when not. */
function whole(value: unknown): number {
  return Number.isSafeInteger(value) && Number(value) > 0 ? Number(value) : 0;
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

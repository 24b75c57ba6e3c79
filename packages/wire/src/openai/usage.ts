/** Reads the `usage` object of OpenAI's format, in the dialects of the providers that speak it. */
import type { TokenUsage } from "../assembled.ts";
import { asCount, asObject, type JsonObject } from "../json-value.ts";

/**
 * The usage of a body or a chunk, wherever its provider puts it: at the top, in a choice (Moonshot), or
 * in `x_groq` (Groq). Undefined for none, for `null` and for an object without a count.
 */
export function findUsage(body: JsonObject, choice: JsonObject | undefined): JsonObject | undefined {
  const candidates = [body["usage"], choice?.["usage"], asObject(body["x_groq"])?.["usage"]];
  return candidates.map(asObject).find((usage) => usage && readUsage(usage) !== undefined);
}

/** The counts of a usage object; undefined when it has none. */
export function readUsage(usage: JsonObject): TokenUsage | undefined {
  const prompt = asCount(usage["prompt_tokens"]) ?? asCount(usage["input_tokens"]);
  const completion = asCount(usage["completion_tokens"]) ?? asCount(usage["output_tokens"]);
  const total = asCount(usage["total_tokens"]);
  if (prompt === undefined && completion === undefined && total === undefined) return undefined;
  const ofInput = asObject(usage["prompt_tokens_details"]) ?? asObject(usage["input_tokens_details"]);
  const ofOutput = asObject(usage["completion_tokens_details"]) ?? asObject(usage["output_tokens_details"]);
  const cacheRead = firstCount(
    ofInput?.["cached_tokens"],
    usage["cached_tokens"],
    usage["prompt_cache_hit_tokens"],
    usage["num_cached_tokens"],
  );
  const cacheWrite = asCount(ofInput?.["cache_write_tokens"]);
  const inputAudio = asCount(ofInput?.["audio_tokens"]);
  const outputAudio = asCount(ofOutput?.["audio_tokens"]);
  const inputTokens = prompt ?? Math.max((total ?? 0) - (completion ?? 0), 0);
  const output = withHiddenThinking(
    completion ?? 0,
    // Azure's DeepSeek writes a 0 at the top, whatever the model thought: that is no count.
    asCount(ofOutput?.["reasoning_tokens"]) ?? (asCount(usage["reasoning_tokens"]) || undefined),
    (total ?? 0) - inputTokens - (completion ?? 0),
  );
  return {
    inputTokens,
    ...(cacheRead !== undefined && { cacheReadTokens: cacheRead }),
    ...(cacheWrite !== undefined && { cacheWriteTokens: cacheWrite }),
    ...(inputAudio !== undefined && { inputAudioTokens: inputAudio }),
    outputTokens: output.tokens,
    ...(output.reasoning !== undefined && { reasoningTokens: output.reasoning }),
    ...(outputAudio !== undefined && { outputAudioTokens: outputAudio }),
    totalTokens: inputTokens + output.tokens,
  };
}

/**
 * Some providers leave thinking out of `completion_tokens` and count it in the total alone: xAI beside an
 * own count of it, Gemini's OpenAI endpoint without one (109 in total for 35 and 12). It is billed as output.
 */
function withHiddenThinking(completion: number, reasoning: number | undefined, unexplained: number) {
  if (unexplained <= 0) return { tokens: completion, reasoning };
  return { tokens: completion + unexplained, reasoning: reasoning || unexplained };
}

/** The first count above 0, else the first count: a provider may write 0 under one name and more under another. */
function firstCount(...values: readonly unknown[]): number | undefined {
  const counts = values.map(asCount).filter((count) => count !== undefined);
  return counts.find((count) => count > 0) ?? counts[0];
}

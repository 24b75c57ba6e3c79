/** Reads the `usage` of Bedrock's Converse (Amazon Bedrock API reference, "TokenUsage"). */
import type { TokenUsage } from "../assembled.ts";
import { asCount, type JsonObject } from "../json-value.ts";

/**
 * The counts of a usage object; undefined when it has none. `inputTokens` leaves out what was read from or written to the
 * cache, as with Anthropic. The cache counts stand under two names; the older ends in `Count`.
 */
export function readConverseUsage(usage: JsonObject): TokenUsage | undefined {
  const uncached = asCount(usage["inputTokens"]);
  const outputTokens = asCount(usage["outputTokens"]);
  const total = asCount(usage["totalTokens"]);
  if (uncached === undefined && outputTokens === undefined && total === undefined) return undefined;
  const cacheRead = asCount(usage["cacheReadInputTokens"]) ?? asCount(usage["cacheReadInputTokenCount"]);
  const cacheWrite = asCount(usage["cacheWriteInputTokens"]) ?? asCount(usage["cacheWriteInputTokenCount"]);
  const inputTokens =
    uncached === undefined
      ? Math.max((total ?? 0) - (outputTokens ?? 0), 0)
      : uncached + (cacheRead ?? 0) + (cacheWrite ?? 0);
  return {
    inputTokens,
    ...(cacheRead !== undefined && { cacheReadTokens: cacheRead }),
    ...(cacheWrite !== undefined && { cacheWriteTokens: cacheWrite }),
    outputTokens: outputTokens ?? 0,
    totalTokens: inputTokens + (outputTokens ?? 0),
  };
}

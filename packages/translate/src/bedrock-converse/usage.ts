/** The usage of Converse (Amazon Bedrock API reference, "TokenUsage"), whose input leaves out what the cache read or wrote. */
import { asCount, asList, asObject, type JsonObject, readConverseUsage } from "@sluice/wire";
import type { AnswerUsage } from "../answer.ts";

/** The counts of a `usage` object; undefined when it has none. */
export function readUsage(raw: JsonObject): AnswerUsage | undefined {
  const usage = readConverseUsage(raw);
  if (!usage) return undefined;
  const details = asList(raw["cacheDetails"]).map(asObject);
  const lasting = details.filter((detail) => detail?.["ttl"] === "1h");
  const cacheWrite1h = lasting.reduce((sum, detail) => sum + (asCount(detail?.["inputTokens"]) ?? 0), 0);
  return { ...usage, ...(details.length > 0 && { cacheWrite1hTokens: cacheWrite1h }) };
}

/** The `usage` object. */
export function writeUsage(usage: AnswerUsage | undefined): JsonObject {
  const {
    inputTokens = 0,
    outputTokens = 0,
    cacheReadTokens,
    cacheWriteTokens,
    cacheWrite1hTokens,
  } = usage ?? {};
  const written = cacheWriteTokens ?? 0;
  const hour = cacheWrite1hTokens ?? 0;
  const details = [
    { ttl: "5m", inputTokens: written - hour },
    { ttl: "1h", inputTokens: hour },
  ].filter((detail) => detail.inputTokens > 0);
  return {
    // Some providers let cache reads and writes overlap.
    inputTokens: Math.max(inputTokens - (cacheReadTokens ?? 0) - written, 0),
    outputTokens,
    totalTokens: inputTokens + outputTokens,
    ...(cacheReadTokens !== undefined && { cacheReadInputTokens: cacheReadTokens }),
    ...(cacheWriteTokens !== undefined && { cacheWriteInputTokens: cacheWriteTokens }),
    ...(cacheWrite1hTokens !== undefined && { cacheDetails: details }),
  };
}

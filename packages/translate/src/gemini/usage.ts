/** `usageMetadata` ⇔ the usage of an answer, and the tier that it was served on. */
import { type JsonObject, readGeminiUsage } from "@sluice/wire";
import type { AnswerUsage } from "../answer.ts";

/** The counts; undefined when there are none yet. `webSearches`: how many Google ran, if any. */
export function readUsage(usage: JsonObject, webSearches: number): AnswerUsage | undefined {
  const tokens = readGeminiUsage(usage);
  return tokens && { ...tokens, ...(webSearches > 0 && { webSearches }) };
}

/** The counts as Gemini tells them: thinking apart from the answer. What was written to a cache has no field. */
export function writeUsage(usage: AnswerUsage): JsonObject {
  const thoughts = Math.min(usage.reasoningTokens ?? 0, usage.outputTokens);
  return {
    promptTokenCount: usage.inputTokens,
    ...(usage.cacheReadTokens !== undefined && { cachedContentTokenCount: usage.cacheReadTokens }),
    candidatesTokenCount: usage.outputTokens - thoughts,
    ...(usage.reasoningTokens !== undefined && { thoughtsTokenCount: thoughts }),
    totalTokenCount: usage.inputTokens + usage.outputTokens,
  };
}

/** The tier by the common word: Gemini calls the ordinary one `standard`. */
export function readServiceTier(tier: string): string {
  return tier === "standard" ? "default" : tier;
}

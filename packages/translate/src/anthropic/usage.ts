/** The usage of a message, whose `input_tokens` leaves out what the cache read or wrote. */
import { asCount, asObject, type JsonObject, readMessagesUsage } from "@sluice/wire";
import type { AnswerUsage } from "../answer.ts";

/** The counts of a `usage` object; undefined when it has none. */
export function readUsage(raw: JsonObject): AnswerUsage | undefined {
  const usage = readMessagesUsage(raw);
  if (!usage) return undefined;
  const cacheWrite1h = asCount(asObject(raw["cache_creation"])?.["ephemeral_1h_input_tokens"]);
  const webSearches = asCount(asObject(raw["server_tool_use"])?.["web_search_requests"]);
  return {
    ...usage,
    ...(cacheWrite1h !== undefined && { cacheWrite1hTokens: cacheWrite1h }),
    ...(webSearches !== undefined && { webSearches }),
  };
}

/** The `usage` object. Official clients expect the first four counts in every answer. */
export function writeUsage(usage: AnswerUsage | undefined): JsonObject {
  const { inputTokens = 0, outputTokens = 0, cacheReadTokens = 0, cacheWrite1hTokens } = usage ?? {};
  const { reasoningTokens, webSearches } = usage ?? {};
  // Some providers let cache reads and writes overlap; a message's input is the sum of the three counts.
  const cacheWriteTokens = Math.min(usage?.cacheWriteTokens ?? 0, Math.max(inputTokens - cacheReadTokens, 0));
  return {
    input_tokens: Math.max(inputTokens - cacheReadTokens - cacheWriteTokens, 0),
    cache_creation_input_tokens: cacheWriteTokens,
    cache_read_input_tokens: cacheReadTokens,
    ...(cacheWrite1hTokens !== undefined && {
      cache_creation: {
        ephemeral_5m_input_tokens: Math.max(cacheWriteTokens - cacheWrite1hTokens, 0),
        ephemeral_1h_input_tokens: Math.min(cacheWrite1hTokens, cacheWriteTokens),
      },
    }),
    output_tokens: outputTokens,
    ...(reasoningTokens !== undefined && { output_tokens_details: { thinking_tokens: reasoningTokens } }),
    ...(webSearches !== undefined && {
      server_tool_use: { web_search_requests: webSearches, web_fetch_requests: 0 },
    }),
  };
}

/** Anthropic's word for the tier that served the call, in the common one. */
export function readServiceTier(tier: unknown): string | undefined {
  if (tier === "standard") return "default";
  return typeof tier === "string" && tier !== "" ? tier : undefined;
}

/** The common word in Anthropic's: it has no other than these three. */
export function writeServiceTier(tier: string | undefined): string | undefined {
  if (tier === undefined) return undefined;
  return tier === "priority" || tier === "batch" ? tier : "standard";
}

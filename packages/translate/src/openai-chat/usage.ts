/** The usage of a chat completion, with the buckets that OpenRouter and LiteLLM add to it. */
import { asCount, asObject, findChatUsage, type JsonObject, readChatUsage } from "@sluice/wire";
import type { AnswerUsage } from "../answer.ts";

/** The usage of a body or chunk, wherever its provider puts it; undefined when there is none. */
export function readUsage(body: JsonObject, choice: JsonObject | undefined): AnswerUsage | undefined {
  const raw = findChatUsage(body, choice);
  const usage = raw && readChatUsage(raw);
  if (!raw || !usage) return undefined;
  const ofInput = asObject(raw["prompt_tokens_details"]);
  const cacheWrite1h = asCount(
    asObject(ofInput?.["cache_creation_token_details"])?.["ephemeral_1h_input_tokens"],
  );
  const webSearches =
    asCount(asObject(raw["server_tool_use"])?.["web_search_requests"]) ?? asCount(raw["num_search_queries"]);
  return {
    ...usage,
    ...(cacheWrite1h !== undefined && { cacheWrite1hTokens: cacheWrite1h }),
    ...(webSearches !== undefined && { webSearches }),
  };
}

/**
 * The `usage` object. Cache writes have OpenRouter's name (`cache_write_tokens`), those of an hour LiteLLM's
 * (`cache_creation_token_details`), searches the name of both (`server_tool_use`).
 */
export function writeUsage(usage: AnswerUsage): JsonObject {
  const { cacheReadTokens, cacheWriteTokens, cacheWrite1hTokens, inputAudioTokens } = usage;
  return {
    prompt_tokens: usage.inputTokens,
    completion_tokens: usage.outputTokens,
    total_tokens: usage.totalTokens,
    prompt_tokens_details: {
      cached_tokens: cacheReadTokens ?? 0,
      ...(cacheWriteTokens !== undefined && { cache_write_tokens: cacheWriteTokens }),
      ...(cacheWrite1hTokens !== undefined && {
        cache_creation_token_details: {
          ephemeral_5m_input_tokens: Math.max((cacheWriteTokens ?? 0) - cacheWrite1hTokens, 0),
          ephemeral_1h_input_tokens: cacheWrite1hTokens,
        },
      }),
      audio_tokens: inputAudioTokens ?? 0,
    },
    completion_tokens_details: {
      reasoning_tokens: usage.reasoningTokens ?? 0,
      audio_tokens: usage.outputAudioTokens ?? 0,
    },
    ...(usage.webSearches !== undefined && {
      server_tool_use: { web_search_requests: usage.webSearches },
    }),
  };
}

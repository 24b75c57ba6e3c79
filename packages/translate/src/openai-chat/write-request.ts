/** Writes a chat completion request. */
import type { JsonObject } from "@sluice/wire";
import type { Conversation, OutputFormat, ReasoningSettings, Tool, ToolChoice } from "../conversation.ts";
import type { Note } from "../format.ts";
import { effortOfBudget } from "../reasoning-effort.ts";
import { type ChatDialect, chatDialect } from "./dialect.ts";
import { writeCache } from "./write-content.ts";
import { writeMessages } from "./write-messages.ts";

/** OpenAI asks for a name of the schema; any will do. */
const SCHEMA_NAME = "answer";

/** Writes the request. A stream always asks for its usage: the bill is made from it. */
export function writeRequest(conversation: Conversation, note: Note): JsonObject {
  const dialect = chatDialect(conversation.model);
  const { sampling, tools, toolChoice, outputFormat, openAi = {} } = conversation;
  if (sampling.topK !== undefined && dialect.openAi) {
    note({ field: "top_k", reason: "OpenAI's models draw from all tokens (no top_k).", weight: "matters" });
  }
  return present({
    model: conversation.model,
    messages: writeMessages(conversation.turns, dialect, note),
    tools:
      tools.length > 0 ? tools.map((tool, at) => writeTool(tool, dialect, `tools[${at}]`, note)) : undefined,
    tool_choice: tools.length > 0 && toolChoice ? writeToolChoice(toolChoice) : undefined,
    parallel_tool_calls: tools.length > 0 ? conversation.parallelToolCalls : undefined,
    [dialect.openAi ? "max_completion_tokens" : "max_tokens"]: conversation.maxOutputTokens,
    stop: conversation.stop.length > 0 ? conversation.stop : undefined,
    temperature: sampling.temperature,
    top_p: sampling.topP,
    top_k: dialect.openAi ? undefined : sampling.topK,
    frequency_penalty: sampling.frequencyPenalty,
    presence_penalty: sampling.presencePenalty,
    seed: sampling.seed,
    n: sampling.choices,
    logit_bias: sampling.logitBias,
    logprobs: sampling.logprobs,
    top_logprobs: sampling.topLogprobs,
    reasoning_effort: writeEffort(conversation.reasoning, note),
    response_format: outputFormat && writeOutputFormat(outputFormat),
    stream: conversation.stream ? true : undefined,
    stream_options: conversation.stream ? { include_usage: true } : undefined,
    user: conversation.userId,
    service_tier: conversation.serviceTier,
    verbosity: openAi.verbosity,
    metadata: openAi.metadata,
    store: openAi.store,
    prompt_cache_key: openAi.promptCacheKey,
    prompt_cache_retention: openAi.promptCacheRetention,
    safety_identifier: openAi.safetyIdentifier,
  });
}

function writeTool(tool: Tool, dialect: ChatDialect, path: string, note: Note): JsonObject {
  const { name, description, parameters, strict } = tool;
  return {
    type: "function",
    function: present({ name, description, parameters, strict }),
    ...writeCache(tool, dialect, path, note),
  };
}

function writeToolChoice(choice: ToolChoice): unknown {
  return choice.kind === "tool" ? { type: "function", function: { name: choice.name } } : choice.kind;
}

/**
 * Chat requests know words, no budgets. No thinking (budget 0) is what models without a word do; those that always think
 * refuse the word `none`, so it is written only when the caller said it.
 */
function writeEffort(settings: ReasoningSettings | undefined, note: Note): string | undefined {
  if (!settings) return undefined;
  if (settings.summary !== undefined) {
    note({
      field: "reasoning.summary",
      reason: "The provider decides what reasoning it shows.",
      weight: "hint",
    });
  }
  if (settings.effort !== undefined) return settings.effort;
  if (settings.budgetTokens === undefined) return undefined;
  if (settings.budgetTokens > 0) return effortOfBudget(settings.budgetTokens);
  note({ field: "reasoning", reason: "Models that always think cannot be told not to.", weight: "hint" });
  return undefined;
}

function writeOutputFormat(format: OutputFormat): JsonObject {
  if (format.kind === "json") return { type: "json_object" };
  const { name = SCHEMA_NAME, description, schema, strict } = format;
  return { type: "json_schema", json_schema: present({ name, description, schema, strict }) };
}

function present(members: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}

/** Writes a messages request (Anthropic API, "Create a Message"). */
import type { JsonObject } from "@sluice/wire";
import { type Conversation, DEFAULT_MAX_OUTPUT_TOKENS, type Tool, type ToolChoice } from "../conversation.ts";
import type { Note } from "../format.ts";
import { generationOf, type ModelGeneration } from "./model-generation.ts";
import { writeCache } from "./write-content.ts";
import { writeTurns } from "./write-messages.ts";
import { writeThinkingSettings } from "./write-thinking-settings.ts";

/** Writes the body; what Anthropic cannot be told is noted. */
export function writeRequest(conversation: Conversation, note: Note): JsonObject {
  const { model, tools, maxOutputTokens, outputFormat } = conversation;
  const generation = generationOf(model);
  const { system, messages } = writeTurns(conversation.turns, note);
  const { thinking, effort, budgetTokens } = writeThinkingSettings(conversation, messages, generation, note);
  const format = writeOutputFormat(outputFormat, note);
  const stop = writeStop(conversation.stop, note);
  const thinks = thinking !== undefined && thinking["type"] !== "disabled";
  return {
    model,
    max_tokens: maxOutputTokens ?? DEFAULT_MAX_OUTPUT_TOKENS + (budgetTokens ?? 0),
    ...(system !== undefined && { system }),
    messages: messages.map(({ role, content }) => ({ role, content: inShort(content) })),
    ...(tools.length > 0 && { tools: tools.map(writeTool) }),
    ...writeToolChoice(conversation, note),
    ...(stop.length > 0 && { stop_sequences: stop }),
    ...writeSampling(conversation, thinks, generation, note),
    ...(thinking && { thinking }),
    ...((effort !== undefined || format) && {
      output_config: { ...(effort !== undefined && { effort }), ...(format && { format }) },
    }),
    ...(conversation.userId !== undefined && { metadata: { user_id: conversation.userId } }),
    ...writeServiceTier(conversation.serviceTier, note),
    ...(conversation.stream && { stream: true }),
  };
}

/** A message that is one plain text is sent as that. */
function inShort(content: readonly JsonObject[]): string | readonly JsonObject[] {
  const [only] = content;
  const plain = content.length === 1 && only?.["type"] === "text" && Object.keys(only).length === 2;
  return plain && typeof only["text"] === "string" ? only["text"] : content;
}

function writeTool(tool: Tool): JsonObject {
  return {
    name: tool.name,
    ...(tool.description !== undefined && { description: tool.description }),
    // Anthropic demands the type, which JSON Schema does not.
    input_schema: { type: "object", ...tool.parameters },
    ...(tool.strict && { strict: true }),
    ...writeCache(tool),
  };
}

/** Anthropic refuses a choice where there are no tools. */
function writeToolChoice(
  { tools, toolChoice, parallelToolCalls }: Conversation,
  note: Note,
): { readonly tool_choice?: JsonObject } {
  if (tools.length === 0) {
    if (toolChoice?.kind === "required" || toolChoice?.kind === "tool") {
      note({ field: "tool_choice", reason: "There is no tool to choose.", weight: "hint" });
    }
    return {};
  }
  if (toolChoice?.kind === "none") return { tool_choice: { type: "none" } };
  if (!toolChoice && parallelToolCalls !== false) return {};
  return {
    tool_choice: {
      ...choiceOf(toolChoice ?? { kind: "auto" }),
      ...(parallelToolCalls !== undefined && { disable_parallel_tool_use: !parallelToolCalls }),
    },
  };
}

function choiceOf(choice: ToolChoice): JsonObject {
  if (choice.kind === "tool") return { type: "tool", name: choice.name };
  return { type: choice.kind === "required" ? "any" : choice.kind };
}

/** Anthropic refuses stop sequences without a visible character. */
function writeStop(stop: readonly string[], note: Note): readonly string[] {
  const visible = stop.filter((sequence) => sequence.trim() !== "");
  if (visible.length < stop.length) {
    note({
      field: "stop",
      reason: "Anthropic takes no stop sequence of white space alone.",
      weight: "matters",
    });
  }
  return visible;
}

function writeSampling(
  { sampling }: Conversation,
  thinks: boolean,
  { adaptiveOnly }: ModelGeneration,
  note: Note,
): JsonObject {
  const lost = [
    ["frequency_penalty", (sampling.frequencyPenalty ?? 0) !== 0, "matters"],
    ["presence_penalty", (sampling.presencePenalty ?? 0) !== 0, "matters"],
    ["n", (sampling.choices ?? 1) > 1, "matters"],
    ["logit_bias", Object.keys(sampling.logitBias ?? {}).length > 0, "matters"],
    ["logprobs", sampling.logprobs === true, "matters"],
    ["top_logprobs", (sampling.topLogprobs ?? 0) > 0, "matters"],
    ["seed", sampling.seed !== undefined, "hint"],
  ] as const;
  for (const [field, given, weight] of lost) {
    if (given) note({ field, reason: `Anthropic's messages have no ${field}.`, weight });
  }
  return drawn(sampling, thinks, adaptiveOnly, note);
}

/** What is left of temperature, top_p and top_k, of which Anthropic takes the fewer the newer the model is. */
function drawn(
  { temperature, topP, topK }: Conversation["sampling"],
  thinks: boolean,
  adaptiveOnly: boolean,
  note: Note,
): JsonObject {
  const without = (field: string, reason: string, weight: "matters" | "hint") =>
    note({ field, reason, weight });
  if (thinks || adaptiveOnly) {
    const reason = adaptiveOnly
      ? "This model takes no settings of sampling."
      : "It cannot be set while the model thinks.";
    const weight = adaptiveOnly ? "matters" : "hint";
    if (temperature !== undefined && temperature !== 1) without("temperature", reason, weight);
    if (topP !== undefined && topP !== 1) without("top_p", reason, weight);
    if (topK !== undefined) without("top_k", reason, weight);
    return {};
  }
  if (temperature !== undefined && temperature > 1) {
    without("temperature", "Anthropic's highest temperature is 1, which is sent.", "hint");
  }
  const both = temperature !== undefined && topP !== undefined;
  if (both && topP !== 1) without("top_p", "Anthropic takes either temperature or top_p.", "hint");
  return {
    ...(temperature !== undefined && { temperature: Math.min(temperature, 1) }),
    ...(topP !== undefined && !both && { top_p: topP }),
    ...(topK !== undefined && { top_k: topK }),
  };
}

function writeOutputFormat(format: Conversation["outputFormat"], note: Note): JsonObject | undefined {
  if (!format) return undefined;
  if (format.kind === "json") {
    const reason = "Anthropic gives JSON only after a schema; use json_schema.";
    note({ field: "response_format", reason, weight: "matters" });
    return undefined;
  }
  if (format.description !== undefined) {
    const reason = "Anthropic takes the schema alone; put the description into it.";
    note({ field: "response_format.json_schema.description", reason, weight: "hint" });
  }
  return { type: "json_schema", schema: format.schema };
}

function writeServiceTier(tier: string | undefined, note: Note): JsonObject {
  if (tier === undefined) return {};
  if (tier === "auto" || tier === "priority") return { service_tier: "auto" };
  if (tier === "default" || tier === "standard") return { service_tier: "standard_only" };
  note({ field: "service_tier", reason: `Anthropic has no service tier ${tier}.`, weight: "hint" });
  return {};
}

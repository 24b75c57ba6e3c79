/** How much the model is to think: Bedrock leaves it to fields of each model's own. */
import { asCount, asList, asObject, asText, type JsonObject } from "@sluice/wire";
import { generationOf } from "../anthropic/model-generation.ts";
import type { Message } from "../anthropic/write-messages.ts";
import { writeThinkingSettings } from "../anthropic/write-thinking-settings.ts";
import type { Conversation, ReasoningSettings } from "../conversation.ts";
import type { Note } from "../format.ts";
import { effortOfBudget } from "../reasoning-effort.ts";
import type { ModelFamily } from "./model-family.ts";

/** What the settings become. */
export interface WrittenThinking {
  /** Of `additionalModelRequestFields`. */
  readonly additional: JsonObject;
  /** Of `outputConfig`. */
  readonly effort?: string;
  /** Claude's budget, when there is one; `maxTokens` has to be above it. */
  readonly budgetTokens?: number;
  /** Whether Claude thinks, and so draws its tokens in its own way. */
  readonly claudeThinks: boolean;
}

const NONE: WrittenThinking = { additional: {}, claudeThinks: false };

/** Writes the settings for the model. `messages`: as they are written, since Claude does not begin to think between a call and its result. */
export function writeThinking(
  conversation: Conversation,
  family: ModelFamily,
  messages: readonly JsonObject[],
  note: Note,
): WrittenThinking {
  const { reasoning, model } = conversation;
  if (!reasoning) return NONE;
  if (family === "claude") return writeClaude(conversation, messages, note);
  if (!isWanted(reasoning)) return NONE;
  const own = fieldFor(family, model, threeWords(reasoning));
  if (own) return { additional: own, claudeThinks: false };
  const reason = "The model has no setting for how much it thinks.";
  note({ field: "reasoning_effort", reason, weight: "matters" });
  return NONE;
}

/** The field of a model that takes one of three words; undefined for one that takes none. */
function fieldFor(family: ModelFamily, model: string, effort: string): JsonObject | undefined {
  // Of Nova only the second generation thinks.
  if (family === "nova" && model.includes("nova-2")) {
    return { reasoningConfig: { type: "enabled", maxReasoningEffort: effort } };
  }
  if (family === "gpt-oss") return { reasoning_effort: effort };
  return family === "qwen" || family === "deepseek" ? { reasoning_config: effort } : undefined;
}

function isWanted({ effort, budgetTokens, adaptive }: ReasoningSettings): boolean {
  if (adaptive === true || (budgetTokens ?? 0) > 0) return true;
  return effort !== undefined && effort !== "none" && budgetTokens !== 0;
}

/** Claude takes the same settings here as at Anthropic, and has the same rules for them. */
function writeClaude(
  conversation: Conversation,
  messages: readonly JsonObject[],
  note: Note,
): WrittenThinking {
  const generation = generationOf(conversation.model);
  const { thinking, effort, budgetTokens } = writeThinkingSettings(
    conversation,
    messages.map(asAnthropicMessage),
    generation,
    note,
  );
  // Models from before there was thinking know nothing of switching it off.
  const said = thinking && thinking["type"] !== "disabled";
  return {
    additional: said ? { thinking } : {},
    ...(effort !== undefined && { effort }),
    ...(budgetTokens !== undefined && { budgetTokens }),
    claudeThinks: said === true,
  };
}

/** A message with the types of its blocks in Anthropic's words, which is all that the rules look at. */
function asAnthropicMessage(message: JsonObject): Message {
  const content = asList(message["content"]).map((block) => ({ type: blockType(asObject(block) ?? {}) }));
  return { role: message["role"] === "assistant" ? "assistant" : "user", content };
}

function blockType(block: JsonObject): string {
  if ("reasoningContent" in block) return "thinking";
  if ("toolResult" in block) return "tool_result";
  return "toolUse" in block ? "tool_use" : "text";
}

function threeWords({ effort, budgetTokens }: ReasoningSettings): string {
  const word = effort ?? (budgetTokens === undefined ? "medium" : effortOfBudget(budgetTokens));
  if (word === "minimal") return "low";
  return word === "low" || word === "medium" || word === "high" ? word : "high";
}

/** The settings in a caller's `additionalModelRequestFields` and `outputConfig`; undefined when there are none. */
export function readThinking(
  additional: JsonObject,
  outputConfig: JsonObject,
): ReasoningSettings | undefined {
  const thinking = asObject(additional["thinking"]) ?? {};
  const nova = asObject(additional["reasoningConfig"]) ?? {};
  const budgetTokens = thinking["type"] === "disabled" ? 0 : asCount(thinking["budget_tokens"]);
  const effort =
    asText(outputConfig["effort"]) ??
    asText(additional["reasoning_effort"]) ??
    asText(additional["reasoning_config"]) ??
    (nova["type"] === "disabled" ? "none" : asText(nova["maxReasoningEffort"]));
  const summary = asText(thinking["display"]);
  const settings: ReasoningSettings = {
    ...(effort !== undefined && { effort }),
    ...(budgetTokens !== undefined && { budgetTokens }),
    ...(thinking["type"] === "adaptive" && { adaptive: true }),
    ...(summary !== undefined && { summary }),
  };
  return Object.keys(settings).length > 0 ? settings : undefined;
}

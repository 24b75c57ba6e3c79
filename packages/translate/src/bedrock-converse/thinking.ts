/** How much the model is to think: Bedrock leaves it to fields of each model's own. */
import { asCount, asObject, asText, type JsonObject } from "@sluice/wire";
import type { Conversation, ReasoningSettings } from "../conversation.ts";
import type { Note } from "../format.ts";
import { budgetOfEffort, effortOfBudget } from "../reasoning-effort.ts";
import { type ModelFamily, thinksAdaptively } from "./model-family.ts";

/** Fewest tokens that Claude takes as a budget (Anthropic's documentation, "Extended thinking"). */
const MIN_BUDGET = 1024;

/** What the settings become. */
export interface WrittenThinking {
  /** Of `additionalModelRequestFields`. */
  readonly additional: JsonObject;
  /** Of `outputConfig`. */
  readonly effort?: string;
  /** Whether Claude thinks: it then draws its tokens in its own way and picks its tools itself. */
  readonly claudeThinks: boolean;
}

const NONE: WrittenThinking = { additional: {}, claudeThinks: false };

/** Writes the settings for the model. */
export function writeThinking(conversation: Conversation, family: ModelFamily, note: Note): WrittenThinking {
  const { reasoning, model } = conversation;
  if (!reasoning || !isWanted(reasoning)) return NONE;
  if (family === "claude") return writeClaude(conversation, reasoning, note);
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

function writeClaude(conversation: Conversation, reasoning: ReasoningSettings, note: Note): WrittenThinking {
  const { toolChoice, model, maxOutputTokens } = conversation;
  if (toolChoice?.kind === "required" || toolChoice?.kind === "tool") {
    const reason = "Claude does not think when it is told which tool to call.";
    note({ field: "reasoning_effort", reason, weight: "matters" });
    return NONE;
  }
  const shown = displayOf(reasoning);
  const { effort, budgetTokens } = reasoning;
  if (reasoning.adaptive === true || (budgetTokens === undefined && thinksAdaptively(model))) {
    return {
      additional: { thinking: { type: "adaptive", ...shown } },
      ...(effort !== undefined && { effort: effort === "minimal" ? "low" : effort }),
      claudeThinks: true,
    };
  }
  const wanted = budgetTokens ?? budgetOfEffort(effort ?? "") ?? MIN_BUDGET;
  const room = (maxOutputTokens ?? Number.POSITIVE_INFINITY) - 1;
  if (room < MIN_BUDGET) {
    const reason = `Claude thinks in ${MIN_BUDGET} tokens at least, and max_tokens leaves fewer.`;
    note({ field: "reasoning_effort", reason, weight: "matters" });
    return NONE;
  }
  const budget = Math.min(Math.max(wanted, MIN_BUDGET), room);
  return {
    additional: { thinking: { type: "enabled", budget_tokens: budget, ...shown } },
    // Beside a budget, effort is about the answer too.
    ...(budgetTokens !== undefined && effort !== undefined && { effort }),
    claudeThinks: true,
  };
}

/** Anthropic's two words for whether thinking is shown; the others' words for summaries ask for what it does anyway. */
function displayOf({ summary }: ReasoningSettings): JsonObject {
  return summary === "omitted" || summary === "summarized" ? { display: summary } : {};
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

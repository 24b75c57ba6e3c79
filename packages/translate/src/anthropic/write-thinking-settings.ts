/** Writes how much the model is to think, in the form that its generation takes. */
import type { JsonObject } from "@sluice/wire";
import type { Conversation, ReasoningSettings } from "../conversation.ts";
import type { Note } from "../format.ts";
import { budgetOfEffort, effortOfBudget } from "../reasoning-effort.ts";
import type { ModelGeneration } from "./model-generation.ts";
import type { Message } from "./write-messages.ts";

/** The least budget that Anthropic takes, tokens. */
const LEAST_BUDGET = 1024;

/** What is written into the request. */
export interface ThinkingSettings {
  readonly thinking?: JsonObject;
  /** For `output_config`. */
  readonly effort?: string;
  /** The budget, when there is one; `max_tokens` has to be above it. */
  readonly budgetTokens?: number;
}

/** The settings, as far as the rest of the request lets the model think. */
export function writeThinkingSettings(
  { reasoning, maxOutputTokens, toolChoice }: Conversation,
  messages: readonly Message[],
  generation: ModelGeneration,
  note: Note,
): ThinkingSettings {
  if (!reasoning) return {};
  if (reasoning.effort === "none" || reasoning.budgetTokens === 0) return switchedOff(generation, note);
  if (decidesItself(reasoning, generation)) return adaptive(reasoning, generation, note);
  const budgetTokens = budgetOf(reasoning, maxOutputTokens);
  if (budgetTokens === undefined) return {};
  const refusal = whyNot(
    budgetTokens,
    messages,
    toolChoice?.kind === "required" || toolChoice?.kind === "tool",
  );
  if (refusal) {
    note({ field: "reasoning", reason: refusal, weight: "hint" });
    return {};
  }
  return { thinking: { type: "enabled", budget_tokens: budgetTokens }, budgetTokens };
}

/** A budget is kept where the model still takes one; a word is told as it is where the model knows words. */
function decidesItself({ adaptive, budgetTokens }: ReasoningSettings, generation: ModelGeneration): boolean {
  if (generation.adaptiveOnly || adaptive) return true;
  return generation.adaptiveThinking && budgetTokens === undefined;
}

function switchedOff({ adaptiveOnly }: ModelGeneration, note: Note): ThinkingSettings {
  if (!adaptiveOnly) return { thinking: { type: "disabled" } };
  const reason = "This model cannot be told not to think; it is asked for little effort.";
  note({ field: "reasoning.effort", reason, weight: "hint" });
  return { effort: "low" };
}

function adaptive(
  { effort, budgetTokens, summary }: ReasoningSettings,
  { adaptiveOnly }: ModelGeneration,
  note: Note,
): ThinkingSettings {
  const wanted = effort ?? (budgetTokens === undefined ? undefined : effortOfBudget(budgetTokens));
  const told = wanted === undefined ? undefined : effortWord(wanted, adaptiveOnly);
  if (told !== wanted) {
    note({ field: "reasoning.effort", reason: `The effort ${wanted} is sent as ${told}.`, weight: "hint" });
  }
  const display = summary === undefined ? undefined : summary === "omitted" ? "omitted" : "summarized";
  return {
    thinking: { type: "adaptive", ...(display !== undefined && { display }) },
    ...(told !== undefined && { effort: told }),
  };
}

/** Anthropic has no `minimal`, and `xhigh` only from 4.7 on. */
function effortWord(effort: string, hasXhigh: boolean): string {
  if (effort === "minimal") return "low";
  return effort === "xhigh" && !hasXhigh ? "high" : effort;
}

function budgetOf({ effort, budgetTokens }: ReasoningSettings, maxOutputTokens?: number): number | undefined {
  const wanted = budgetTokens ?? (effort === undefined ? undefined : budgetOfEffort(effort));
  if (wanted === undefined) return undefined;
  const most = maxOutputTokens === undefined ? Infinity : maxOutputTokens - 1;
  return Math.min(Math.max(wanted, LEAST_BUDGET), most);
}

/** Anthropic refuses these with 400, so the model is asked not to think rather than not asked at all. */
function whyNot(budget: number, messages: readonly Message[], toolIsForced: boolean): string | undefined {
  if (budget < LEAST_BUDGET) {
    return `The model does not think, for the most output tokens leave less than ${LEAST_BUDGET} for it.`;
  }
  if (toolIsForced)
    return "The model does not think, for Anthropic refuses that where a tool has to be called.";
  if (goesOnWithoutThinking(messages)) {
    return "The model does not think, for the turn with the tool calls does not begin with its own thinking.";
  }
  return undefined;
}

/** Whether results answer a turn of the model's that another model thought, or that nobody kept the thinking of. */
function goesOnWithoutThinking(messages: readonly Message[]): boolean {
  const [calls, results] = messages.slice(-2);
  if (calls?.role !== "assistant" || !results?.content.some(({ type }) => type === "tool_result"))
    return false;
  const first = calls.content[0]?.["type"];
  return first !== "thinking" && first !== "redacted_thinking";
}

/** How much Gemini is to think: `thinkingConfig` ⇔ the settings of a conversation (Gemini API documentation, "Thinking"). */
import { asObject, asText, type JsonObject, member } from "@sluice/wire";
import type { Conversation, ReasoningSettings } from "../conversation.ts";
import type { Note } from "../format.ts";
import { budgetOfEffort, effortOfBudget } from "../reasoning-effort.ts";
import { type ModelFamily, modelFamily } from "./model-family.ts";

/** Gemini's word for a budget that the model chooses. */
const DYNAMIC = -1;

/** Words of a `summary` that ask for none. */
const HIDDEN = new Set(["none", "omitted", "disabled"]);

/** The settings as `thinkingConfig`; undefined when the caller said nothing. */
export function writeThinking(
  { model, reasoning, maxOutputTokens }: Conversation,
  note: Note,
): JsonObject | undefined {
  if (!reasoning) return undefined;
  const { effort, budgetTokens, adaptive, summary } = reasoning;
  const family = modelFamily(model);
  const off = effort === "none" || (effort === undefined && budgetTokens === 0);
  const includeThoughts = !off && !HIDDEN.has(summary ?? "");
  const amount =
    budgetTokens === undefined && effort === undefined
      ? adaptive && !family.thinkingLevels
        ? { thinkingBudget: DYNAMIC }
        : {}
      : family.thinkingLevels
        ? { thinkingLevel: level(effort ?? effortOfBudget(budgetTokens ?? 0), family, note) }
        : { thinkingBudget: budget(reasoning, family, maxOutputTokens, note) };
  const config = { ...amount, ...(includeThoughts && { includeThoughts }) };
  return Object.values(config).some((value) => value !== undefined) ? present(config) : undefined;
}

/** The settings of a `thinkingConfig`. */
export function readThinking(value: unknown): ReasoningSettings | undefined {
  const config = asObject(value);
  if (!config) return undefined;
  const tokens = member(config, "thinkingBudget");
  const word = asText(member(config, "thinkingLevel"))?.toLowerCase();
  const shown = member(config, "includeThoughts");
  const settings: ReasoningSettings = {
    ...(word !== undefined && word !== "thinking_level_unspecified" && { effort: word }),
    ...(tokens === DYNAMIC && { adaptive: true }),
    ...(typeof tokens === "number" && tokens >= 0 && { budgetTokens: tokens }),
    ...(typeof shown === "boolean" && { summary: shown ? "auto" : "none" }),
  };
  return Object.keys(settings).length > 0 ? settings : undefined;
}

/** The nearest level that the model takes; models of this generation always think. */
function level(effort: string, family: ModelFamily, note: Note): string | undefined {
  switch (effort) {
    case "none":
    case "minimal":
      if (effort === "none")
        noteChanged("The model always thinks; it was told to do so as little as it can.", note);
      return family.levels.includes("MINIMAL") ? "MINIMAL" : "LOW";
    case "low":
      return "LOW";
    case "medium":
      return family.levels.includes("MEDIUM") ? "MEDIUM" : "HIGH";
    case "high":
    case "xhigh":
    case "max":
      return "HIGH";
    default:
      noteChanged(`Gemini has no level of thinking for ${effort}.`, note);
      return undefined;
  }
}

function budget(
  { effort, budgetTokens }: ReasoningSettings,
  family: ModelFamily,
  maxOutputTokens: number | undefined,
  note: Note,
): number | undefined {
  const wanted = budgetTokens ?? budgetOfEffort(effort ?? "", maxOutputTokens);
  if (wanted === undefined) {
    if (effort === "max") return family.maxBudget;
    noteChanged(`Gemini has no budget of thinking for ${effort ?? ""}.`, note);
    return undefined;
  }
  const bounded = Math.min(Math.max(wanted, family.minBudget), family.maxBudget);
  if (bounded > wanted && wanted === 0) {
    noteChanged("The model always thinks; it was told to do so as little as it can.", note);
  }
  return bounded;
}

function noteChanged(reason: string, note: Note): void {
  note({ field: "reasoning", reason, weight: "hint" });
}

function present(fields: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** Writes how tokens are drawn, and where the answer ends. */
import type { JsonObject } from "@sluice/wire";
import { generationOf } from "../anthropic/model-generation.ts";
import { type Conversation, DEFAULT_MAX_OUTPUT_TOKENS, type Sampling } from "../conversation.ts";
import type { Note } from "../format.ts";
import type { ModelFamily } from "./model-family.ts";
import type { WrittenThinking } from "./thinking.ts";

/** What the settings become. */
export interface WrittenSampling {
  readonly inferenceConfig: JsonObject;
  /** Of `additionalModelRequestFields`. */
  readonly additional: JsonObject;
}

/** Writes them. */
export function writeSampling(
  conversation: Conversation,
  family: ModelFamily,
  { claudeThinks, budgetTokens }: WrittenThinking,
  note: Note,
): WrittenSampling {
  const { stop, maxOutputTokens, sampling, model } = conversation;
  noteUnknown(sampling, note);
  const taken = family === "claude" ? takenByClaude(sampling, claudeThinks, model, note) : sampling;
  const { temperature, topP, topK } = taken;
  // Without a limit Bedrock may set one below the budget.
  const maxTokens =
    maxOutputTokens ?? (budgetTokens === undefined ? undefined : DEFAULT_MAX_OUTPUT_TOKENS + budgetTokens);
  return {
    inferenceConfig: {
      ...(maxTokens !== undefined && { maxTokens }),
      ...(temperature !== undefined && { temperature }),
      ...(topP !== undefined && { topP }),
      ...(stop.length > 0 && { stopSequences: stop }),
    },
    additional: topK === undefined ? {} : writeTopK(topK, family, note),
  };
}

/** What Claude takes: the fewer settings the newer it is, and none while it thinks (Anthropic's documentation, "Extended thinking"). */
function takenByClaude(
  { temperature, topP, topK }: Sampling,
  thinks: boolean,
  model: string,
  note: Note,
): Pick<Sampling, "temperature" | "topP" | "topK"> {
  const { adaptiveOnly } = generationOf(model);
  if (thinks || adaptiveOnly) {
    const reason = adaptiveOnly
      ? "This model takes no settings of sampling."
      : "Claude does not take it while it thinks.";
    const weight = adaptiveOnly ? "matters" : "hint";
    if (temperature !== undefined && temperature !== 1) note({ field: "temperature", reason, weight });
    if (topP !== undefined && topP !== 1) note({ field: "top_p", reason, weight });
    if (topK !== undefined) note({ field: "top_k", reason, weight });
    return {};
  }
  const both = temperature !== undefined && topP !== undefined;
  if (temperature !== undefined && temperature > 1) {
    note({
      field: "temperature",
      reason: "Claude's highest temperature is 1, which is sent.",
      weight: "hint",
    });
  }
  if (both && topP !== 1) {
    note({ field: "top_p", reason: "Claude takes either temperature or top_p.", weight: "hint" });
  }
  return {
    ...(temperature !== undefined && { temperature: Math.min(temperature, 1) }),
    ...(topP !== undefined && !both && { topP }),
    ...(topK !== undefined && { topK }),
  };
}

function writeTopK(topK: number, family: ModelFamily, note: Note): JsonObject {
  if (family === "claude" || family === "mistral") return { top_k: topK };
  if (family === "nova") return { inferenceConfig: { topK } };
  if (family === "cohere") return { k: topK };
  note({ field: "top_k", reason: "The model draws from all tokens (no top_k).", weight: "matters" });
  return {};
}

function noteUnknown(sampling: Sampling, note: Note): void {
  const { frequencyPenalty, presencePenalty, seed, choices, logitBias, logprobs, topLogprobs } = sampling;
  const lost: readonly (readonly [field: string, isSet: boolean])[] = [
    ["frequency_penalty", (frequencyPenalty ?? 0) !== 0],
    ["presence_penalty", (presencePenalty ?? 0) !== 0],
    ["seed", seed !== undefined],
    ["n", (choices ?? 1) !== 1],
    ["logit_bias", Object.keys(logitBias ?? {}).length > 0],
    ["logprobs", logprobs === true],
    ["top_logprobs", (topLogprobs ?? 0) > 0],
  ];
  for (const [field, isSet] of lost) {
    if (isSet) note({ field, reason: `Bedrock's Converse has no ${field}.`, weight: "matters" });
  }
}

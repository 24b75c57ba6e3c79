/** Writes how tokens are drawn, and where the answer ends. */
import type { JsonObject } from "@sluice/wire";
import type { Conversation, Sampling } from "../conversation.ts";
import type { Note } from "../format.ts";
import type { ModelFamily } from "./model-family.ts";

/** What the settings become. */
export interface WrittenSampling {
  readonly inferenceConfig: JsonObject;
  /** Of `additionalModelRequestFields`. */
  readonly additional: JsonObject;
}

/** Writes them. `claudeThinks`: as `writeThinking` says. */
export function writeSampling(
  conversation: Conversation,
  family: ModelFamily,
  claudeThinks: boolean,
  note: Note,
): WrittenSampling {
  const { stop, maxOutputTokens } = conversation;
  noteUnknown(conversation.sampling, note);
  const { temperature, topP, topK } = claudeThinks
    ? whileThinking(conversation.sampling, note)
    : conversation.sampling;
  return {
    inferenceConfig: {
      ...(maxOutputTokens !== undefined && { maxTokens: maxOutputTokens }),
      ...(temperature !== undefined && { temperature }),
      ...(topP !== undefined && { topP }),
      ...(stop.length > 0 && { stopSequences: stop }),
    },
    additional: topK === undefined ? {} : writeTopK(topK, family, note),
  };
}

/** What Claude refuses while it thinks (Anthropic's documentation, "Extended thinking", "Feature compatibility"). */
function whileThinking(sampling: Sampling, note: Note): Pick<Sampling, "temperature" | "topP" | "topK"> {
  const { temperature, topP, topK } = sampling;
  const reason = "Claude does not take it while it thinks.";
  const refused = (field: string) => {
    note({ field, reason, weight: "matters" });
  };
  if (temperature !== undefined && temperature !== 1) refused("temperature");
  if (topK !== undefined) refused("top_k");
  const takesTopP = topP !== undefined && topP >= 0.95;
  if (topP !== undefined && !takesTopP) refused("top_p");
  return takesTopP ? { topP } : {};
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

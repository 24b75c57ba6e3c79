/** Reads Gemini's `usageMetadata` (Gemini API reference, "UsageMetadata"; Vertex AI, "GenerateContentResponse"). */
import type { TokenUsage } from "../assembled.ts";
import { asCount, asList, asObject, type JsonObject } from "../json-value.ts";
import { member } from "./member.ts";

/** Kinds of tokens, and their numbers where an answer has its enums as numbers. */
const MODALITIES = { IMAGE: 2, VIDEO: 3, AUDIO: 4 } as const;

/**
 * The counts of a usage object; undefined when it has none, as in the first chunks of a stream of Vertex, whose usage
 * names the kind of traffic alone. What tools put into the prompt is counted apart from it and billed as input, thoughts
 * are counted apart from the answer and billed as output.
 */
export function readGeminiUsage(usage: JsonObject): TokenUsage | undefined {
  const prompt = asCount(member(usage, "promptTokenCount"));
  const toolUse = asCount(member(usage, "toolUsePromptTokenCount"));
  // The Live API calls it the response's.
  const candidates =
    asCount(member(usage, "candidatesTokenCount")) ?? asCount(member(usage, "responseTokenCount"));
  const thoughts = asCount(member(usage, "thoughtsTokenCount"));
  const total = asCount(member(usage, "totalTokenCount"));
  const counts = [prompt, toolUse, candidates, thoughts, total];
  if (counts.every((count) => count === undefined)) return undefined;
  const cacheRead = asCount(member(usage, "cachedContentTokenCount"));
  const outputTokens = (candidates ?? 0) + (thoughts ?? 0);
  // An embedding of Vertex's has a total alone.
  const inputTokens =
    prompt === undefined && toolUse === undefined
      ? Math.max((total ?? 0) - outputTokens, 0)
      : (prompt ?? 0) + (toolUse ?? 0);
  const inputAudio = uncachedGeminiInput(usage, "AUDIO");
  const outputAudio = geminiOutput(usage, "AUDIO");
  return {
    inputTokens,
    ...(cacheRead !== undefined && { cacheReadTokens: cacheRead }),
    ...(inputAudio > 0 && { inputAudioTokens: inputAudio }),
    outputTokens,
    ...(thoughts !== undefined && { reasoningTokens: thoughts }),
    ...(outputAudio > 0 && { outputAudioTokens: outputAudio }),
    totalTokens: inputTokens + outputTokens,
  };
}

/** Of Gemini's usage: input tokens of a kind that did not come from the cache: those are counted among the cached ones already. */
export function uncachedGeminiInput(usage: JsonObject, modality: keyof typeof MODALITIES): number {
  const input = tokensOf(usage, "promptTokensDetails", modality);
  const toolUse = tokensOf(usage, "toolUsePromptTokensDetails", modality);
  return Math.max(input + toolUse - tokensOf(usage, "cacheTokensDetails", modality), 0);
}

/** Of Gemini's usage: tokens of a kind in the answer. */
export function geminiOutput(usage: JsonObject, modality: keyof typeof MODALITIES): number {
  const candidates = tokensOf(usage, "candidatesTokensDetails", modality);
  return candidates || tokensOf(usage, "responseTokensDetails", modality);
}

function tokensOf(usage: JsonObject, details: string, modality: keyof typeof MODALITIES): number {
  let sum = 0;
  for (const entry of asList(member(usage, details)).map(asObject)) {
    const kind = entry?.["modality"];
    if (kind === modality || kind === MODALITIES[modality]) sum += asCount(member(entry, "tokenCount")) ?? 0;
  }
  return sum;
}

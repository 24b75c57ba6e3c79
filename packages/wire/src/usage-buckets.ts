/** Usage cut into buckets that do not overlap, as prices and Langfuse want it: their sum is the total. */
import type { TokenUsage } from "./assembled.ts";

/** Tokens by what they cost. Every token is in exactly one bucket; none is negative. */
export interface UsageBuckets {
  /** Input that was neither cached nor audio. */
  readonly input: number;
  readonly inputCacheRead: number;
  readonly inputCacheWrite: number;
  readonly inputAudio: number;
  /** Output that was neither thinking nor audio. */
  readonly output: number;
  readonly outputReasoning: number;
  readonly outputAudio: number;
  readonly total: number;
}

/**
 * Details that claim more than their total (OpenRouter lets cache reads and writes overlap, and has counted
 * 11 reasoning tokens in 10 output tokens) are cut, so that no token is charged twice.
 */
export function usageBuckets(usage: TokenUsage): UsageBuckets {
  const input = divide(usage.inputTokens, [
    usage.cacheReadTokens,
    usage.cacheWriteTokens,
    usage.inputAudioTokens,
  ]);
  const output = divide(usage.outputTokens, [usage.reasoningTokens, usage.outputAudioTokens]);
  const [inputCacheRead = 0, inputCacheWrite = 0, inputAudio = 0] = input.parts;
  const [outputReasoning = 0, outputAudio = 0] = output.parts;
  return {
    input: input.rest,
    inputCacheRead,
    inputCacheWrite,
    inputAudio,
    output: output.rest,
    outputReasoning,
    outputAudio,
    total: usage.inputTokens + usage.outputTokens,
  };
}

/** Takes each part out of the total, in order, as far as it lasts. */
function divide(total: number, wanted: readonly (number | undefined)[]) {
  let rest = total;
  const parts = wanted.map((count) => {
    const taken = Math.min(count ?? 0, rest);
    rest -= taken;
    return taken;
  });
  return { parts, rest };
}

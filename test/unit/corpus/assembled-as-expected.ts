/** An assembled answer in the words of the corpus's expectations, so that the two can be compared whole. */
import { type AssembledAnswer, usageBuckets } from "@sluice/wire";
import type { Expected } from "../../support/corpus.ts";

/** The answer as the corpus would describe it, which names no id for embeddings. */
export function asExpected(answer: AssembledAnswer): Expected {
  const { id, model, choices, embeddings, usage, error } = answer;
  return {
    ...(id !== undefined && !embeddings && { id }),
    ...(model !== undefined && { model }),
    ...(!embeddings && {
      choices: choices.map((choice) => ({
        index: choice.index,
        text: choice.text,
        refusal: choice.refusal ?? null,
        reasoning: choice.reasoning,
        toolCalls: choice.toolCalls.map((call) => ({
          id: call.id ?? null,
          name: call.name,
          args: call.arguments,
        })),
        finish: choice.finishReason ?? null,
        logprobs: choice.logprobs,
      })),
    }),
    ...(embeddings && { embeddings: embeddings.dimensions.map((dim, index) => ({ index, dim })) }),
    ...(usage && { usage: usageAsExpected(usage) }),
    ...(error && {
      error: { type: error.type ?? null, code: error.code ?? null, message: error.message },
    }),
  };
}

function usageAsExpected(usage: NonNullable<AssembledAnswer["usage"]>) {
  const buckets = usageBuckets(usage);
  return {
    input: buckets.input + buckets.inputAudio,
    cacheRead: buckets.inputCacheRead,
    cacheWrite: buckets.inputCacheWrite,
    inputTotal: usage.inputTokens,
    output: buckets.output + buckets.outputReasoning + buckets.outputAudio,
    reasoning: usage.reasoningTokens ?? null,
    total: buckets.total,
  };
}

/** The part of an expectation that an assembled answer speaks of; a failed answer has an error alone. */
export function comparable(expected: Expected): Expected {
  const { id, model, choices, embeddings, usage, error } = expected;
  return {
    ...(id !== undefined && { id }),
    ...(model !== undefined && { model }),
    ...(choices && { choices }),
    ...(embeddings && { embeddings: embeddings.map(({ index, dim }) => ({ index, dim })) }),
    ...(usage && { usage }),
    ...(error && { error }),
  };
}

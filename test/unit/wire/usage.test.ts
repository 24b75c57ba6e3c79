import { assembleChatAnswer, type TokenUsage, usageBuckets } from "@sluice/wire";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { completion, delta, sse } from "../../support/chat-bodies.ts";

function usageOf(body: Buffer): TokenUsage | undefined {
  const answer = assembleChatAnswer([body], 200);
  return answer.ok ? answer.value.usage : undefined;
}

const usage = (fields: object) => usageOf(completion({ content: "a" }, { usage: fields }));
const counts = { prompt_tokens: 100, completion_tokens: 20, total_tokens: 120 };

describe("usage", () => {
  test.each([
    ["nested", { prompt_tokens_details: { cached_tokens: 40 } }],
    ["top-level", { cached_tokens: 40 }],
    ["DeepSeek's", { prompt_cache_hit_tokens: 40, prompt_cache_miss_tokens: 60 }],
    ["Mistral's", { num_cached_tokens: 40 }],
    ["two names, one of them 0", { prompt_tokens_details: { cached_tokens: 0 }, cached_tokens: 40 }],
  ])("%s cached tokens are found", (_, fields) => {
    expect(usage({ ...counts, ...fields })).toMatchObject({ inputTokens: 100, cacheReadTokens: 40 });
  });

  test("details are read: cache writes, audio, thinking", () => {
    expect(
      usage({
        ...counts,
        prompt_tokens_details: { cached_tokens: 0, cache_write_tokens: 5, audio_tokens: 6 },
        completion_tokens_details: { reasoning_tokens: 7, audio_tokens: 8 },
      }),
    ).toEqual({
      inputTokens: 100,
      cacheReadTokens: 0,
      cacheWriteTokens: 5,
      inputAudioTokens: 6,
      outputTokens: 20,
      reasoningTokens: 7,
      outputAudioTokens: 8,
      totalTokens: 120,
    });
  });

  test("xAI's thinking, which completion_tokens leave out, is output", () => {
    expect(
      usage({
        prompt_tokens: 12,
        completion_tokens: 2,
        total_tokens: 334,
        completion_tokens_details: { reasoning_tokens: 320 },
      }),
    ).toMatchObject({ outputTokens: 322, reasoningTokens: 320, totalTokens: 334 });
  });

  test("thinking that only the total shows (Gemini) is output", () => {
    expect(usage({ prompt_tokens: 35, completion_tokens: 12, total_tokens: 109 })).toMatchObject({
      outputTokens: 74,
      reasoningTokens: 62,
      totalTokens: 109,
    });
  });

  test("in a stream the last usage counts, and neither null nor an empty object wipes it out", () => {
    const chunks = [
      { ...delta({ content: "a" }), usage: { ...counts, completion_tokens: 1, total_tokens: 101 } },
      { ...delta({ content: "b" }), usage: counts },
      { ...delta({}), usage: null },
      { choices: [], usage: {} },
    ];
    expect(usageOf(sse(chunks))).toMatchObject({ outputTokens: 20, totalTokens: 120 });
  });

  test.each([
    ["in x_groq", { ...delta({}), x_groq: { usage: counts } }],
    ["in the choice", delta({}, { usage: counts })],
    ["beside an empty list of choices", { choices: [], usage: counts }],
  ])("usage %s is found", (_, chunk) => {
    expect(usageOf(sse([delta({ content: "a" }), chunk]))).toMatchObject({ totalTokens: 120 });
  });

  test("no usage is no usage", () => {
    expect(usageOf(sse([{ ...delta({ content: "a" }), usage: null }]))).toBeUndefined();
  });
});

describe("usage buckets", () => {
  test("take cached and audio tokens out of the input, and thinking out of the output", () => {
    expect(
      usageBuckets({
        inputTokens: 100,
        cacheReadTokens: 40,
        cacheWriteTokens: 10,
        inputAudioTokens: 5,
        outputTokens: 20,
        reasoningTokens: 12,
        totalTokens: 120,
      }),
    ).toEqual({
      input: 45,
      inputCacheRead: 40,
      inputCacheWrite: 10,
      inputAudio: 5,
      output: 8,
      outputReasoning: 12,
      outputAudio: 0,
      total: 120,
    });
  });

  test("are whole, never negative, and add up to the total, whatever a provider claims", () => {
    const count = fc.nat(1000);
    const claimed = fc.record(
      {
        inputTokens: count,
        outputTokens: count,
        totalTokens: count,
        cacheReadTokens: count,
        cacheWriteTokens: count,
        inputAudioTokens: count,
        reasoningTokens: count,
        outputAudioTokens: count,
      },
      { requiredKeys: ["inputTokens", "outputTokens", "totalTokens"] },
    );
    fc.assert(
      fc.property(claimed, (usage) => {
        const { total, ...buckets } = usageBuckets(usage);
        const values = Object.values(buckets);
        expect(values.every((value) => Number.isInteger(value) && value >= 0)).toBe(true);
        expect(values.reduce((sum, value) => sum + value, 0)).toBe(total);
      }),
    );
  });
});

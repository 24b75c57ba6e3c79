import { billedUsage } from "@sluice/prices";
import { readGeminiUsage } from "@sluice/wire";
import { describe, expect, test } from "vitest";

/** What a call is billed for whose answer had this `usageMetadata`. */
function billed(raw: Readonly<Record<string, unknown>>) {
  const usage = readGeminiUsage(raw);
  if (!usage) throw new Error("no usage was read");
  const used = Object.entries(billedUsage(usage, raw)).filter(([, count]) => count > 0);
  return Object.fromEntries(used);
}

describe("what a call to Gemini is billed for", () => {
  test("thinking is output, and what tools put into the prompt is input", () => {
    expect(
      billed({
        promptTokenCount: 427,
        candidatesTokenCount: 122,
        toolUsePromptTokenCount: 771,
        thoughtsTokenCount: 447,
        totalTokenCount: 1767,
      }),
    ).toEqual({ input: 1198, output: 122, reasoning: 447, requests: 1 });
  });

  test("images, sound and cached tokens are apart, and none is counted twice", () => {
    expect(
      billed({
        promptTokenCount: 1000,
        cachedContentTokenCount: 300,
        candidatesTokenCount: 1300,
        totalTokenCount: 2300,
        promptTokensDetails: [
          { modality: "TEXT", tokenCount: 400 },
          { modality: "IMAGE", tokenCount: 258 },
          { modality: "AUDIO", tokenCount: 342 },
        ],
        cacheTokensDetails: [
          { modality: "TEXT", tokenCount: 200 },
          { modality: "AUDIO", tokenCount: 100 },
        ],
        candidatesTokensDetails: [
          { modality: "TEXT", tokenCount: 10 },
          { modality: "IMAGE", tokenCount: 1290 },
        ],
      }),
    ).toEqual({
      input: 1000 - 300 - 242 - 258,
      cacheRead: 300,
      audioInput: 242,
      imageInput: 258,
      output: 10,
      imageOutput: 1290,
      requests: 1,
    });
  });
});

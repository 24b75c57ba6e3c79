import { readGeminiEmbeddingsRequest, readGeminiRequest, retryDelayMs } from "@sluice/wire";
import { describe, expect, test } from "vitest";

const bytes = (value: unknown) => Buffer.from(JSON.stringify(value));

describe("a request of generateContent", () => {
  test("is split into what the model sees and its settings, in both spellings", () => {
    const contents = [{ role: "user", parts: [{ text: "Hi" }] }];
    expect(
      readGeminiRequest(
        bytes({
          contents,
          system_instruction: { parts: [{ text: "Be brief" }] },
          tools: [{ functionDeclarations: [{ name: "f" }] }],
          generationConfig: {
            temperature: 0,
            maxOutputTokens: 5,
            response_json_schema: { type: "object" },
            seed: null,
          },
          safetySettings: [{ category: "X", threshold: "BLOCK_NONE" }],
          aFieldOfTomorrow: 1,
        }),
      ),
    ).toEqual({
      ok: true,
      value: {
        input: {
          contents,
          systemInstruction: { parts: [{ text: "Be brief" }] },
          tools: [{ functionDeclarations: [{ name: "f" }] }],
          responseJsonSchema: { type: "object" },
        },
        parameters: {
          temperature: 0,
          maxOutputTokens: 5,
          safetySettings: [{ category: "X", threshold: "BLOCK_NONE" }],
          aFieldOfTomorrow: 1,
        },
      },
    });
  });

  test.each([
    ["", /empty/],
    ["{", /not JSON/],
    ["[]", /no object/],
  ])("that is %j gives a reason", (body, reason) => {
    expect(readGeminiRequest(Buffer.from(body))).toEqual({
      ok: false,
      reason: expect.stringMatching(reason) as string,
    });
  });
});

describe("a request for embeddings", () => {
  test.each([
    [
      "embedContent",
      { content: { parts: [{ text: "a" }] }, outputDimensionality: 64 },
      { input: "a", parameters: { outputDimensionality: 64 } },
    ],
    [
      "batchEmbedContents",
      {
        requests: [
          { model: "models/m", content: { parts: [{ text: "a" }, { text: "b" }] }, taskType: "CLUSTERING" },
          { model: "models/m", content: { parts: [{ inlineData: { data: "AA" } }] } },
        ],
      },
      {
        model: "models/m",
        input: ["ab", { parts: [{ inlineData: { data: "AA" } }] }],
        parameters: { taskType: "CLUSTERING" },
      },
    ],
    [
      "predict",
      { instances: [{ content: "a" }, { content: "b" }], parameters: { outputDimensionality: 8 } },
      { input: ["a", "b"], parameters: { outputDimensionality: 8 } },
    ],
  ])("of %s has its texts as input", (_, body, value) => {
    expect(readGeminiEmbeddingsRequest(bytes(body))).toEqual({ ok: true, value });
  });
});

test("the delay that an error asks for is read in milliseconds", () => {
  const retryInfo = { "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "34.4s" };
  expect(retryDelayMs({ details: [{ violations: [] }, retryInfo] })).toBe(34_400);
  expect(retryDelayMs({ details: [{ retryDelay: "soon" }] })).toBeUndefined();
  expect(retryDelayMs(undefined)).toBeUndefined();
});

import { MalformedRequestError, type Unsupported } from "@sluice/translate";
import { writeEmbeddingsAnswer, writeEmbeddingsRequest } from "@sluice/translate/gemini-embeddings";
import { asList, asObject, asText } from "@sluice/wire";
import { describe, expect, test } from "vitest";

type Target = Parameters<typeof writeEmbeddingsRequest>[1];

const gemini: Target = { api: "gemini", model: "gemini-embedding-001" };

function write(request: Readonly<Record<string, unknown>>, target: Target = gemini) {
  const notes: Unsupported[] = [];
  const written = writeEmbeddingsRequest(request, target, (note) => notes.push(note));
  return { ...written, notes: notes.map(({ field, weight }) => [field, weight]) };
}

describe("an embeddings request of OpenAI's", () => {
  test("goes to Gemini as one batch, with its size and task in each entry", () => {
    const request = { model: "alias", input: ["a", "b"], dimensions: 8, task_type: "CLUSTERING" };
    const entry = (text: string) => ({
      model: "models/gemini-embedding-001",
      content: { parts: [{ text }] },
      taskType: "CLUSTERING",
      outputDimensionality: 8,
    });
    expect(write(request)).toEqual({
      operation: "batchEmbedContents",
      body: { requests: [entry("a"), entry("b")] },
      notes: [],
    });
  });

  test("goes to Vertex as a prediction, or as one content for the newer models", () => {
    expect(
      write({ input: ["a", "b"], dimensions: 8 }, { api: "vertex", model: "text-embedding-005" }),
    ).toEqual({
      operation: "predict",
      body: { instances: [{ content: "a" }, { content: "b" }], parameters: { outputDimensionality: 8 } },
      notes: [],
    });
    expect(write({ input: "a", dimensions: 8 }, { api: "vertex", model: "gemini-embedding-2" })).toEqual({
      operation: "embedContent",
      body: { content: { parts: [{ text: "a" }] }, embedContentConfig: { outputDimensionality: 8 } },
      notes: [],
    });
  });

  test("with fields that Google has no equal of notes them", () => {
    expect(write({ input: "a", user: "u", encoding_format: "base64", a_new_field: 1 }).notes).toEqual([
      ["user", "hint"],
      ["a_new_field", "matters"],
    ]);
  });

  test.each([
    ["tokens", { input: [1, 2] }, gemini, /tokens/],
    ["lists of tokens", { input: [[1], [2]] }, gemini, /tokens/],
    ["nothing", {}, gemini, /text or a list/],
    ["an empty list", { input: [] }, gemini, /text or a list/],
    [
      "two texts where one is taken",
      { input: ["a", "b"] },
      { api: "vertex", model: "gemini-embedding-2" },
      /one input/,
    ],
  ] as const)("with %s is refused", (_, request, target, reason) => {
    expect(() => write(request, target)).toThrow(MalformedRequestError);
    expect(() => write(request, target)).toThrow(reason);
  });
});

describe("an embeddings answer of Google's", () => {
  const batch = {
    embeddings: [{ values: [0.5, -0.25] }, { values: [1, 2] }],
    usageMetadata: { promptTokenCount: 7, totalTokenCount: 7 },
  };

  test("is OpenAI's list, in order, with its usage", () => {
    expect(writeEmbeddingsAnswer(batch, { model: "alias", request: {} })).toEqual({
      object: "list",
      data: [
        { object: "embedding", index: 0, embedding: [0.5, -0.25] },
        { object: "embedding", index: 1, embedding: [1, 2] },
      ],
      model: "alias",
      usage: { prompt_tokens: 7, total_tokens: 7 },
    });
  });

  test("comes as base64 of 32-bit floats where the request asks for it, as the official SDKs do", () => {
    const answer = writeEmbeddingsAnswer(batch, { model: "m", request: { encoding_format: "base64" } });
    const first = asObject(asList(answer?.["data"])[0]);
    const bytes = new Uint8Array(Buffer.from(asText(first?.["embedding"]) ?? "", "base64"));
    expect([...new Float32Array(bytes.buffer)]).toEqual([0.5, -0.25]);
  });

  test("has vectors of length 1 where the request asked for fewer dimensions, as OpenAI's are", () => {
    const answer = writeEmbeddingsAnswer(
      { embedding: { values: [3, 4] } },
      { model: "m", request: { dimensions: 2 } },
    );
    expect(answer?.["data"]).toEqual([{ object: "embedding", index: 0, embedding: [0.6, 0.8] }]);
    expect(answer?.["usage"]).toEqual({ prompt_tokens: 0, total_tokens: 0 });
  });

  test("of Vertex's predict sums the tokens of its vectors", () => {
    const predictions = [5, 6].map((token_count) => ({
      embeddings: { values: [1], statistics: { token_count } },
    }));
    const answer = writeEmbeddingsAnswer({ predictions }, { model: "m", request: {} });
    expect(answer?.["usage"]).toEqual({ prompt_tokens: 11, total_tokens: 11 });
  });

  test.each([[undefined], [{}], [{ predictions: [{ label: "x" }] }], [{ error: { code: 400 } }]])(
    "that holds none (%j) is no answer",
    (body) => {
      expect(writeEmbeddingsAnswer(body, { model: "m", request: {} })).toBeUndefined();
    },
  );
});

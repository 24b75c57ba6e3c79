import { assembleEmbeddingsAnswer, readChatRequest, readEmbeddingsRequest } from "@sluice/wire";
import { describe, expect, test } from "vitest";

const bytes = (value: unknown) => Buffer.from(JSON.stringify(value));

const embeddings = (...vectors: readonly unknown[]) => ({
  object: "list",
  data: vectors.map((embedding, index) => ({ object: "embedding", index, embedding })),
  model: "text-embedding-3-small",
  usage: { prompt_tokens: 8, total_tokens: 8 },
});

describe("an embeddings answer", () => {
  const base64 = Buffer.from(new Float32Array(1536).buffer).toString("base64");

  test("is summed up: how many vectors of which length, as numbers or as base64", () => {
    expect(assembleEmbeddingsAnswer([bytes(embeddings([0.1, 0.2, 0.3], base64))], 200)).toMatchObject({
      ok: true,
      value: {
        model: "text-embedding-3-small",
        embeddings: { count: 2, dimensions: [3, 1536] },
        usage: { inputTokens: 8, outputTokens: 0, totalTokens: 8 },
        warnings: [],
      },
    });
  });

  test("says when a vector cannot be read", () => {
    expect(assembleEmbeddingsAnswer([bytes(embeddings({}))], 200)).toMatchObject({
      value: { embeddings: { count: 1, dimensions: [0] }, warnings: [expect.any(String)] },
    });
  });

  test("may be an error, under a 200 too", () => {
    expect(assembleEmbeddingsAnswer([bytes({ error: { message: "No" } })], 200)).toMatchObject({
      value: { error: { message: "No" } },
    });
    expect(assembleEmbeddingsAnswer([bytes({ detail: "No" })], 422)).toMatchObject({
      value: { error: { message: "No" } },
    });
  });

  test.each(["", "<html>", "{}", "[]"])("that is %j gives a reason", (text) => {
    expect(assembleEmbeddingsAnswer([Buffer.from(text)], 200)).toMatchObject({ ok: false });
  });
});

describe("a request", () => {
  const messages = [{ role: "user", content: "Hi" }];
  const tools = [{ type: "function", function: { name: "f" } }];

  test("of a chat gives the conversation, the settings and the user, without the plumbing", () => {
    const request = {
      model: "gpt-4o",
      messages,
      tools,
      response_format: { type: "json_object" },
      temperature: 0,
      stop: ["a"],
      seed: null,
      n: 2,
      brand_new_setting: { a: 1 },
      user: "u-1",
      stream: true,
      stream_options: { include_usage: true },
      trace: { name: "x" },
    };
    expect(readChatRequest(bytes(request))).toEqual({
      ok: true,
      value: {
        model: "gpt-4o",
        user: "u-1",
        input: { messages, tools, response_format: { type: "json_object" } },
        parameters: { temperature: 0, stop: ["a"], n: 2, brand_new_setting: { a: 1 } },
      },
    });
  });

  test("for embeddings gives the input itself", () => {
    expect(readEmbeddingsRequest(bytes({ model: "m", input: ["a", "b"], dimensions: 256 }))).toEqual({
      ok: true,
      value: { model: "m", input: ["a", "b"], parameters: { dimensions: 256 } },
    });
  });

  test.each(["", "{", "[]", "null", '"text"'])("that is %j gives a reason", (text) => {
    expect(readChatRequest(Buffer.from(text))).toMatchObject({ ok: false });
  });
});

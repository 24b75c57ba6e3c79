import { type AssembledAnswer, assembleGeminiAnswer } from "@sluice/wire";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { atRandomOffsets, byteByByte } from "../../../support/delivery.ts";

type Fields = Readonly<Record<string, unknown>>;

/** A chunk with these parts. */
function chunk(parts: readonly Fields[], candidate: Fields = {}, rest: Fields = {}): Fields {
  return { candidates: [{ content: { role: "model", parts }, ...candidate, index: 0 }], ...rest };
}

const stop = chunk([{ text: "" }], { finishReason: "STOP" });

function sse(chunks: readonly unknown[]): Buffer {
  return Buffer.from(chunks.map((each) => `data: ${JSON.stringify(each)}\r\n\r\n`).join(""));
}

function assemble(body: string | Uint8Array, status = 200): AssembledAnswer {
  const answer = assembleGeminiAnswer([Buffer.from(body)], status);
  if (!answer.ok) throw new Error(answer.reason);
  return answer.value;
}

function onlyChoice(chunks: readonly unknown[]) {
  const [choice, ...more] = assemble(sse(chunks)).choices;
  if (!choice || more.length > 0) throw new Error("not one choice");
  return choice;
}

describe("the candidate of a stream", () => {
  test("texts are joined, thoughts kept apart, and both stand in order among the blocks", () => {
    const choice = onlyChoice([
      chunk([{ text: "Hm", thought: true }]),
      chunk([{ text: "m.", thought: true }]),
      chunk([{ text: "Good " }]),
      chunk([{ text: "day" }, { text: "", thoughtSignature: "c2ln" }], { finishReason: "STOP" }),
    ]);
    expect(choice).toMatchObject({ text: "Good day", reasoning: "Hmm.", finishReason: "STOP" });
    expect(choice.reasoningDetails).toEqual([
      { type: "reasoning.text", text: "Hmm.", format: "google-gemini-v1" },
      { type: "reasoning.encrypted", data: "c2ln", format: "google-gemini-v1" },
    ]);
    expect(choice.blocks).toEqual([
      { text: "Hmm.", thought: true },
      { text: "Good day", thoughtSignature: "c2ln" },
    ]);
  });

  test("function calls without ids are kept, though the reason is STOP", () => {
    const choice = onlyChoice([
      chunk([
        { functionCall: { name: "f", args: { a: 1 } }, thoughtSignature: "c2ln" },
        { functionCall: { name: "f", args: {} } },
      ]),
      chunk([{ functionCall: { id: "x", name: "g" } }], { finishReason: "STOP" }),
    ]);
    expect(choice.finishReason).toBe("STOP");
    expect(choice.toolCalls).toEqual([
      { type: "function", name: "f", arguments: '{"a":1}' },
      { type: "function", name: "f", arguments: "{}" },
      { id: "x", type: "function", name: "g", arguments: "{}" },
    ]);
    expect(choice.blocks?.[0]).toEqual({
      functionCall: { name: "f", args: { a: 1 } },
      thoughtSignature: "c2ln",
    });
  });

  test("arguments that come in pieces are put together by their paths", () => {
    const piece = (jsonPath: string, value: Fields, willContinue = false) =>
      chunk([{ functionCall: { partialArgs: [{ jsonPath, ...value, willContinue }], willContinue: true } }]);
    const choice = onlyChoice([
      chunk([{ functionCall: { name: "book", willContinue: true } }]),
      piece("$.city", { stringValue: "Par" }, true),
      piece("$.city", { stringValue: "is" }),
      piece("$.stops[0].name", { stringValue: "A" }),
      piece("$.stops[1].name", { stringValue: "B" }),
      piece("$['a key'].deep", { numberValue: 7 }),
      piece("$.ok", { boolValue: false }),
      piece("$.none", { nullValue: "NULL_VALUE" }),
      piece("$.__proto__.x", { stringValue: "y" }),
      chunk([{ functionCall: {} }]),
      chunk([{ functionCall: { name: "next", willContinue: true } }]),
      chunk([{ functionCall: {} }], { finishReason: "STOP" }),
    ]);
    expect(choice.toolCalls).toHaveLength(2);
    expect(JSON.parse(choice.toolCalls[0]?.arguments ?? "")).toEqual({
      city: "Paris",
      stops: [{ name: "A" }, { name: "B" }],
      "a key": { deep: 7 },
      ok: false,
      none: null,
      ["__proto__"]: { x: "y" },
    });
    expect(choice.toolCalls[1]).toEqual({ type: "function", name: "next", arguments: "{}" });
    expect(({} as Fields)["x"]).toBeUndefined();
  });

  test("a position far beyond a list's end makes no billion holes", () => {
    const partialArgs = [{ jsonPath: "$.list[4000000000]", stringValue: "x" }];
    const choice = onlyChoice([chunk([{ functionCall: { name: "f", partialArgs } }])]);
    expect(choice.toolCalls[0]?.arguments).toBe('{"list":["x"]}');
  });

  test("code, its result, images and files are parts, in order", () => {
    const parts = [
      { executableCode: { language: "PYTHON", code: "print(1)" } },
      { codeExecutionResult: { outcome: "OUTCOME_OK", output: "1" } },
      { inlineData: { mimeType: "image/png", data: "AAAA" } },
      { aPartOfTomorrow: { x: 1 } },
    ];
    expect(onlyChoice([chunk(parts), stop]).parts).toEqual(parts);
  });

  test("what else a candidate says is kept, and a late empty object takes nothing away", () => {
    const grounding = { webSearchQueries: ["q"], groundingChunks: [{ web: { uri: "https://a.example" } }] };
    const choice = onlyChoice([
      chunk([{ text: "a" }], { groundingMetadata: grounding, safetyRatings: [{ category: "X" }] }),
      chunk([{ text: "b" }], { groundingMetadata: {}, finishReason: "STOP", avgLogprobs: -1 }),
    ]);
    expect(choice.other).toEqual({
      groundingMetadata: grounding,
      safetyRatings: [{ category: "X" }],
      avgLogprobs: -1,
    });
  });

  test("candidates are kept apart by their index, and log probabilities are counted", () => {
    const one = (index: number, text: string, more: Fields = {}) => ({
      candidates: [{ content: { parts: [{ text }] }, index, ...more }],
    });
    const logprobsResult = { chosenCandidates: [{ token: "a" }, { token: "b" }] };
    const { choices } = assemble(
      sse([
        one(1, "b1"),
        one(0, "a1", { logprobsResult }),
        one(1, "b2", { finishReason: "MAX_TOKENS" }),
        one(0, "a2", { finishReason: "STOP" }),
      ]),
    );
    expect(choices.map(({ text, finishReason, logprobs }) => [text, finishReason, logprobs])).toEqual([
      ["a1a2", "STOP", 2],
      ["b1b2", "MAX_TOKENS", 0],
    ]);
  });
});

describe("the head and the usage", () => {
  test("id, model, time and tier are read; the last chunk's counts hold as a whole", () => {
    const head = { responseId: "r1", modelVersion: "gemini-3-pro", createTime: "2026-01-01T00:00:01.9Z" };
    const answer = assemble(
      sse([
        chunk([{ text: "a" }], {}, { ...head, usageMetadata: { trafficType: "ON_DEMAND" } }),
        chunk(
          [{ text: "b" }],
          {},
          { ...head, usageMetadata: { promptTokenCount: 9, cachedContentTokenCount: 9, totalTokenCount: 9 } },
        ),
        chunk(
          [{ text: "c" }],
          { finishReason: "STOP" },
          {
            ...head,
            usageMetadata: {
              promptTokenCount: 10,
              toolUsePromptTokenCount: 5,
              candidatesTokenCount: 3,
              thoughtsTokenCount: 4,
              totalTokenCount: 22,
              serviceTier: "flex",
            },
          },
        ),
      ]),
    );
    expect(answer).toMatchObject({
      id: "r1",
      model: "gemini-3-pro",
      createdAtS: 1_767_225_601,
      serviceTier: "flex",
    });
    expect(answer.usage).toEqual({
      inputTokens: 15,
      outputTokens: 7,
      reasoningTokens: 4,
      totalTokens: 22,
    });
    expect(answer.rawUsage?.["serviceTier"]).toBe("flex");
  });

  test("sound is counted apart, the cached part of it as cached only", () => {
    const usageMetadata = {
      promptTokenCount: 100,
      cachedContentTokenCount: 40,
      candidatesTokenCount: 20,
      totalTokenCount: 120,
      promptTokensDetails: [{ modality: "AUDIO", tokenCount: 60 }],
      // Enums may come as numbers: 4 is AUDIO.
      cacheTokensDetails: [{ modality: 4, tokenCount: 25 }],
      candidatesTokensDetails: [{ modality: "AUDIO", tokenCount: 12 }],
    };
    expect(assemble(JSON.stringify(chunk([{ text: "a" }], {}, { usageMetadata }))).usage).toMatchObject({
      inputAudioTokens: 35,
      cacheReadTokens: 40,
      outputAudioTokens: 12,
    });
  });

  test("a chunk of nothing but usage is an answer of nothing but usage", () => {
    const body = sse([{ usageMetadata: { promptTokenCount: 3, totalTokenCount: 3 } }]);
    expect(assemble(body)).toMatchObject({
      choices: [],
      usage: { inputTokens: 3 },
      truncated: "The stream ended without a finish reason.",
    });
  });
});

describe("an answer that is blocked or failed", () => {
  test("a blocked prompt has no choice and says why", () => {
    const promptFeedback = { blockReason: "PROHIBITED_CONTENT", safetyRatings: [] };
    expect(assemble(sse([{ promptFeedback, usageMetadata: { promptTokenCount: 4 } }]))).toMatchObject({
      choices: [],
      promptFeedback,
      truncated: "The prompt was blocked: PROHIBITED_CONTENT.",
      usage: { inputTokens: 4 },
    });
  });

  test.each([
    ["an object", { error: { code: 429, message: "Slow down", status: "RESOURCE_EXHAUSTED" } }],
    ["a list", [{ error: { code: 429, message: "Slow down", status: "RESOURCE_EXHAUSTED" } }]],
  ])("an error that is %s is read", (_, body) => {
    expect(assemble(JSON.stringify(body), 429).error).toMatchObject({
      message: "Slow down",
      type: "RESOURCE_EXHAUSTED",
      code: 429,
    });
  });

  test("an error after a 200 keeps what was said before it", () => {
    const error = { error: { code: 503, message: "Overloaded", status: "UNAVAILABLE" } };
    const answer = assemble(sse([chunk([{ text: "Par" }]), error]));
    expect(answer.error).toMatchObject({ message: "Overloaded", code: 503 });
    expect(answer.choices[0]?.text).toBe("Par");
  });

  test("a proxy's error is read whatever its shape, and an empty one names the status", () => {
    expect(assemble('{"message":"No","statusCode":404}', 404).error?.message).toBe("No");
    expect(assemble("{}", 500).error?.message).toMatch(/500/);
  });

  test.each([
    ["ends without a reason", sse([chunk([{ text: "a" }])]), /without a finish reason/],
    ["breaks off inside an event", sse([chunk([{ text: "a" }]), stop]).subarray(0, -40), /inside an event/],
  ])("a stream that %s is truncated", (_, body, reason) => {
    expect(assemble(body).truncated).toMatch(reason);
    expect(assemble(body).choices[0]?.text).toBe("a");
  });

  test("events that cannot be read are counted, and hide nothing", () => {
    const body = Buffer.concat([Buffer.from("data: {oops\r\n\r\n"), sse([chunk([{ text: "a" }]), stop])]);
    expect(assemble(body).warnings).toEqual(["1 of 3 stream events could not be read."]);
  });
});

describe("the list of chunks that comes without alt=sse", () => {
  const chunks = [chunk([{ text: 'a "quoted] {\\"}' }]), chunk([{ text: "b" }]), stop];
  // As Google writes it: a comma on a line of its own.
  const list = Buffer.from(`[${chunks.map((each) => JSON.stringify(each, null, 2)).join("\n,\r\n")}\n]\n`);

  test("reads like the stream of events", () => {
    expect(assemble(list)).toEqual(assemble(sse(chunks)));
  });

  test("that breaks off keeps the chunks that came whole", () => {
    const cut = list.subarray(0, list.lastIndexOf('"finishReason"'));
    const answer = assemble(cut);
    expect(answer.truncated).toBe("The list of chunks broke off.");
    expect(answer.choices[0]?.text).toBe('a "quoted] {\\"}b');
  });

  test.each([
    ["empty", ""],
    ["a page", "<html>502</html>"],
    ["an empty list", "[]"],
    ["another kind of JSON", '{"object":"list"}'],
    ["a stream of another kind", 'data: {"type":"message_start"}\n\n'],
  ])("a body that is %s gives a reason", (_, body) => {
    const answer = assembleGeminiAnswer([Buffer.from(body)], 200);
    expect(answer.ok).toBe(false);
  });
});

describe("embeddings", () => {
  test.each([
    ["embedContent", { embedding: { values: [1, 2, 3] }, usageMetadata: { promptTokenCount: 4 } }, [3], 4],
    ["batchEmbedContents", { embeddings: [{ values: [1, 2] }, { values: [3, 4] }] }, [2, 2], undefined],
    [
      "predict",
      {
        predictions: [
          { embeddings: { values: [1], statistics: { token_count: 5, truncated: false } } },
          { embeddings: { values: [2], statistics: { token_count: 6 } } },
        ],
      },
      [1, 1],
      11,
    ],
  ])("of %s are counted", (_, body, dimensions, inputTokens) => {
    const answer = assemble(JSON.stringify(body));
    expect(answer.embeddings).toEqual({ count: dimensions.length, dimensions });
    expect(answer.usage?.inputTokens).toBe(inputTokens);
  });
});

describe("whatever comes", () => {
  test("the same bytes read alike in any pieces", () => {
    const parts = fc.array(
      fc.oneof(
        fc.string({ unit: "grapheme" }).map((text) => ({ text })),
        fc.string().map((text) => ({ text, thought: true })),
        fc.dictionary(fc.string(), fc.jsonValue()).map((args) => ({ functionCall: { name: "f", args } })),
      ),
      { minLength: 1 },
    );
    fc.assert(
      fc.property(fc.array(parts, { minLength: 1 }), fc.nat(), (each, seed) => {
        const body = sse([...each.map((list) => chunk(list)), stop]);
        const whole = assembleGeminiAnswer([body], 200);
        expect(assembleGeminiAnswer(atRandomOffsets(body, seed), 200)).toEqual(whole);
        expect(assembleGeminiAnswer(byteByByte(body), 200)).toEqual(whole);
      }),
      { numRuns: 40 },
    );
  });

  test("no bytes at all make the reader throw", () => {
    const bodies = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.jsonValue().map((value) => `data: ${JSON.stringify({ candidates: value })}\n\n`),
      fc.jsonValue().map((value) => JSON.stringify({ candidates: [{ content: { parts: [value] } }] })),
      fc.jsonValue().map((value) => JSON.stringify(chunk([{ functionCall: { partialArgs: [value] } }]))),
      fc.jsonValue().map((value) => JSON.stringify({ usageMetadata: value, predictions: value })),
      fc.json().map((text) => `[${text},{"candidates":[{}]},${text.slice(0, -1)}`),
    );
    fc.assert(
      fc.property(bodies, fc.constantFrom(200, 400), (body, status) => {
        const answer = assembleGeminiAnswer([Buffer.from(body)], status);
        expect(answer.ok ? Array.isArray(answer.value.choices) : answer.reason !== "").toBe(true);
      }),
    );
  });
});

import type { AnswerContext, AnswerEvent, ModelAnswer } from "@sluice/translate";
import { assembleGeminiAnswer, createSseReader, type JsonObject } from "@sluice/wire";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { answerEvents } from "../../../../packages/translate/src/answer-events.ts";
import { foldEvents } from "../../../../packages/translate/src/fold-events.ts";
import { geminiGenerateContent as gemini } from "../../../../packages/translate/src/gemini/index.ts";
import { corpusBody, corpusCases } from "../../../support/corpus.ts";

type Fields = Readonly<Record<string, unknown>>;

const context: AnswerContext = {
  model: "alias",
  newId: (prefix) => `${prefix}1`,
  nowS: 0,
  conversation: {
    model: "alias",
    turns: [],
    tools: [],
    stop: [],
    sampling: {},
    stream: true,
    streamUsage: true,
  },
  request: {},
};

const origin = "gemini-generate-content";

function chunk(parts: readonly Fields[], candidate: Fields = {}, rest: Fields = {}): Fields {
  return { candidates: [{ content: { role: "model", parts }, ...candidate }], ...rest };
}

/** The events of a stream of these chunks. */
function events(chunks: readonly unknown[]): readonly AnswerEvent[] {
  const reader = gemini.createStreamReader();
  const told = chunks.flatMap((each) => reader.read({ type: "", data: JSON.stringify(each) }));
  return [...told, ...reader.end()];
}

/** The text that a writer makes of an answer told as events. */
function written(answer: ModelAnswer): string {
  const writer = gemini.createStreamWriter(context);
  return answerEvents(answer)
    .map((event) => writer.write(event))
    .join("");
}

function chunksOf(stream: string): unknown[] {
  return createSseReader()
    .feed(Buffer.from(stream))
    .map(({ data }) => JSON.parse(data) as unknown);
}

describe("an answer that is read", () => {
  test("has its blocks in order: thoughts, text, signature, calls, what Google's tools did", () => {
    const code = { executableCode: { language: "PYTHON", code: "1" } };
    const answer = gemini.readAnswer(
      chunk(
        [
          { text: "Hm", thought: true },
          { text: "Good day", thoughtSignature: "s1" },
          code,
          { functionCall: { name: "f", args: { a: 1 } }, thoughtSignature: "s2" },
          { functionCall: { id: "x", name: "g" } },
          { inlineData: { mimeType: "image/png", data: "AA" } },
        ],
        { finishReason: "STOP" },
        { responseId: "r", modelVersion: "models/gemini-3-pro", createTime: "2026-01-01T00:00:00Z" },
      ),
    );
    expect(answer).toEqual({
      id: "r",
      model: "gemini-3-pro",
      createdAtS: 1_767_225_600,
      blocks: [
        { kind: "reasoning", text: "Hm", origin },
        { kind: "text", text: "Good day" },
        { kind: "reasoning", text: "", encrypted: "s1", origin },
        { kind: "server_tool", raw: code },
        { kind: "tool_call", id: "", name: "f", arguments: '{"a":1}', signature: "s2" },
        { kind: "tool_call", id: "x", name: "g", arguments: "{}" },
        { kind: "image", source: { kind: "base64", mediaType: "image/png", data: "AA" } },
      ],
      finish: { reason: "tool_calls", raw: "STOP" },
    });
  });

  test.each([
    ["STOP", "stop"],
    [1, "stop"],
    ["MAX_TOKENS", "length"],
    ["SAFETY", "content_filter"],
    ["MODEL_ARMOR", "content_filter"],
    ["MALFORMED_FUNCTION_CALL", "other"],
    ["A_WORD_OF_TOMORROW", "other"],
  ])("that ended with %j ended with %s", (finishReason, reason) => {
    expect(gemini.readAnswer(chunk([{ text: "a" }], { finishReason }))?.finish?.reason).toBe(reason);
  });

  test("of a blocked prompt is empty, and a filter's", () => {
    const body = { promptFeedback: { blockReason: "SAFETY" }, usageMetadata: { promptTokenCount: 4 } };
    const expected = { blocks: [], finish: { reason: "content_filter", raw: "SAFETY" } };
    expect(gemini.readAnswer(body)).toMatchObject(expected);
    expect(foldEvents(events([body]))).toMatchObject(expected);
  });

  test("counts thoughts as output, tools' prompts as input, and searches", () => {
    const usageMetadata = {
      promptTokenCount: 10,
      cachedContentTokenCount: 4,
      toolUsePromptTokenCount: 5,
      candidatesTokenCount: 3,
      thoughtsTokenCount: 4,
      totalTokenCount: 22,
      serviceTier: "standard",
    };
    const groundingMetadata = { webSearchQueries: ["a", "b"] };
    const answer = gemini.readAnswer(chunk([{ text: "a" }], { groundingMetadata }, { usageMetadata }));
    expect(answer?.serviceTier).toBe("default");
    expect(answer?.usage).toEqual({
      inputTokens: 15,
      cacheReadTokens: 4,
      outputTokens: 7,
      reasoningTokens: 4,
      totalTokens: 22,
      webSearches: 2,
    });
  });

  test("cites in UTF-16 what Google counts in bytes, and finds a segment that is elsewhere by its words", () => {
    const groundingMetadata = {
      groundingChunks: [{ web: { uri: "https://a.example", title: "A" } }],
      groundingSupports: [
        { segment: { startIndex: 3, endIndex: 11, text: "66°F ok" }, groundingChunkIndices: [0, 9] },
        { segment: { startIndex: 900, endIndex: 902, text: "no" }, groundingChunkIndices: [0] },
      ],
    };
    const answer = gemini.readAnswer(chunk([{ text: "ä 66°F ok, or no" }], { groundingMetadata }));
    const raw = { web: { uri: "https://a.example", title: "A" } };
    const source = { url: "https://a.example", title: "A", raw };
    expect(answer?.blocks).toEqual([
      {
        kind: "text",
        text: "ä 66°F ok, or no",
        citations: [
          { ...source, citedText: "66°F ok", startIndex: 2, endIndex: 9 },
          { ...source, citedText: "no", startIndex: 14, endIndex: 16 },
        ],
      },
    ]);
  });

  test.each([[undefined], [[]], [{}], [{ error: { code: 500, message: "No" } }], [{ choices: [] }]])(
    "is none when it is %j",
    (body) => {
      expect(gemini.readAnswer(body)).toBeUndefined();
    },
  );
});

describe("a stream that is read", () => {
  test("has one block open at a time, and tells usage and end in their places", () => {
    const usageMetadata = { promptTokenCount: 1, candidatesTokenCount: 2 };
    expect(
      events([
        chunk([{ text: "Hm", thought: true }], {}, { responseId: "r" }),
        chunk([{ text: "m", thought: true, thoughtSignature: "s" }]),
        chunk([{ text: "a" }]),
        chunk([{ text: "b" }], { finishReason: "STOP" }, { usageMetadata }),
      ]),
    ).toEqual([
      { kind: "start", answer: { id: "r" } },
      { kind: "block_start", block: { kind: "reasoning", text: "", origin } },
      { kind: "delta", delta: { kind: "text", text: "Hm" } },
      { kind: "delta", delta: { kind: "text", text: "m" } },
      { kind: "delta", delta: { kind: "signature", signature: "s" } },
      { kind: "block_end" },
      { kind: "block_start", block: { kind: "text", text: "" } },
      { kind: "delta", delta: { kind: "text", text: "a" } },
      { kind: "delta", delta: { kind: "text", text: "b" } },
      { kind: "usage", usage: { inputTokens: 1, outputTokens: 2, totalTokens: 3 } },
      { kind: "block_end" },
      { kind: "finish", finish: { reason: "stop", raw: "STOP" } },
      { kind: "end" },
    ]);
  });

  test("holds a call back until its arguments are complete", () => {
    const piece = (functionCall: Fields) => chunk([{ functionCall }]);
    const reader = gemini.createStreamReader();
    const read = (value: Fields) => reader.read({ type: "", data: JSON.stringify(value) });
    read(chunk([]));
    expect(read(piece({ name: "f", willContinue: true }))).toEqual([]);
    const partialArgs = [{ jsonPath: "$.a", stringValue: "x" }];
    expect(read(piece({ partialArgs, willContinue: true }))).toEqual([]);
    expect(read(piece({}))).toEqual([
      { kind: "block_start", block: { kind: "tool_call", id: "", name: "f", arguments: "" } },
      { kind: "delta", delta: { kind: "arguments", json: '{"a":"x"}' } },
      { kind: "block_end" },
    ]);
  });

  test("without a reason for its end has no end", () => {
    const told = events([
      chunk([{ text: "a" }]),
      chunk([{ functionCall: { name: "f", willContinue: true } }]),
    ]);
    expect(told.at(-1)).toEqual({ kind: "block_end" });
    expect(told.some(({ kind }) => kind === "end")).toBe(false);
    expect(foldEvents(told)).toBeUndefined();
  });

  test.each([
    [{ error: { code: 503, message: "Overloaded", status: "UNAVAILABLE" } }, 503, "UNAVAILABLE"],
    [[{ error: { message: "Boom" } }], 500, undefined],
  ])("with the error %j says nothing after it", (error, status, type) => {
    const told = events([chunk([{ text: "a" }]), error, chunk([{ text: "b" }], { finishReason: "STOP" })]);
    expect(told.at(-1)).toMatchObject({ kind: "error", error: { status, ...(type && { type }) } });
  });

  test("that is nonsense tells nothing", () => {
    const reader = gemini.createStreamReader();
    expect(["{oops", "7", "null", "[DONE]"].flatMap((data) => reader.read({ type: "", data }))).toEqual([]);
    expect(reader.end()).toEqual([]);
  });
});

/** Answers that Gemini's format can hold whole. */
const block = fc.oneof(
  fc.record({ kind: fc.constant("text" as const), text: fc.string({ minLength: 1 }) }),
  fc.record({
    kind: fc.constant("reasoning" as const),
    text: fc.string({ minLength: 1 }),
    signature: fc.base64String({ minLength: 4 }),
    origin: fc.constantFrom(origin, "anthropic-messages" as const),
  }),
  fc.record({
    kind: fc.constant("tool_call" as const),
    id: fc.uuid(),
    name: fc.constantFrom("f", "g"),
    arguments: fc
      .dictionary(fc.string(), fc.string(), { noNullPrototype: true })
      .map((args) => JSON.stringify(args)),
    signature: fc.base64String({ minLength: 4 }),
  }),
);

function separated(blocks: readonly ModelAnswer["blocks"][number][]): ModelAnswer["blocks"] {
  // Two texts in a row are one text in every stream.
  return blocks.filter((each, at) => each.kind !== "text" || blocks[at - 1]?.kind !== "text");
}

const answers = fc.record({
  id: fc.constant("r1"),
  model: fc.constant("m"),
  blocks: fc.array(block).map(separated),
  finish: fc.constant({ reason: "length" as const, raw: "MAX_TOKENS" }),
  usage: fc.constant({
    inputTokens: 9,
    cacheReadTokens: 2,
    outputTokens: 5,
    reasoningTokens: 3,
    totalTokens: 14,
  }),
});

describe("an answer that is written", () => {
  test("reads back the same, whole and streamed", () => {
    fc.assert(
      fc.property(answers, (answer) => {
        const stream = chunksOf(written(answer));
        const expected = { ...answer, blocks: answer.blocks.map(foreignAsRead) };
        expect(gemini.readAnswer(gemini.writeAnswer(answer, context))).toEqual(expected);
        expect(foldEvents(events(stream))).toEqual(expected);
      }),
    );
  });

  test("keeps citations and their places in bytes", () => {
    const raw = { web: { uri: "https://a.example", title: "A" } };
    const citations = [
      { url: "https://a.example", title: "A", citedText: "b°", startIndex: 2, endIndex: 4, raw },
    ];
    const answer: ModelAnswer = {
      blocks: [{ kind: "text", text: "ä b° c", citations }],
      finish: { reason: "stop" },
    };
    const body = gemini.writeAnswer(answer, context);
    expect(body["candidates"]).toMatchObject([
      {
        groundingMetadata: {
          groundingChunks: [raw],
          groundingSupports: [
            { segment: { startIndex: 3, endIndex: 6, text: "b°" }, groundingChunkIndices: [0] },
          ],
        },
      },
    ]);
    expect(gemini.readAnswer(body)?.blocks).toEqual(answer.blocks);
    expect(foldEvents(events(chunksOf(written(answer))))?.blocks).toEqual(answer.blocks);
  });

  test("as a stream ends its events with CRLF, and reads like any of Gemini's", () => {
    const stream = written({ blocks: [{ kind: "text", text: "a" }], finish: { reason: "stop" } });
    expect(stream).toMatch(/^data: .*\r\n\r\ndata: .*\r\n\r\n$/);
    const assembled = assembleGeminiAnswer([Buffer.from(stream)], 200);
    expect(assembled).toMatchObject({
      ok: true,
      value: { id: "resp_1", model: "alias", choices: [{ text: "a", finishReason: "STOP" }], warnings: [] },
    });
  });

  test("writes nothing after an error", () => {
    const writer = gemini.createStreamWriter(context);
    const error = writer.write({ kind: "error", error: { message: "Slow down", status: 429 } });
    expect(chunksOf(error)).toEqual([
      { error: { code: 429, message: "Slow down", status: "RESOURCE_EXHAUSTED" } },
    ]);
    expect(writer.write({ kind: "end" })).toBe("");
  });
});

/** A mark of ours is read as Gemini's own signature in an answer: only requests carry it back. */
function foreignAsRead(each: ModelAnswer["blocks"][number]): ModelAnswer["blocks"][number] {
  if (each.kind !== "reasoning" || each.origin === origin) return each;
  return { ...each, signature: `sluice:${each.origin}:${each.signature}`, origin };
}

describe("errors", () => {
  test.each([
    [
      "Google's, with what is at fault",
      {
        error: {
          code: 400,
          message: "Bad field",
          status: "INVALID_ARGUMENT",
          details: [{ reason: "API_KEY_INVALID" }, { fieldViolations: [{ field: "contents" }] }],
        },
      },
      { message: "Bad field", type: "INVALID_ARGUMENT", code: "API_KEY_INVALID", param: "contents" },
    ],
    ["in a list", [{ error: { code: 400, message: "No", status: "X" } }], { message: "No", type: "X" }],
    ["of a proxy", { message: "No" }, { message: "No" }],
  ])("that are %s are read", (_, body, expected) => {
    expect(gemini.readError(JSON.stringify(body), 400, {})).toEqual({ status: 400, ...expected });
  });

  test.each([
    ["<html>Bad gateway</html>", /Bad gateway/],
    ["", /502/],
    ["{}", /502/],
  ])("that say %j have a message", (body, message) => {
    expect(gemini.readError(body, 502, {}).message).toMatch(message);
  });

  test.each([
    [401, undefined, "UNAUTHENTICATED"],
    [429, "rate_limit_error", "RESOURCE_EXHAUSTED"],
    [529, undefined, "INTERNAL"],
    [418, undefined, "INVALID_ARGUMENT"],
    [400, "FAILED_PRECONDITION", "FAILED_PRECONDITION"],
  ])("of status %i and type %s are written as %s, and read back", (status, type, word) => {
    const error = { message: "No", status, code: "a_code", param: "a.field", ...(type && { type }) };
    const body: JsonObject = gemini.writeError(error);
    expect(gemini.readError(JSON.stringify(body), status, {})).toEqual({ ...error, type: word });
  });
});

const cases = (corpusCases() ?? []).filter(({ endpoint }) => endpoint.endsWith("enerateContent"));

describe.runIf(cases.length > 0)("recorded answers", () => {
  test.each(cases.filter(({ status }) => status < 400))("$id says the same as its trace", (recorded) => {
    const assembled = assembleGeminiAnswer([corpusBody(recorded)], recorded.status);
    const choice = assembled.ok ? assembled.value.choices[0] : undefined;
    const text = Buffer.from(corpusBody(recorded)).toString();
    const answer = recorded.file.endsWith(".sse")
      ? foldEvents(events(chunksOf(text)))
      : gemini.readAnswer(JSON.parse(text));
    const joined = (kind: "text" | "reasoning") =>
      (answer?.blocks ?? []).map((each) => (each.kind === kind ? each.text : "")).join("");
    const calls = (answer?.blocks ?? []).filter((each) => each.kind === "tool_call");
    expect(joined("text")).toBe(choice?.text);
    expect(joined("reasoning")).toBe(choice?.reasoning);
    expect(calls.map(({ name, arguments: args }) => [name, args])).toEqual(
      choice?.toolCalls.map(({ name, arguments: args }) => [name, args]),
    );
    expect(answer?.usage).toMatchObject((assembled.ok && assembled.value.usage) || {});
  });
});

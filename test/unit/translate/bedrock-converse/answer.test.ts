import "../../../support/property-seed.ts";
import type { AnswerContext, AnswerEvent, Block, ModelAnswer, WireEvent } from "@sluice/translate";
import { createSseReader, type JsonObject } from "@sluice/wire";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { answerEvents } from "../../../../packages/translate/src/answer-events.ts";
import { bedrockConverse } from "../../../../packages/translate/src/bedrock-converse/index.ts";
import { foldEvents } from "../../../../packages/translate/src/fold-events.ts";
import { MINIMAL } from "./notes.ts";

const CONTEXT: AnswerContext = {
  model: "m",
  newId: (prefix) => `${prefix}1`,
  nowS: 1,
  conversation: MINIMAL,
  request: {},
};

const event = (type: string, payload: object): WireEvent => ({ type, data: JSON.stringify(payload) });
const start = (contentBlockIndex: number, piece: object) =>
  event("contentBlockStart", { contentBlockIndex, start: piece });
const delta = (contentBlockIndex: number, piece: object) =>
  event("contentBlockDelta", { contentBlockIndex, delta: piece, p: "abc" });
const stop = (contentBlockIndex: number) => event("contentBlockStop", { contentBlockIndex });
const BEGIN = event("messageStart", { role: "assistant" });
const END = event("messageStop", { stopReason: "end_turn" });
const USAGE = event("metadata", { usage: { inputTokens: 3, outputTokens: 2, totalTokens: 5 }, metrics: {} });

function read(...events: readonly WireEvent[]): readonly AnswerEvent[] {
  const reader = bedrockConverse.createStreamReader();
  return [...events.flatMap((each) => reader.read(each)), ...reader.end()];
}

function write(events: readonly AnswerEvent[]): readonly WireEvent[] {
  const writer = bedrockConverse.createStreamWriter(CONTEXT);
  return createSseReader().feed(Buffer.from(events.map((each) => writer.write(each)).join("")));
}

const message = (content: readonly object[], fields: object = {}): JsonObject => ({
  output: { message: { role: "assistant", content } },
  stopReason: "end_turn",
  usage: { inputTokens: 3, outputTokens: 2, totalTokens: 5 },
  ...fields,
});

const REDACTED = Buffer.from("EtkE").toString("base64");

/** Blocks whole, in a stream, and as they are understood. */
const BLOCKS: readonly (readonly [string, object, readonly WireEvent[], Block])[] = [
  [
    "text",
    { text: "Hello" },
    [delta(0, { text: "Hel" }), delta(0, { text: "lo" }), stop(0)],
    { kind: "text", text: "Hello" },
  ],
  [
    "reasoning without a signature",
    { reasoningContent: { reasoningText: { text: "hm" } } },
    [delta(0, { reasoningContent: { text: "hm" } }), stop(0)],
    { kind: "reasoning", text: "hm", origin: "bedrock-converse" },
  ],
  [
    "signed reasoning",
    { reasoningContent: { reasoningText: { text: "hm", signature: "s1s2" } } },
    [
      delta(0, { reasoningContent: { text: "hm" } }),
      delta(0, { reasoningContent: { signature: "s1" } }),
      delta(0, { reasoningContent: { signature: "s2" } }),
      stop(0),
    ],
    { kind: "reasoning", text: "hm", signature: "s1s2", origin: "bedrock-converse" },
  ],
  [
    "encrypted reasoning, as Anthropic itself sends it",
    { reasoningContent: { redactedContent: REDACTED } },
    [delta(0, { reasoningContent: { redactedContent: REDACTED } }), stop(0)],
    { kind: "reasoning", text: "", encrypted: "EtkE", origin: "bedrock-converse" },
  ],
  [
    "a tool call",
    { toolUse: { toolUseId: "t", name: "f", input: { a: 1 } } },
    [
      start(0, { toolUse: { toolUseId: "t", name: "f" } }),
      delta(0, { toolUse: { input: '{"a"' } }),
      delta(0, { toolUse: { input: ":1}" } }),
      stop(0),
    ],
    { kind: "tool_call", id: "t", name: "f", arguments: '{"a":1}' },
  ],
  [
    "a tool call without arguments",
    { toolUse: { toolUseId: "t", name: "f", input: {} } },
    [start(0, { toolUse: { toolUseId: "t", name: "f" } }), delta(0, { toolUse: { input: "" } }), stop(0)],
    { kind: "tool_call", id: "t", name: "f", arguments: "{}" },
  ],
  [
    "cited text",
    {
      citationsContent: {
        content: [{ text: "Paris." }],
        citations: [{ title: "t", sourceContent: [{ text: "q" }], location: { web: { url: "u" } } }],
      },
    },
    [
      delta(0, { text: "Paris." }),
      delta(0, { citation: { title: "t", sourceContent: [{ text: "q" }], location: { web: { url: "u" } } } }),
      stop(0),
    ],
    {
      kind: "text",
      text: "Paris.",
      citations: [
        {
          url: "u",
          title: "t",
          citedText: "q",
          raw: { title: "t", sourceContent: [{ text: "q" }], location: { web: { url: "u" } } },
        },
      ],
    },
  ],
  [
    "an image",
    { image: { format: "png", source: { bytes: "AA==" } } },
    [start(0, { image: { format: "png" } }), delta(0, { image: { source: { bytes: "AA==" } } }), stop(0)],
    { kind: "image", source: { kind: "base64", mediaType: "image/png", data: "AA==" } },
  ],
  [
    "what Bedrock's own tools did",
    { toolUse: { toolUseId: "s", name: "nova_grounding", type: "server_tool_use", input: { q: 1 } } },
    [
      start(0, { toolUse: { toolUseId: "s", name: "nova_grounding", type: "server_tool_use" } }),
      delta(0, { toolUse: { input: '{"q":1}' } }),
      stop(0),
    ],
    {
      kind: "server_tool",
      raw: { toolUse: { toolUseId: "s", name: "nova_grounding", type: "server_tool_use", input: { q: 1 } } },
    },
  ],
];

describe.each(BLOCKS)("%s", (_, content, events, block) => {
  const answer: ModelAnswer = {
    blocks: [block],
    finish: { reason: "stop", raw: "end_turn" },
    usage: { inputTokens: 3, outputTokens: 2, totalTokens: 5 },
  };

  test("is read whole", () => {
    expect(bedrockConverse.readAnswer(message([content]))).toEqual(answer);
  });

  test("is read from a stream", () => {
    expect(foldEvents(read(BEGIN, ...events, END, USAGE))).toEqual(answer);
  });

  test("is written whole as it was", () => {
    const written = bedrockConverse.writeAnswer(answer, CONTEXT);
    const [toolCall] = [block].filter(({ kind }) => kind === "tool_call");
    expect(written).toEqual({
      ...message([content], { metrics: { latencyMs: 0 } }),
      stopReason: toolCall ? "tool_use" : "end_turn",
    });
  });

  test("comes back from a stream that was written", () => {
    const back = foldEvents(read(...write(answerEvents(answer))));
    expect(back?.blocks).toEqual([block]);
    expect(back?.usage).toEqual(answer.usage);
  });
});

describe("a stream", () => {
  const kinds = (events: readonly AnswerEvent[]) => events.map(({ kind }) => kind);

  test("tells text at once, and ends with its usage, which comes last", () => {
    const reader = bedrockConverse.createStreamReader();
    expect(reader.read(BEGIN)).toEqual([{ kind: "start", answer: {} }]);
    expect(reader.read(delta(0, { text: "" }))).toEqual([]);
    expect(reader.read(delta(0, { text: "Hi" }))).toEqual([
      { kind: "block_start", block: { kind: "text", text: "" } },
      { kind: "delta", delta: { kind: "text", text: "Hi" } },
    ]);
    expect(reader.read(stop(0))).toEqual([{ kind: "block_end" }]);
    expect(kinds(reader.read(END))).toEqual(["finish"]);
    expect(kinds(reader.read(USAGE))).toEqual(["usage", "end"]);
    expect(reader.read(delta(1, { text: "more" }))).toEqual([]);
    expect(reader.end()).toEqual([]);
  });

  test("may tell its usage first", () => {
    expect(kinds(read(BEGIN, USAGE, END))).toEqual(["start", "usage", "finish", "end"]);
  });

  test("may never tell its usage", () => {
    expect(kinds(read(BEGIN, END))).toEqual(["start", "finish", "end"]);
  });

  test("without messageStop is not ended", () => {
    expect(kinds(read(BEGIN, delta(0, { text: "Hi" })))).not.toContain("end");
    expect(kinds(read(BEGIN, USAGE))).not.toContain("end");
  });

  test("holds a later block back until the one before it has ended", () => {
    const events = read(
      BEGIN,
      delta(0, { text: "a" }),
      start(1, { toolUse: { toolUseId: "t", name: "f" } }),
      delta(1, { toolUse: { input: '{"a":' } }),
      delta(0, { text: "b" }),
      delta(1, { toolUse: { input: "1}" } }),
      stop(1),
      END,
      USAGE,
    );
    let open = 0;
    for (const { kind } of events) {
      open += kind === "block_start" ? 1 : kind === "block_end" ? -1 : 0;
      expect(open).toBeLessThan(2);
    }
    expect(foldEvents(events)?.blocks).toEqual([
      { kind: "text", text: "ab" },
      { kind: "tool_call", id: "t", name: "f", arguments: '{"a":1}' },
    ]);
  });

  test.each([
    ["throttlingException", {}, 429, "ThrottlingException"],
    ["validationException", {}, 400, "ValidationException"],
    ["serviceUnavailableException", {}, 503, "ServiceUnavailableException"],
    ["internalServerException", {}, 500, "InternalServerException"],
    ["modelStreamErrorException", { originalStatusCode: 429 }, 429, "ModelStreamErrorException"],
    ["modelStreamErrorException", {}, 424, "ModelStreamErrorException"],
    ["brandNewException", {}, 500, "brandNewException"],
  ])("ends with %s", (type, fields, status, name) => {
    expect(read(BEGIN, event(type, { message: "Oh.", ...fields }), delta(0, { text: "a" }), END)).toEqual([
      { kind: "start", answer: {} },
      { kind: "error", error: { message: "Oh.", status, type: name } },
    ]);
  });

  test("ends with an exception that says nothing", () => {
    expect(read({ type: "throttlingException", data: "" })).toEqual([
      {
        kind: "error",
        error: {
          message: "The stream ended with throttlingException.",
          status: 429,
          type: "ThrottlingException",
        },
      },
    ]);
  });

  test("copes with events that are new or no JSON", () => {
    expect(kinds(read(event("brandNew", { a: 1 }), { type: "messageStart", data: "nope" }, BEGIN))).toEqual([
      "start",
    ]);
  });

  test("tells the tier and the model that a router chose when it knows them", () => {
    const told = event("metadata", {
      usage: { totalTokens: 1 },
      serviceTier: { type: "flex" },
      trace: { promptRouter: { invokedModelId: "r" } },
    });
    expect(foldEvents(read(BEGIN, END, told))).toMatchObject({ serviceTier: "flex", model: "r" });
  });

  test("is the same however its events are taken", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...BLOCKS), { maxLength: 6 }), (drawn) => {
        const blocks = drawn.map(([, , , block]) => block);
        const whole = bedrockConverse.readAnswer(message(drawn.map(([, content]) => content)));
        expect(whole?.blocks).toEqual(blocks);
        const streamed = drawn.flatMap(([, , events], index) =>
          events.map(({ type, data }) => ({
            type,
            data: data.replace('"contentBlockIndex":0', `"contentBlockIndex":${index}`),
          })),
        );
        expect(foldEvents(read(BEGIN, ...streamed, END, USAGE))).toEqual(whole);
        expect(foldEvents(read(...write(read(BEGIN, ...streamed, END, USAGE))))?.blocks).toEqual(blocks);
      }),
    );
  });
});

describe("a stream that is written", () => {
  test("ends with an exception when it fails, and nothing follows", () => {
    const writer = bedrockConverse.createStreamWriter(CONTEXT);
    expect(writer.write({ kind: "ping" })).toBe(": ping\n\n");
    expect(writer.write({ kind: "error", error: { message: "Oh.", status: 529 } })).toBe(
      'event: serviceUnavailableException\ndata: {"message":"Oh."}\n\n',
    );
    expect(writer.write({ kind: "end" })).toBe("");
  });

  test("keeps what other providers sign, so that it comes back to them", () => {
    const answer: ModelAnswer = {
      blocks: [
        { kind: "reasoning", text: "hm", encrypted: "x", origin: "openai-responses" },
        { kind: "tool_call", id: "t", name: "f", arguments: "{}", signature: "g" },
      ],
    };
    const back = [
      ...(bedrockConverse.readAnswer(bedrockConverse.writeAnswer(answer, CONTEXT))?.blocks ?? []),
      ...(foldEvents(read(...write(answerEvents(answer))))?.blocks ?? []),
    ];
    expect(back).toContainEqual({ kind: "reasoning", text: "", encrypted: "x", origin: "openai-responses" });
    expect(JSON.stringify(back).match(/"signature":"[^"]*g"/g)).toHaveLength(2);
  });
});

describe("why it stopped", () => {
  test.each([
    ["end_turn", "stop"],
    ["tool_use", "tool_calls"],
    ["max_tokens", "length"],
    ["stop_sequence", "stop_sequence"],
    ["guardrail_intervened", "content_filter"],
    ["content_filtered", "content_filter"],
    ["model_context_window_exceeded", "context_length"],
    ["malformed_tool_use", "other"],
    ["brand_new", "other"],
  ])("%s is %s", (stopReason, reason) => {
    const { finish } = bedrockConverse.readAnswer(message([], { stopReason })) ?? {};
    expect(finish).toEqual({ reason, raw: stopReason });
  });

  test.each([
    ["stop", "end_turn"],
    ["length", "max_tokens"],
    ["stop_sequence", "stop_sequence"],
    ["content_filter", "content_filtered"],
    ["refusal", "content_filtered"],
    ["context_length", "model_context_window_exceeded"],
    ["other", "end_turn"],
  ] as const)("%s is written as %s", (reason, stopReason) => {
    const written = bedrockConverse.writeAnswer(
      { blocks: [], finish: { reason, raw: "SOMEBODYS_WORD" } },
      CONTEXT,
    );
    expect(written["stopReason"]).toBe(stopReason);
  });

  test.each([{ stop_sequence: "x" }, { delta: { stop_sequence: "x" } }])(
    "the sequence is found in %j, and told",
    (additionalModelResponseFields) => {
      const body = message([], { stopReason: "stop_sequence", additionalModelResponseFields });
      const answer = bedrockConverse.readAnswer(body);
      expect(answer?.finish).toEqual({ reason: "stop_sequence", stopSequence: "x", raw: "stop_sequence" });
      expect(bedrockConverse.writeAnswer(answer ?? { blocks: [] }, CONTEXT)).toMatchObject({
        stopReason: "stop_sequence",
        additionalModelResponseFields: { stop_sequence: "x" },
      });
    },
  );
});

test("usage keeps its buckets, there and back", () => {
  const usage = {
    inputTokens: 3,
    outputTokens: 121,
    totalTokens: 2072,
    cacheReadInputTokens: 1712,
    cacheWriteInputTokens: 236,
    cacheDetails: [
      { ttl: "5m", inputTokens: 36 },
      { ttl: "1h", inputTokens: 200 },
    ],
  };
  const answer = bedrockConverse.readAnswer(message([], { usage }));
  expect(answer?.usage).toEqual({
    inputTokens: 1951,
    outputTokens: 121,
    totalTokens: 2072,
    cacheReadTokens: 1712,
    cacheWriteTokens: 236,
    cacheWrite1hTokens: 200,
  });
  expect(bedrockConverse.writeAnswer(answer ?? { blocks: [] }, CONTEXT)["usage"]).toEqual(usage);
});

test.each([undefined, null, [], {}, { output: {} }, { message: "No." }])("%j is no answer", (body) => {
  expect(bedrockConverse.readAnswer(body)).toBeUndefined();
});

describe("an error", () => {
  test.each([
    [
      '{"message":"Bad."}',
      400,
      { "x-amzn-errortype": "ValidationException:http://internal.amazon.com/coral/com.amazon.bedrock/" },
      { message: "Bad.", status: 400, type: "ValidationException" },
    ],
    ['{"Message":"Denied."}', 403, {}, { message: "Denied.", status: 403 }],
    [
      '{"__type":"com.amazon.coral#ThrottlingException","message":"Slow."}',
      429,
      {},
      { message: "Slow.", status: 429, type: "ThrottlingException" },
    ],
    ["<html>", 503, {}, { message: "The provider answered with status 503.", status: 503 }],
    ["gone", 503, {}, { message: "The provider answered with status 503. gone", status: 503 }],
  ])("is read from %s", (body, status, headers, expected) => {
    expect(bedrockConverse.readError(body, status, headers)).toEqual(expected);
  });

  test.each([
    [{ message: "m", status: 400 }, "ValidationException"],
    [{ message: "m", status: 401, type: "authentication_error" }, "UnrecognizedClientException"],
    [{ message: "m", status: 429 }, "ThrottlingException"],
    [{ message: "m", status: 400, type: "ServiceQuotaExceededException" }, "ServiceQuotaExceededException"],
    [{ message: "m", status: 529 }, "ServiceUnavailableException"],
    [{ message: "m", status: 502 }, "InternalServerException"],
    [{ message: "m", status: 418 }, "ValidationException"],
  ])("%j is written as %s", (error, type) => {
    expect(bedrockConverse.writeError(error)).toEqual({ __type: type, message: "m" });
  });
});

import {
  type AssembledAnswer,
  assembleConverseAnswer,
  readConverseRequest,
  usageBuckets,
} from "@sluice/wire";
import { describe, expect, test } from "vitest";
import { awsException, awsStream, type StreamEvent } from "../../../support/aws-event-stream.ts";

function assemble(body: object | Buffer, status = 200): AssembledAnswer {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
  const read = assembleConverseAnswer([bytes], status);
  if (!read.ok) throw new Error(read.reason);
  return read.value;
}

const message = (content: readonly object[], fields: object = {}) => ({
  output: { message: { role: "assistant", content } },
  stopReason: "end_turn",
  usage: { inputTokens: 3, outputTokens: 2, totalTokens: 5 },
  ...fields,
});

const delta = (contentBlockIndex: number, piece: object) =>
  ["contentBlockDelta", { contentBlockIndex, delta: piece, p: "abc" }] as const;
const stop = (contentBlockIndex: number) => ["contentBlockStop", { contentBlockIndex }] as const;
const start = (contentBlockIndex: number, piece: object) =>
  ["contentBlockStart", { contentBlockIndex, start: piece }] as const;
const begin = ["messageStart", { role: "assistant" }] as const;
const end = (stopReason: string) => ["messageStop", { stopReason }] as const;
const metadata = [
  "metadata",
  { usage: { inputTokens: 3, outputTokens: 2, totalTokens: 5 }, metrics: { latencyMs: 9 } },
] as const;

/** The same answers whole and streamed: they must read alike. */
const ANSWERS: readonly (readonly [string, readonly object[], readonly StreamEvent[]])[] = [
  [
    "text, which has no start in a stream",
    [{ text: "Hello" }],
    [delta(0, { text: "Hel" }), delta(0, { text: "lo" }), stop(0)],
  ],
  [
    "many texts",
    [{ text: "a" }, { text: "b" }],
    [delta(0, { text: "a" }), stop(0), delta(1, { text: "b" }), stop(1)],
  ],
  [
    "blocks that interleave and come out of order",
    [{ text: "ab" }, { text: "cd" }],
    [delta(1, { text: "c" }), delta(0, { text: "a" }), delta(1, { text: "d" }), delta(0, { text: "b" })],
  ],
  [
    "thinking with its signature",
    [{ reasoningContent: { reasoningText: { text: "hmm", signature: "s1s2" } } }, { text: "ok" }],
    [
      delta(0, { reasoningContent: { text: "h" } }),
      delta(0, { reasoningContent: { text: "mm" } }),
      delta(0, { reasoningContent: { signature: "s1" } }),
      delta(0, { reasoningContent: { signature: "s2" } }),
      stop(0),
      delta(1, { text: "ok" }),
    ],
  ],
  [
    "encrypted thinking in pieces, each padded by itself",
    [{ reasoningContent: { redactedContent: Buffer.from("secret!").toString("base64") } }],
    [
      delta(0, { reasoningContent: { redactedContent: Buffer.from("sec").toString("base64") } }),
      delta(0, { reasoningContent: { redactedContent: Buffer.from("ret!").toString("base64") } }),
    ],
  ],
  [
    "parallel tools",
    [
      { toolUse: { toolUseId: "t1", name: "f", input: { a: 1 } } },
      { toolUse: { toolUseId: "t2", name: "g", input: {} } },
    ],
    [
      start(0, { toolUse: { toolUseId: "t1", name: "f" } }),
      delta(0, { toolUse: { input: "" } }),
      delta(0, { toolUse: { input: '{"a"' } }),
      delta(0, { toolUse: { input: ":1}" } }),
      stop(0),
      start(1, { toolUse: { toolUseId: "t2", name: "g" } }),
      stop(1),
    ],
  ],
  [
    "the provider's own tools, which are no calls of the caller's",
    [
      { toolUse: { toolUseId: "s1", name: "nova_grounding", type: "server_tool_use", input: { q: "x" } } },
      { toolResult: { toolUseId: "s1", type: "nova_grounding_result", content: [{ text: "y" }] } },
    ],
    [
      start(0, { toolUse: { toolUseId: "s1", name: "nova_grounding", type: "server_tool_use" } }),
      delta(0, { toolUse: { input: '{"q":"x"}' } }),
      stop(0),
      start(1, { toolResult: { toolUseId: "s1", type: "nova_grounding_result" } }),
      delta(1, { toolResult: [{ text: "y" }] }),
      stop(1),
    ],
  ],
  [
    "citations",
    [
      {
        citationsContent: {
          content: [{ text: "Paris." }],
          citations: [{ title: "t", location: { web: { url: "u" } } }],
        },
      },
    ],
    [delta(0, { text: "Paris." }), delta(0, { citation: { title: "t", location: { web: { url: "u" } } } })],
  ],
  [
    "an image that the model made",
    [{ image: { format: "png", source: { bytes: "AA==" } } }],
    [start(0, { image: { format: "png" } }), delta(0, { image: { source: { bytes: "AA==" } } })],
  ],
  ["a kind of block that is new", [{ hologram: { beams: 2 } }], [delta(0, { hologram: { beams: 2 } })]],
];

describe("an answer of Converse", () => {
  test.each(ANSWERS)("with %s reads alike, whole and streamed", (_, content, events) => {
    const whole = assemble(message(content, { metrics: { latencyMs: 9 } }));
    const streamed = assemble(awsStream(begin, ...events, end("end_turn"), metadata));
    expect(streamed).toEqual(whole);
    expect(whole.choices).toHaveLength(1);
    expect(whole.choices[0]?.blocks).toEqual(content);
  });

  test("keeps what each kind of block says", () => {
    const content = ANSWERS.flatMap(([, blocks]) => blocks);
    expect(assemble(message(content)).choices[0]).toMatchObject({
      text: "HelloababcdokParis.",
      reasoning: "hmm",
      reasoningDetails: [
        { type: "reasoning.text", text: "hmm", signature: "s1s2" },
        { type: "reasoning.encrypted", data: Buffer.from("secret!").toString("base64") },
      ],
      toolCalls: [
        { id: "t1", type: "function", name: "f", arguments: '{"a":1}' },
        { id: "t2", type: "function", name: "g", arguments: "{}" },
      ],
      parts: [
        { toolUse: { name: "nova_grounding" } },
        { toolResult: { toolUseId: "s1" } },
        { image: { format: "png" } },
        { hologram: { beams: 2 } },
      ],
      finishReason: "end_turn",
      other: { citations: [{ title: "t" }] },
    });
  });

  test("keeps its trace, its tier, the model that a prompt router chose, and fields of the model's own", () => {
    const fields = {
      trace: { promptRouter: { invokedModelId: "m" }, guardrail: { actionReason: "masked" } },
      serviceTier: { type: "flex" },
      additionalModelResponseFields: { stop_sequence: "x" },
      brandNew: 1,
    };
    const { trace, serviceTier, ...stopped } = fields;
    const whole = assemble(message([{ text: "a" }], fields));
    expect(whole).toMatchObject({ model: "m", serviceTier: "flex" });
    expect(whole.choices[0]?.other).toEqual({
      trace,
      additionalModelResponseFields: { stop_sequence: "x" },
      brandNew: 1,
    });
    const streamed = awsStream(
      begin,
      delta(0, { text: "a" }),
      ["messageStop", { stopReason: "end_turn", ...stopped }],
      ["metadata", { usage: { inputTokens: 3, outputTokens: 2, totalTokens: 5 }, trace, serviceTier }],
    );
    expect(assemble(streamed)).toEqual(whole);
  });

  test("counts what was read from the cache and written to it as input", () => {
    const usage = {
      inputTokens: 3,
      cacheReadInputTokens: 1712,
      cacheReadInputTokenCount: 1712,
      cacheWriteInputTokens: 236,
      outputTokens: 121,
      totalTokens: 2072,
    };
    const answer = assemble(message([{ text: "a" }], { usage }));
    expect(answer.usage).toMatchObject({ inputTokens: 1951, outputTokens: 121, totalTokens: 2072 });
    expect(answer.usage && usageBuckets(answer.usage)).toMatchObject({
      input: 3,
      inputCacheRead: 1712,
      inputCacheWrite: 236,
    });
    expect(answer.rawUsage).toEqual(usage);
  });

  test.each([
    [
      "the older names of the cache counts",
      { inputTokens: 1, outputTokens: 1, cacheReadInputTokenCount: 4 },
      5,
    ],
    ["a total alone", { totalTokens: 7 }, 7],
    ["a total and output", { totalTokens: 7, outputTokens: 2 }, 5],
  ])("reads a usage with %s", (_, usage, inputTokens) => {
    expect(assemble(message([], { usage })).usage).toMatchObject({ inputTokens });
  });

  test.each([{}, { inputTokens: "3" }])("has no usage when %j is all it says", (usage) => {
    expect(assemble(message([], { usage }))).not.toHaveProperty("usage");
  });
});

describe("a stream of Converse that does not end well", () => {
  const partial = awsStream(begin, delta(0, { text: "Hel" }));

  test("keeps what came before an exception", () => {
    const body = Buffer.concat([
      partial,
      awsException("modelStreamErrorException", { message: "Boom.", originalStatusCode: 424 }),
    ]);
    expect(assemble(body)).toMatchObject({
      choices: [{ text: "Hel" }],
      error: { message: "Boom.", type: "modelStreamErrorException", code: 424 },
      truncated: "The stream ended without messageStop.",
    });
  });

  test("can begin with an exception", () => {
    const answer = assemble(awsException("throttlingException", { message: "Slow down." }));
    expect(answer).toMatchObject({
      choices: [],
      error: { message: "Slow down.", type: "throttlingException" },
    });
  });

  test("is truncated when it was cut inside a message, or between two", () => {
    expect(assemble(partial.subarray(0, -1)).truncated).toBe("The event stream broke off inside a message.");
    expect(assemble(partial)).toMatchObject({ truncated: "The stream ended without messageStop." });
  });

  test("warns when it was cut before its usage", () => {
    expect(assemble(awsStream(begin, delta(0, { text: "a" }), end("end_turn"))).warnings).toEqual([
      "The stream ended without metadata: its usage is unknown.",
    ]);
  });

  test("shows what came before the damage", () => {
    const damaged = Buffer.concat([partial, Buffer.alloc(32)]);
    expect(assemble(damaged)).toMatchObject({
      choices: [{ text: "Hel" }],
      truncated: "The event stream is damaged. The checksum of a message's prelude is wrong.",
    });
  });

  test("leaves a tool's arguments as far as they came", () => {
    const calls = (...events: readonly StreamEvent[]) =>
      assemble(awsStream(begin, start(0, { toolUse: { toolUseId: "t", name: "f" } }), ...events)).choices[0]
        ?.toolCalls;
    expect(calls()).toMatchObject([{ arguments: "" }]);
    expect(calls(delta(0, { toolUse: { input: '{"a":' } }))).toMatchObject([{ arguments: '{"a":' }]);
  });

  test("counts events that are no JSON objects, and takes those of a new type", () => {
    const body = awsStream(
      begin,
      ["contentBlockDelta", []],
      ["brandNew", { a: 1 }],
      end("end_turn"),
      metadata,
    );
    const answer = assemble(body);
    expect(answer.warnings).toEqual(["1 of 5 stream events could not be read."]);
    expect(answer.choices[0]?.other).toMatchObject({ brandNew: { a: 1 } });
  });
});

describe("a stream of Converse that Sluice framed as SSE", () => {
  const sse = (...events: readonly StreamEvent[]) =>
    Buffer.from(
      events.map(([type, payload]) => `event: ${type}\ndata: ${JSON.stringify(payload)}\n\n`).join(""),
    );

  test("reads as the binary one", () => {
    const events = [begin, delta(0, { text: "Hi" }), stop(0), end("end_turn"), metadata];
    expect(assemble(sse(...events))).toEqual(assemble(awsStream(...events)));
  });

  test("can fail, and break off", () => {
    expect(assemble(sse(begin, ["throttlingException", { message: "Slow." }]))).toMatchObject({
      error: { message: "Slow.", type: "throttlingException" },
    });
    expect(assemble(sse(begin, end("end_turn")).subarray(0, -1)).truncated).toBe(
      "The stream broke off inside an event.",
    );
  });
});

describe("an error of Bedrock's", () => {
  test.each([
    [{ message: "Bad." }, { message: "Bad." }],
    [{ Message: "Denied." }, { message: "Denied." }],
    [
      { __type: "com.amazon.coral#AccessDenied", message: "No." },
      { message: "No.", type: "AccessDenied" },
    ],
    [
      { Output: { __type: "com.amazon.coral.service#UnknownOperationException" }, Version: "1.0" },
      { message: "UnknownOperationException", type: "UnknownOperationException" },
    ],
    [{ error: "Gone." }, { message: "Gone." }],
    [{}, { message: "The provider answered with status 400." }],
  ])("is read from %j", (body, error) => {
    expect(assemble(body, 400)).toEqual({ choices: [], error: { ...error, raw: body }, warnings: [] });
  });

  test("is found under a good status too", () => {
    expect(assemble({ message: "Bad." }).error).toMatchObject({ message: "Bad." });
  });

  test.each([
    ["nothing", "", "The body is empty."],
    ["no JSON", "<html>", "The body is not JSON (6 bytes)."],
    [
      "something else",
      '{"a":1}',
      "The body is JSON but no Converse answer: it has neither a message nor an error.",
    ],
  ])("is not made of %s", (_, body, reason) => {
    expect(assembleConverseAnswer([Buffer.from(body)], 200)).toEqual({ ok: false, reason });
  });

  test("is not made of a binary stream without an event", () => {
    expect(assembleConverseAnswer([Buffer.alloc(16)], 200)).toMatchObject({ ok: false });
    expect(assembleConverseAnswer([awsStream(["brandNew", {}])], 200)).toMatchObject({ ok: false });
  });
});

describe("a request of Converse", () => {
  test("is split into what the model sees and how it is set", () => {
    const body = {
      modelId: "m",
      messages: [{ role: "user", content: [{ text: "Hi" }] }],
      system: [{ text: "Be brief." }],
      toolConfig: { tools: [] },
      inferenceConfig: { maxTokens: 5, temperature: 0.1 },
      additionalModelRequestFields: { top_k: 3 },
      requestMetadata: { user_id: "u1" },
      guardrailConfig: null,
    };
    expect(readConverseRequest(Buffer.from(JSON.stringify(body)))).toEqual({
      ok: true,
      value: {
        model: "m",
        user: "u1",
        input: { messages: body.messages, system: body.system, toolConfig: body.toolConfig },
        parameters: { maxTokens: 5, temperature: 0.1, additionalModelRequestFields: { top_k: 3 } },
      },
    });
  });

  test.each(["[]", "nope"])("is not read from %s", (body) => {
    expect(readConverseRequest(Buffer.from(body))).toMatchObject({ ok: false });
  });
});

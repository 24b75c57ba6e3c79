import {
  type AssembledAnswer,
  assembleInvokeAnswer,
  assembleMessagesAnswer,
  invokeEventAsSse,
  readAwsEventBody,
} from "@sluice/wire";
import { describe, expect, test } from "vitest";
import { awsEvent, awsException, awsMessage, invokeStream } from "../../../support/aws-event-stream.ts";

const EVENTS = [
  {
    type: "message_start",
    message: {
      id: "msg_bdrk_1",
      type: "message",
      role: "assistant",
      model: "claude",
      content: [],
      usage: { input_tokens: 4, output_tokens: 1 },
    },
  },
  { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
  { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "Zoë 👋" } },
  { type: "content_block_stop", index: 0 },
  { type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 7 } },
  { type: "message_stop", "amazon-bedrock-invocationMetrics": { inputTokenCount: 4 } },
];

function assemble(body: object | Buffer, status = 200): AssembledAnswer {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
  const read = assembleInvokeAnswer([bytes], status);
  if (!read.ok) throw new Error(read.reason);
  return read.value;
}

describe("an answer of InvokeModel", () => {
  test("reads as Anthropic's own stream would", () => {
    const sse = EVENTS.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join("");
    const own = assembleMessagesAnswer([Buffer.from(sse)], 200);
    expect(assembleInvokeAnswer([invokeStream(...EVENTS)], 200)).toEqual(own);
    expect(own).toMatchObject({
      ok: true,
      value: { choices: [{ text: "Zoë 👋", finishReason: "end_turn" }] },
    });
  });

  test("is Anthropic's message when it is JSON", () => {
    const message = { type: "message", id: "m", role: "assistant", content: [{ type: "text", text: "Hi" }] };
    expect(assemble(message)).toMatchObject({ id: "m", choices: [{ text: "Hi" }] });
  });

  test("keeps what came before an exception", () => {
    const body = Buffer.concat([
      invokeStream(...EVENTS.slice(0, 3)),
      awsException("throttlingException", { message: "Slow down." }),
    ]);
    expect(assemble(body)).toMatchObject({
      choices: [{ text: "Zoë 👋" }],
      error: { type: "throttlingException", message: "Slow down." },
    });
  });

  test("can be an exception alone", () => {
    expect(assemble(awsException("validationException", { message: "No." }))).toMatchObject({
      choices: [],
      error: { type: "validationException", message: "No." },
    });
  });

  test("says when its stream broke off or is damaged", () => {
    const body = invokeStream(...EVENTS);
    expect(assemble(body.subarray(0, -3))).toMatchObject({
      choices: [{ text: "Zoë 👋" }],
      truncated: "The event stream broke off inside a message.",
    });
    expect(
      assemble(Buffer.concat([invokeStream(...EVENTS.slice(0, 4)), Buffer.alloc(16)])).truncated,
    ).toMatch(/damaged/);
    expect(assemble(invokeStream(...EVENTS.slice(0, 3))).truncated).toBeDefined();
  });

  test("counts chunks that hold no JSON", () => {
    const body = Buffer.concat([
      awsEvent("chunk", { bytes: "%%" }),
      awsEvent("chunk", {}),
      invokeStream(...EVENTS),
    ]);
    expect(assemble(body).warnings).toContain("2 of 8 stream events could not be read.");
  });

  test("is read when it is one of Claude 2's text completions, streamed or not", () => {
    const whole = {
      type: "completion",
      completion: " Paris.",
      stop_reason: "stop_sequence",
      stop: "\n\nHuman:",
    };
    const read = assemble(whole);
    expect(read).toMatchObject({ choices: [{ text: " Paris.", finishReason: "stop_sequence" }] });
    const pieces = [
      { type: "completion", completion: " Par", stop_reason: null },
      { type: "completion", completion: "is.", stop_reason: "stop_sequence" },
    ];
    expect(assemble(invokeStream(...pieces))).toEqual(read);
  });

  test("of another model family is shown as it is, and read for its errors", () => {
    const output = { generation: "Hi", stop_reason: "stop" };
    expect(assemble(output)).toEqual({ choices: [], output, warnings: [] });
    expect(assemble({ message: "No." }, 400).error).toMatchObject({ message: "No." });
    expect(assemble({ message: "No." }).error).toMatchObject({ message: "No." });
    expect(assembleInvokeAnswer([invokeStream({ generation: "Hi" })], 200)).toEqual({
      ok: false,
      reason: "The stream is of a model family whose format is not read.",
    });
  });

  test("is not read from what is no JSON", () => {
    expect(assembleInvokeAnswer([Buffer.from("<html>")], 502)).toMatchObject({ ok: false });
  });
});

describe("an event of InvokeModelWithResponseStream as SSE", () => {
  function sse(bytes: Buffer): string {
    return readAwsEventBody([bytes]).events.map(invokeEventAsSse).join("");
  }
  const chunk = (json: string) => awsEvent("chunk", { bytes: Buffer.from(json).toString("base64"), p: "ab" });

  test.each([
    [
      "as it is, character by character",
      '{ "type":"ping" ,"n":1.0e2}',
      'event: ping\ndata: { "type":"ping" ,"n":1.0e2}\n\n',
    ],
    [
      "with a line end between members",
      '{"type":"ping",\n"a":1}',
      'event: ping\ndata: {"type":"ping",\ndata: "a":1}\n\n',
    ],
    ["without a type", '{"a":1}', 'data: {"a":1}\n\n'],
  ])("holds the JSON %s", (_, json, text) => {
    expect(sse(chunk(json))).toBe(text);
  });

  test("is nothing when the message holds no bytes", () => {
    expect(sse(awsEvent("brandNew", { a: 1 }))).toBe("");
  });

  test.each([
    ["throttlingException", "rate_limit_error"],
    ["ThrottlingException", "rate_limit_error"],
    ["validationException", "invalid_request_error"],
    ["serviceUnavailableException", "overloaded_error"],
    ["modelTimeoutException", "timeout_error"],
    ["modelStreamErrorException", "api_error"],
  ])("is Anthropic's error for %s", (exception, type) => {
    expect(sse(awsException(exception, { message: "Oh." }))).toBe(
      `event: error\ndata: {"type":"error","error":{"type":"${type}","message":"Oh."}}\n\n`,
    );
  });

  test("is Anthropic's error for what the service has not modelled", () => {
    const headers = { ":message-type": "error", ":error-code": "InternalFailure", ":error-message": "Oh." };
    expect(sse(awsMessage(headers, ""))).toContain('"type":"api_error","message":"Oh."');
  });
});

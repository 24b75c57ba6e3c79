import { createInvokeStream, invokeBody, invokeError } from "@sluice/translate/bedrock-invoke";
import { createSseReader } from "@sluice/wire";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { awsException, invokeStream } from "../../../support/aws-event-stream.ts";
import { atRandomOffsets, byteByByte } from "../../../support/delivery.ts";

const START = { type: "message_start", message: { id: "m", content: [] } };
const DELTA = { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "Zoë 👋" } };
const STOP = { type: "message_stop" };

function invoke(text: string, headers: Readonly<Record<string, string>> = {}): string {
  return invokeBody(Buffer.from(text), JSON.parse(text) as Record<string, unknown>, headers).toString();
}

describe("a messages request for InvokeModel", () => {
  test.each([
    [
      "loses model and stream, and gets Bedrock's version",
      '{"model":"m","max_tokens":5,"stream":true,"messages":[]}',
      '{"max_tokens":5,"messages":[],"anthropic_version":"bedrock-2023-05-31"}',
    ],
    [
      "keeps everything else as it was written",
      '{ "max_tokens" : 5.0, "model":"m", "new":{"a":"\\u00e9"} , "trace":{"x":1}}',
      '{ "max_tokens" : 5.0, "new":{"a":"\\u00e9"},"anthropic_version":"bedrock-2023-05-31"}',
    ],
    [
      "keeps a version of Bedrock's",
      '{"anthropic_version":"bedrock-2030-01-01"}',
      '{"anthropic_version":"bedrock-2030-01-01"}',
    ],
    [
      "replaces a version of Anthropic's own",
      '{"anthropic_version":"2023-06-01"}',
      '{"anthropic_version":"bedrock-2023-05-31"}',
    ],
  ])("%s", (_, text, expected) => {
    expect(invoke(text)).toBe(expected);
  });

  test("says its betas in a list, each once", () => {
    const headers = { "anthropic-beta": "context-1m-2025-08-07, token-efficient-tools-2025-02-19,," };
    const body = '{"anthropic_beta":["context-1m-2025-08-07","other"]}';
    expect(JSON.parse(invoke(body, headers))).toMatchObject({
      anthropic_beta: ["context-1m-2025-08-07", "other", "token-efficient-tools-2025-02-19"],
    });
    expect(invoke("{}", {})).not.toContain("beta");
  });
});

describe("a stream of InvokeModelWithResponseStream", () => {
  function run(pieces: readonly Uint8Array[]) {
    const stream = createInvokeStream();
    const text = pieces
      .flatMap((piece) => stream.push(piece))
      .map(String)
      .join("");
    return { text, ...stream.end() };
  }

  test("becomes Anthropic's, however it is cut", () => {
    const body = invokeStream(START, DELTA, STOP);
    const whole = run([body]);
    expect(whole).toEqual({
      text: [START, DELTA, STOP]
        .map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
        .join(""),
      pieces: [],
      broken: false,
    });
    expect(run(byteByByte(body))).toEqual(whole);
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        expect(run(atRandomOffsets(body, seed))).toEqual(whole);
      }),
    );
  });

  test("passes each event on as soon as it is whole", () => {
    const stream = createInvokeStream();
    expect(stream.push(invokeStream(START))).toHaveLength(1);
    expect(stream.push(invokeStream(DELTA).subarray(0, -1))).toEqual([]);
  });

  test.each([
    ["before its end", invokeStream(START, DELTA)],
    ["inside its last message", invokeStream(START, STOP).subarray(0, -1)],
    ["in damage", Buffer.concat([invokeStream(START), Buffer.alloc(16), invokeStream(STOP)])],
    ["at once", Buffer.alloc(0)],
  ])("that stops %s is broken", (_, body) => {
    expect(run([body]).broken).toBe(true);
  });

  test("ends with an exception as an error event, and with nothing after it", () => {
    const body = Buffer.concat([
      invokeStream(START),
      awsException("throttlingException", { message: "Slow down." }),
      invokeStream(STOP),
    ]);
    const { text, broken } = run([body]);
    const events = createSseReader().feed(Buffer.from(text));
    expect(events.map(({ type }) => type)).toEqual(["message_start", "error"]);
    expect(events[1]?.data).toBe(
      '{"type":"error","error":{"type":"rate_limit_error","message":"Slow down."}}',
    );
    expect(broken).toBe(false);
  });

  test("can be ended by an error of the gateway's own, once", () => {
    const stream = createInvokeStream();
    stream.push(invokeStream(START));
    const error = { message: "Too slow.", status: 504, type: "upstream_timeout" };
    expect(stream.fail(error).map(String)).toEqual([
      'event: error\ndata: {"type":"error","error":{"type":"timeout_error","message":"Too slow.","code":"upstream_timeout"}}\n\n',
    ]);
    expect(stream.fail(error)).toEqual([]);
    expect(stream.push(invokeStream(STOP))).toEqual([]);
    expect(stream.end().broken).toBe(false);
  });
});

describe("an error of InvokeModel", () => {
  test.each([
    [
      400,
      "ValidationException:http://internal.amazon.com/coral/",
      "invalid_request_error",
      "ValidationException",
    ],
    [403, "AccessDeniedException", "permission_error", "AccessDeniedException"],
    [429, "ThrottlingException", "rate_limit_error", "ThrottlingException"],
    [503, "ServiceUnavailableException", "overloaded_error", "ServiceUnavailableException"],
    [424, "ModelErrorException", "api_error", "ModelErrorException"],
    [500, "InternalServerException", "api_error", "InternalServerException"],
  ])("%i %s is Anthropic's %s", (status, header, type, code) => {
    const body = Buffer.from('{"message":"Oh."}');
    const headers = { "x-amzn-errortype": header, "x-amzn-requestid": "r1" };
    expect(JSON.parse(invokeError(body, status, headers).toString())).toEqual({
      type: "error",
      error: { type, message: "Oh.", code },
      request_id: "r1",
    });
  });

  test("that is no JSON is told by its status", () => {
    const page = invokeError(Buffer.from("<html>"), 502, {}).toString();
    expect(JSON.parse(page)).toEqual({
      type: "error",
      error: { type: "api_error", message: "The provider answered with status 502." },
    });
  });
});

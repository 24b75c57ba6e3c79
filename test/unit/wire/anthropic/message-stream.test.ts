import { anthropicErrorBody, anthropicErrorEvent, anthropicStreamFormat, createSseGate } from "@sluice/wire";
import { describe, expect, it } from "vitest";

const isTerminal = (event: string) => anthropicStreamFormat.isTerminal(Buffer.from(event));

describe("the end of a messages stream", () => {
  it.each([
    ["as Anthropic sends it", 'event: message_stop\ndata: {"type":"message_stop"}\n\n'],
    ["with CRLF", 'event: message_stop\r\ndata: {"type":"message_stop"}\r\n\r\n'],
    ["with CR", 'event: message_stop\rdata: {"type":"message_stop"}\r\r'],
    ["without spaces", 'event:message_stop\ndata:{"type":"message_stop"}\n\n'],
    [
      "with Bedrock's metrics",
      `event: message_stop\ndata: {"type":"message_stop","amazon-bedrock-invocationMetrics":{"inputTokenCount":1}}\n\n`,
    ],
    ["without the event's name", 'data: { "type" : "message_stop" }\n\n'],
    ["with the data first", 'data: {"type":"message_stop"}\nevent: message_stop\n\n'],
    ["after a comment", ": ok\nevent: message_stop\ndata: {}\n\n"],
  ])("is recognised %s", (_, event) => {
    expect(isTerminal(event)).toBe(true);
  });

  it.each([
    ["a text that speaks of it", 'event: content_block_delta\ndata: {"text":"event: message_stop"}\n\n'],
    ["a text with an escaped line end", 'data: {"text":"\\nevent: message_stop\\n"}\n\n'],
    ["a text with a separator that is no line end", 'data: {"text":"\u2028event: message_stop"}\n\n'],
    ["the delta before it", 'event: message_delta\ndata: {"type":"message_delta"}\n\n'],
    ["an event with a longer name", "event: message_stopped\ndata: {}\n\n"],
    ["a block's end", 'event: content_block_stop\ndata: {"type":"content_block_stop"}\n\n'],
  ])("is not seen in %s", (_, event) => {
    expect(isTerminal(event)).toBe(false);
  });

  it("is held by the gate, and everything before it passes", () => {
    const gate = createSseGate(anthropicStreamFormat);
    const ping = 'event: ping\ndata: {"type": "ping"}\n\n';
    const stop = 'event: message_stop\ndata: {"type":"message_stop"}\n\n';
    expect(Buffer.concat(gate.push(Buffer.from(ping + stop))).toString()).toBe(ping);
    expect(gate.terminated).toBe(true);
    expect(Buffer.concat(gate.end()).toString()).toBe(stop);
  });
});

describe("an error for a client of Anthropic's", () => {
  it("has Anthropic's shape, and no field that was not given", () => {
    expect(JSON.parse(anthropicErrorBody({ message: "Slow down.", type: "rate_limit_error" }))).toEqual({
      type: "error",
      error: { type: "rate_limit_error", message: "Slow down." },
    });
  });

  it("says its code and the request's id beside the message", () => {
    const error = {
      message: "Spent.",
      type: "rate_limit_error",
      code: "budget_exceeded",
      requestId: "req_1",
    };
    expect(JSON.parse(anthropicErrorBody(error))).toEqual({
      type: "error",
      error: { type: "rate_limit_error", message: "Spent.", code: "budget_exceeded" },
      request_id: "req_1",
    });
  });

  it("is an event of the type error in a stream", () => {
    const error = { message: "a\nb", type: "api_error" };
    expect(anthropicErrorEvent(error)).toBe(`event: error\ndata: ${anthropicErrorBody(error)}\n\n`);
    expect(anthropicErrorEvent(error).split("\n")).toHaveLength(4);
  });
});

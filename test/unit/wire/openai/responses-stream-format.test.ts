import {
  completionsStreamFormat,
  createSseGate,
  MAX_HELD_EVENT_BYTES,
  responsesErrorEvent,
  responsesStreamFormat,
} from "@sluice/wire";
import OpenAI from "openai";
import { describe, expect, it, test } from "vitest";
import { corpusBody, corpusCases } from "../../../support/corpus.ts";
import { atRandomOffsets } from "../../../support/delivery.ts";

const format = responsesStreamFormat();
const cases = (corpusCases() ?? []).filter(
  ({ endpoint, file }) => endpoint === "responses" && file.endsWith(".sse"),
);

describe("the end of a responses stream", () => {
  it.each([
    ["named", 'event: response.completed\ndata: {"response":{},"type":"response.completed"}\n\n'],
    ["with CRLF", 'event: response.failed\r\ndata: {"type":"response.failed"}\r\n\r\n'],
    ["without a name", 'data: {"type":"response.incomplete","response":{}}\n\n'],
    ["with its type last and no name", 'data: {"response":{"id":"r"},"type":"response.completed"}\n\n'],
    ["by name alone", 'event:response.completed\ndata: {"response":{}}\n\n'],
    ["a marker without an event before it", "data: [DONE]\n\n"],
  ])("is recognised %s", (_, event) => {
    expect(format.isTerminal(Buffer.from(event))).toBe(true);
  });

  it.each([
    [
      "a delta that speaks of it",
      'data: {"type":"response.output_text.delta","delta":"response.completed"}\n\n',
    ],
    [
      "a tool's own completion",
      'event: response.web_search_call.completed\ndata: {"type":"response.web_search_call.completed"}\n\n',
    ],
    ["text with the chat marker", 'data: {"type":"response.output_text.delta","delta":"data: [DONE]"}\n\n'],
    ["what is no JSON", "data: response.completed\n\n"],
  ])("is not %s", (_, event) => {
    expect(format.isTerminal(Buffer.from(event))).toBe(false);
  });

  it("is held whole when it is larger than what the gate holds of other events", () => {
    const gate = createSseGate(format);
    const start = `data: {"sequence_number":9,"type":"response.completed","response":{"x":"`;
    const text = `${start}${"x".repeat(2 * MAX_HELD_EVENT_BYTES)}"}}\n\ndata: [DONE]\n\n`;
    const pieces = atRandomOffsets(Buffer.from(text), 7).map((piece) => Buffer.from(piece));
    expect(pieces.flatMap((piece) => gate.push(piece))).toEqual([]);
    expect(gate.terminated).toBe(true);
    expect(Buffer.concat(gate.end()).toString()).toBe(text);
  });

  test.each(cases)("$id: the last event and what follows are held, all else passes", (recorded) => {
    const gate = createSseGate(format);
    const body = Buffer.from(corpusBody(recorded));
    const passed = Buffer.concat(atRandomOffsets(body, 3).flatMap((piece) => gate.push(Buffer.from(piece))));
    const held = Buffer.concat(gate.end()).toString();
    expect(Buffer.concat([passed, Buffer.from(held)])).toEqual(body);
    expect(gate.terminated).toBe(true);
    expect(held).toMatch(/"type":"response\.completed"/);
    expect(held.match(/^data: \{/gm)).toHaveLength(1);
  });
});

describe("the end of a completions stream", () => {
  it("is its marker, and the usage chunk goes when nobody asked for it", () => {
    const gate = createSseGate(completionsStreamFormat({ dropUsage: true }));
    const chunk = 'data: {"object":"text_completion","choices":[{"index":0,"text":"a"}]}\n\n';
    const usage = 'data: {"object":"text_completion","choices":[],"usage":{"total_tokens":3}}\n\n';
    const passed = gate.push(Buffer.from(`${chunk}${usage}data: [DONE]\n\n`));
    expect(Buffer.concat(passed).toString()).toBe(chunk);
    expect(Buffer.concat(gate.end()).toString()).toBe("data: [DONE]\n\n");
  });
});

describe("an error inside a responses stream", () => {
  const body = responsesErrorEvent(
    { message: "It broke off.", type: "server_error", code: "upstream_reset" },
    4,
  );

  it("makes the official SDK throw, with message and code", async () => {
    const client = new OpenAI({
      apiKey: "none",
      maxRetries: 0,
      fetch: () => Promise.resolve(new Response(body, { headers: { "content-type": "text/event-stream" } })),
    });
    const stream = await client.responses.create({ model: "m", input: "i", stream: true });
    const read = Array.fromAsync(stream);
    await expect(read).rejects.toMatchObject({
      message: "It broke off.",
      code: "upstream_reset",
      type: "server_error",
    });
  });

  it("has the documented fields too", () => {
    const data: unknown = JSON.parse(body.split("\ndata: ")[1] ?? "");
    expect(data).toMatchObject({
      type: "error",
      sequence_number: 4,
      code: "upstream_reset",
      message: "It broke off.",
      param: null,
    });
  });
});

/** Streams of messages, read into events, and written so that the official client puts the same message together. */
import "../../../support/property-seed.ts";
import Anthropic from "@anthropic-ai/sdk";
import type { AnswerEvent, ModelAnswer } from "@sluice/translate";
import { createSseReader } from "@sluice/wire";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { answerEvents } from "../../../../packages/translate/src/answer-events.ts";
import { anthropicMessages } from "../../../../packages/translate/src/anthropic/index.ts";
import { foldEvents } from "../../../../packages/translate/src/fold-events.ts";
import { corpusBody, corpusCases } from "../../../support/corpus.ts";
import { blockEvents, messageEvents, messageStream } from "../../../support/message-bodies.ts";
import { answerContext } from "./context.ts";

function read(body: string | Uint8Array): readonly AnswerEvent[] {
  const sse = createSseReader();
  const reader = anthropicMessages.createStreamReader();
  const events = sse.feed(Buffer.from(body));
  const last = sse.end();
  return [...events, ...(last ? [last] : [])].flatMap((event) => reader.read(event)).concat(reader.end());
}

function write(events: readonly AnswerEvent[]): string {
  const writer = anthropicMessages.createStreamWriter(answerContext());
  return events.map((event) => writer.write(event)).join("");
}

/** The message that the official client makes of a stream. */
async function received(body: string): Promise<object> {
  const client = new Anthropic({
    apiKey: "none",
    maxRetries: 0,
    fetch: () => Promise.resolve(new Response(body, { headers: { "content-type": "text/event-stream" } })),
  });
  const request = { model: "m", max_tokens: 1, messages: [] };
  return client.messages.stream(request).finalMessage();
}

const said = (text: string) => ({ type: "text_delta", text });
const kinds = (events: readonly AnswerEvent[]) =>
  events.map((event) => (event.kind === "delta" ? event.delta.kind : event.kind)).join(" ");

describe("a message's stream is read", () => {
  test("event by event, with thinking, its signature, and what it cites", () => {
    const citation = { type: "char_location", cited_text: "c", document_title: "t" };
    const events = read(
      messageStream(
        messageEvents([
          ...blockEvents(0, { type: "thinking", thinking: "", signature: "" }, [
            { type: "thinking_delta", thinking: "H" },
            { type: "thinking_delta", thinking: "m" },
            { type: "signature_delta", signature: "sig" },
          ]),
          { type: "ping" },
          ...blockEvents(1, { type: "redacted_thinking", data: "d" }),
          ...blockEvents(2, { type: "text", text: "" }, [said("a"), { type: "citations_delta", citation }]),
        ]),
      ),
    );
    expect(kinds(events)).toBe(
      "start usage block_start text text signature block_end ping block_start block_end " +
        "block_start text citation block_end usage finish end",
    );
    expect(foldEvents(events)?.blocks).toEqual([
      { kind: "reasoning", text: "Hm", signature: "sig", origin: "anthropic-messages" },
      { kind: "reasoning", text: "", encrypted: "d", origin: "anthropic-messages" },
      { kind: "text", text: "a", citations: [{ title: "t", citedText: "c", raw: citation }] },
    ]);
  });

  test.each([
    ["in pieces", [{ partial_json: "" }, { partial_json: '{"a"' }, { partial_json: ":1}" }], {}, '{"a":1}'],
    ["not at all", [], {}, "{}"],
    ["with its start", [], { a: 1 }, '{"a":1}'],
  ])("with arguments that come %s", (_, pieces, input, expected) => {
    const deltas = pieces.map((piece) => ({ type: "input_json_delta", ...piece }));
    const events = read(
      messageStream(messageEvents(blockEvents(0, { type: "tool_use", id: "t", name: "f", input }, deltas))),
    );
    expect(foldEvents(events)?.blocks).toEqual([
      { kind: "tool_call", id: "t", name: "f", arguments: expected },
    ]);
  });

  test("with what Anthropic's tools did in one piece", () => {
    const search = { type: "server_tool_use", id: "s", name: "web_search", input: {} };
    const events = read(
      messageStream(
        messageEvents(blockEvents(0, search, [{ type: "input_json_delta", partial_json: '{"q":1}' }])),
      ),
    );
    expect(foldEvents(events)?.blocks).toEqual([
      { kind: "server_tool", raw: { ...search, input: { q: 1 } } },
    ]);
  });

  test("one block after the other, though they come interleaved", () => {
    const events = read(
      messageStream(
        messageEvents([
          { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
          { type: "content_block_start", index: 1, content_block: { type: "text", text: "" } },
          { type: "content_block_delta", index: 1, delta: said("b") },
          { type: "content_block_delta", index: 0, delta: said("a") },
          { type: "content_block_stop", index: 1 },
          { type: "content_block_delta", index: 0, delta: said("a") },
          { type: "content_block_stop", index: 0 },
        ]),
      ),
    );
    expect(foldEvents(events)?.blocks).toEqual([
      { kind: "text", text: "aa" },
      { kind: "text", text: "b" },
    ]);
    expect(kinds(events)).toContain("block_start text text block_end block_start text block_end");
  });

  test("with a usage that is merged, not added", () => {
    const start = {
      usage: {
        input_tokens: 9,
        cache_creation_input_tokens: 4,
        cache_creation: { ephemeral_1h_input_tokens: 4 },
        output_tokens: 1,
      },
    };
    const events = read(
      messageStream(messageEvents([], { start, usage: { input_tokens: 3, output_tokens: 8 } })),
    );
    expect(foldEvents(events)?.usage).toEqual({
      inputTokens: 7,
      cacheWriteTokens: 4,
      cacheWrite1hTokens: 4,
      outputTokens: 8,
      totalTokens: 15,
    });
  });

  test("with the explanation of a refusal", () => {
    const delta = { stop_reason: "refusal", stop_details: { explanation: "No." } };
    expect(foldEvents(read(messageStream(messageEvents([], { delta }))))).toMatchObject({
      blocks: [{ kind: "refusal", text: "No." }],
      finish: { reason: "refusal", raw: "refusal" },
    });
  });

  test.each([
    ["overloaded_error", 529],
    ["rate_limit_error", 429],
    ["brand_new_error", 500],
  ])("up to an error of type %s, after which nothing follows", (type, status) => {
    const [start] = messageEvents([]);
    const failed = { type: "error", error: { type, message: "m" } };
    const stream = messageStream([
      start ?? {},
      ...blockEvents(0, { type: "text", text: "a" }).slice(0, 1),
      failed,
      { type: "message_stop" },
    ]);
    const events = read(stream);
    expect(kinds(events)).toBe("start usage block_start text block_end error");
    expect(events.at(-1)).toEqual({ kind: "error", error: { message: "m", status, type } });
  });

  test("without an end when the provider gave none", () => {
    const events = messageEvents(blockEvents(0, { type: "text", text: "" }, [said("a")]));
    expect(kinds(read(messageStream(events.slice(0, 3))))).toBe("start usage block_start text block_end");
    expect(kinds(read(messageStream(events.slice(0, -1))))).toMatch(/finish$/);
  });

  test("without a throw, whatever comes", () => {
    const event = fc.record(
      {
        type: fc.constantFrom(
          "message_start",
          "content_block_start",
          "content_block_delta",
          "content_block_stop",
          "message_delta",
          "x",
        ),
        index: fc.oneof(fc.nat({ max: 2 }), fc.string()),
        content_block: fc.oneof(
          fc.record({ type: fc.constantFrom("text", "thinking", "tool_use", "x") }),
          fc.jsonValue(),
        ),
        delta: fc.oneof(
          fc.record({ type: fc.constantFrom("text_delta", "input_json_delta", "citations_delta") }),
          fc.jsonValue(),
        ),
        message: fc.jsonValue(),
        usage: fc.jsonValue(),
      },
      { requiredKeys: ["type"] },
    );
    fc.assert(
      fc.property(fc.array(event), (events) => {
        const told = kinds(read(messageStream(events)));
        // Blocks one after the other, each begun and ended, deltas inside alone.
        const order = told
          .replace(/start usage|^start|(?<= )start|usage|finish|ping/g, "")
          .replace(/ +/g, " ");
        expect(order.trim()).toMatch(
          /^(block_start( (text|arguments|signature|encrypted|citation))* block_end ?)*$/,
        );
      }),
    );
  });
});

describe("a message's stream is written", () => {
  const answer: ModelAnswer = {
    id: "chatcmpl-1",
    model: "gpt-5",
    blocks: [
      { kind: "reasoning", text: "Hm", signature: "s", origin: "anthropic-messages" },
      { kind: "reasoning", text: "", encrypted: "e", origin: "openai-responses" },
      { kind: "reasoning", text: "Sum", encrypted: "e", origin: "openai-responses" },
      { kind: "text", text: "Hällo", citations: [{ url: "u" }] },
      { kind: "refusal", text: "No." },
      { kind: "image", source: { kind: "url", url: "u" } },
      { kind: "server_tool", raw: {} },
      { kind: "tool_call", id: "a", name: "f", arguments: '{"a":1}', signature: "g" },
      { kind: "tool_call", id: "b", name: "g", arguments: "{}" },
    ],
    finish: { reason: "tool_calls" },
    usage: { inputTokens: 30, cacheReadTokens: 20, outputTokens: 9, reasoningTokens: 2, totalTokens: 39 },
  };

  test("so that the official client makes of it what a whole answer is", async () => {
    const whole = anthropicMessages.writeAnswer(answer, answerContext());
    expect(await received(write(answerEvents(answer)))).toMatchObject(whole);
  });

  test("with a signature in one piece, since clients keep the last piece alone", async () => {
    const body = write([
      { kind: "start", answer: {} },
      { kind: "block_start", block: { kind: "reasoning", text: "", origin: "gemini-generate-content" } },
      { kind: "delta", delta: { kind: "text", text: "Hm" } },
      { kind: "delta", delta: { kind: "signature", signature: "a" } },
      { kind: "delta", delta: { kind: "signature", signature: "b" } },
      { kind: "block_end" },
      { kind: "block_start", block: { kind: "reasoning", text: "" } },
      { kind: "delta", delta: { kind: "encrypted", encrypted: "c" } },
      { kind: "delta", delta: { kind: "encrypted", encrypted: "d" } },
      { kind: "block_end" },
      { kind: "block_start", block: { kind: "reasoning", text: "", origin: "openai-chat" } },
      { kind: "block_end" },
      { kind: "end" },
    ]);
    expect(await received(body)).toMatchObject({
      content: [
        { type: "thinking", thinking: "Hm", signature: "sluice:gemini-generate-content:ab" },
        { type: "redacted_thinking", data: "cd" },
      ],
    });
  });

  test("up to an error, on which the official client throws", async () => {
    const events = answerEvents(answer).slice(0, 3);
    const error = { message: "Slow down.", status: 429 };
    const body = write([...events, { kind: "ping" }, { kind: "error", error }]);
    expect(
      body.endsWith(
        'event: error\ndata: {"type":"error","error":{"type":"rate_limit_error","message":"Slow down."}}\n\n',
      ),
    ).toBe(true);
    await expect(received(body)).rejects.toThrow("Slow down.");
  });
});

describe.runIf(corpusCases())("recorded streams", () => {
  const streams = (corpusCases() ?? []).filter(
    ({ endpoint, file }) => endpoint === "messages" && file.endsWith(".sse"),
  );

  test.for(streams)("$id is read, and written so that it is read alike", (recorded) => {
    const events = read(corpusBody(recorded));
    const answer = foldEvents(events);
    if (!answer) throw new Error("The stream has no end.");
    const again = foldEvents(read(write(events)));
    // What Anthropic's own tools did has no other format to be told in.
    const blocks = answer.blocks.filter(({ kind }) => kind !== "server_tool");
    expect(again).toMatchObject({ id: answer.id, model: answer.model, blocks, usage: answer.usage });
  });
});

import { assembleCountTokensAnswer, assembleMessagesAnswer, readMessagesRequest } from "@sluice/wire";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { blockEvents, message, messageEvents, messageStream } from "../../../support/message-bodies.ts";

function read(body: string | object, status = 200) {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const answer = assembleMessagesAnswer([Buffer.from(text)], status);
  if (!answer.ok) throw new Error(answer.reason);
  return answer.value;
}

const streamed = (blocks: readonly object[], fields = {}) =>
  read(messageStream(messageEvents(blocks, fields)));
const text = (index: number, ...pieces: string[]) =>
  blockEvents(
    index,
    { type: "text", text: "" },
    pieces.map((piece) => ({ type: "text_delta", text: piece })),
  );
const json = (...pieces: string[]) =>
  pieces.map((partial_json) => ({ type: "input_json_delta", partial_json }));

describe("the content of a message", () => {
  it("is the text of all blocks without a separator, with what they cite", () => {
    const citation = { type: "char_location", cited_text: "grass", document_index: 0 };
    const answer = streamed([
      ...text(0, "The ", "grass "),
      ...blockEvents(1, { type: "text", text: "", citations: [] }, [
        { type: "text_delta", text: "is green" },
        { type: "citations_delta", citation },
      ]),
    ]);
    expect(answer.choices[0]).toMatchObject({
      text: "The grass is green",
      blocks: [
        { type: "text", text: "The grass " },
        { type: "text", text: "is green", citations: [citation] },
      ],
      other: { citations: [citation] },
    });
  });

  it("has thinking with its signature and thinking that only the provider can read", () => {
    const answer = streamed([
      ...blockEvents(0, { type: "thinking", thinking: "", signature: "" }, [
        { type: "thinking_delta", thinking: "Hm" },
        { type: "thinking_delta", thinking: "m." },
        { type: "signature_delta", signature: "c2ln" },
      ]),
      ...blockEvents(1, { type: "redacted_thinking", data: "ZGF0YQ==" }),
      ...text(2, "Yes"),
    ]);
    expect(answer.choices[0]).toMatchObject({
      reasoning: "Hmm.",
      text: "Yes",
      reasoningDetails: [
        { type: "thinking", thinking: "Hmm.", signature: "c2ln" },
        { type: "redacted_thinking", data: "ZGF0YQ==" },
      ],
    });
  });

  it.each([
    ["in pieces", json("", '{"city":', '"Bonn"}'), '{"city":"Bonn"}'],
    ["not at all, as a tool without arguments has none", [], "{}"],
    ["as an empty piece", json(""), "{}"],
    ["broken off", json('{"city":"Bo'), '{"city":"Bo'],
  ])("has the caller's tool calls with arguments %s", (_, deltas, args) => {
    const tool = { type: "tool_use", id: "toolu_1", name: "weather", input: {} };
    expect(streamed(blockEvents(0, tool, deltas)).choices[0]?.toolCalls).toEqual([
      { id: "toolu_1", type: "function", name: "weather", arguments: args },
    ]);
  });

  it("keeps the tools of the provider apart from the caller's, though they send their input alike", () => {
    const result = {
      type: "web_search_tool_result",
      tool_use_id: "srvtoolu_1",
      content: [{ url: "https://a.b" }],
    };
    const answer = streamed([
      ...blockEvents(
        0,
        { type: "server_tool_use", id: "srvtoolu_1", name: "web_search", input: {} },
        json('{"query":"x"}'),
      ),
      ...blockEvents(1, result),
      ...blockEvents(
        2,
        { type: "mcp_tool_use", id: "mcptoolu_1", name: "echo", server_name: "s", input: {} },
        json('{"a":1}'),
      ),
    ]);
    expect(answer.choices[0]).toMatchObject({
      toolCalls: [],
      parts: [
        { type: "server_tool_use", name: "web_search", input: { query: "x" } },
        result,
        { type: "mcp_tool_use", name: "echo", input: { a: 1 } },
      ],
    });
  });

  it("keeps calls apart that come in turns, and a block whose start was lost", () => {
    const events = messageEvents([
      { type: "content_block_start", index: 0, content_block: { type: "tool_use", id: "a", name: "f" } },
      { type: "content_block_start", index: 1, content_block: { type: "tool_use", id: "b", name: "g" } },
      { type: "content_block_delta", index: 1, delta: { type: "input_json_delta", partial_json: '{"b":1}' } },
      { type: "content_block_delta", index: 0, delta: { type: "input_json_delta", partial_json: '{"a":1}' } },
      { type: "content_block_delta", index: 2, delta: { type: "text_delta", text: "orphan" } },
    ]);
    expect(read(messageStream(events)).choices[0]).toMatchObject({
      text: "orphan",
      toolCalls: [
        { name: "f", arguments: '{"a":1}' },
        { name: "g", arguments: '{"b":1}' },
      ],
    });
  });

  it("takes a compaction's value from its delta, and keeps a delta that nobody knows", () => {
    const answer = streamed([
      ...blockEvents(0, { type: "compaction", content: null }, [
        { type: "compaction_delta", content: "Summary", encrypted_content: "eA==" },
      ]),
      ...blockEvents(1, { type: "hologram" }, [{ type: "hologram_delta", voxels: [1] }]),
    ]);
    expect(answer.choices[0]?.parts).toEqual([
      { type: "compaction", content: "Summary", encrypted_content: "eA==" },
      { type: "hologram", unread_deltas: [{ type: "hologram_delta", voxels: [1] }] },
    ]);
    expect(answer.warnings).toEqual(["1 of 9 stream events are of an unknown kind."]);
  });

  it.each(["pause_turn", "refusal", "max_tokens", "model_context_window_exceeded"])(
    "may stop for %s, without a block and with details of its own",
    (stop_reason) => {
      const stop_details = { type: "refusal", category: "cyber" };
      const answer = streamed([], { delta: { stop_reason, stop_details, container: { id: "c" } } });
      expect(answer.choices[0]).toMatchObject({
        text: "",
        finishReason: stop_reason,
        other: { stop_details, container: { id: "c" } },
      });
      expect(answer.choices[0]?.refusal).toBeUndefined();
    },
  );

  it("is of the model that took over when the first one declined", () => {
    const fallback = {
      type: "fallback",
      from: { model: "claude-fable-5" },
      to: { model: "claude-opus-4-8" },
    };
    const answer = streamed([...blockEvents(0, fallback), ...text(1, "Hi")], {
      start: { model: "claude-fable-5" },
    });
    expect(answer.model).toBe("claude-opus-4-8");
    expect(answer.choices[0]?.parts).toEqual([fallback]);
  });
});

describe("the usage of a message", () => {
  const start = {
    input_tokens: 100,
    cache_read_input_tokens: 55_096,
    cache_creation_input_tokens: 30,
    cache_creation: { ephemeral_5m_input_tokens: 10, ephemeral_1h_input_tokens: 20 },
    output_tokens: 7,
    service_tier: "priority",
  };

  it("takes the last value of each count, also a lower one, and never adds", () => {
    const answer = streamed(text(0, "a"), {
      start: { usage: start },
      usage: { input_tokens: 181, cache_read_input_tokens: 0, output_tokens: 8 },
    });
    expect(answer.usage).toEqual({
      inputTokens: 211,
      cacheReadTokens: 0,
      cacheWriteTokens: 30,
      outputTokens: 8,
      totalTokens: 219,
    });
  });

  it("keeps what only the start told, and what a later null does not take away", () => {
    const answer = streamed(text(0, "a"), {
      start: { usage: start },
      usage: { output_tokens: 9, cache_creation: null, cache_read_input_tokens: null },
    });
    expect(answer.rawUsage).toMatchObject({ ...start, output_tokens: 9 });
    expect(answer.serviceTier).toBe("priority");
  });

  it("is found at the end alone, and has thinking in it", () => {
    const answer = streamed(text(0, "a"), {
      start: { usage: undefined },
      usage: { input_tokens: 3, output_tokens: 20, output_tokens_details: { thinking_tokens: 12 } },
    });
    expect(answer.usage).toEqual({ inputTokens: 3, outputTokens: 20, reasoningTokens: 12, totalTokens: 23 });
  });

  it("lists the calls that are billed when there were several", () => {
    const iterations = [
      { type: "compaction", input_tokens: 100, cache_read_input_tokens: 55_096, output_tokens: 83 },
      { type: "advisor_message", model: "claude-opus-4-8", input_tokens: 7, output_tokens: 2 },
      { type: "message", input_tokens: 181, output_tokens: 8 },
    ];
    const { billedCalls, usage } = read(
      message({ usage: { input_tokens: 181, output_tokens: 8, iterations } }),
    );
    expect(usage?.totalTokens).toBe(189);
    expect(billedCalls?.map(({ kind, model, usage: { totalTokens } }) => [kind, model, totalTokens])).toEqual(
      [
        ["compaction", undefined, 55_279],
        ["advisor_message", "claude-opus-4-8", 9],
        ["message", undefined, 189],
      ],
    );
  });

  it("lists no calls when the only one is the message's own", () => {
    const iterations = [{ type: "message", input_tokens: 10, output_tokens: 5 }];
    expect(
      read(message({ usage: { input_tokens: 10, output_tokens: 5, iterations } })).billedCalls,
    ).toBeUndefined();
  });

  it("says when it is of the start alone", () => {
    const [first, ...rest] = messageEvents(text(0, "partial"));
    const broken = read(messageStream([first ?? {}, ...rest.slice(0, 2)]));
    expect(broken).toMatchObject({ usageOfStart: true, usage: { inputTokens: 10, outputTokens: 1 } });
    expect(streamed(text(0, "whole")).usageOfStart).toBeUndefined();
    expect(read(message()).usageOfStart).toBeUndefined();
  });
});

describe("an answer that failed", () => {
  const overloaded = {
    type: "error",
    error: { type: "overloaded_error", message: "Overloaded" },
    request_id: "req_1",
  };

  it.each([
    ["with its status", 529],
    ["under 200", 200],
  ])("is an error %s", (_, status) => {
    expect(read(overloaded, status)).toEqual({
      choices: [],
      error: { type: "overloaded_error", message: "Overloaded", raw: overloaded },
      warnings: [],
    });
  });

  it("keeps what came before an error in the middle of the stream", () => {
    const events = messageEvents(text(0, "Half an ans")).slice(0, 3);
    const answer = read(messageStream([...events, overloaded]));
    expect(answer.choices[0]?.text).toBe("Half an ans");
    expect(answer.error).toMatchObject({ type: "overloaded_error", message: "Overloaded" });
    expect(answer.truncated).toBe("The stream ended without message_stop and without a stop reason.");
  });

  it.each([
    ["as the first event", messageStream([overloaded]), "Overloaded"],
    ["in OpenAI's shape", 'data: {"error":{"message":"Bad gateway","code":502}}\n\n', "Bad gateway"],
    ["without an object", 'event: error\ndata: {"message":"went away"}\n\n', "went away"],
    ["without words", "event: error\ndata: {}\n\n", "The stream told of an error."],
  ])("is an error %s", (_, body, text) => {
    expect(read(body)).toMatchObject({ choices: [], error: { message: text } });
  });

  it("is said to have broken off inside an event", () => {
    const body = messageStream(messageEvents(text(0, "a")));
    expect(read(body.slice(0, -20)).truncated).toBe("The stream broke off inside an event.");
    expect(read(body.trimEnd()).truncated).toBeUndefined();
  });

  it.each([
    ["", "The body is empty."],
    ["<html>", "The body is not JSON (6 bytes)."],
    ['{"id":"x"}', "The body is JSON but no message: it has neither content nor an error."],
    ["event: ping\ndata: {}\n\n", "The body is an event stream without an event of a message."],
  ])("is not read from %j", (body, reason) => {
    expect(assembleMessagesAnswer([Buffer.from(body)], 200)).toEqual({ ok: false, reason });
  });

  it("never throws, whatever the events hold", () => {
    const types = [
      "message_start",
      "content_block_start",
      "content_block_delta",
      "message_delta",
      "error",
      "x",
    ];
    const event = fc.record(
      {
        type: fc.constantFrom(...types),
        index: fc.oneof(fc.nat({ max: 3 }), fc.string()),
        message: fc.jsonValue(),
        content_block: fc.jsonValue(),
        delta: fc.oneof(
          fc.record({ type: fc.constantFrom("text_delta", "input_json_delta", "citations_delta") }),
          fc.jsonValue(),
        ),
        usage: fc.jsonValue(),
        error: fc.jsonValue(),
      },
      { requiredKeys: ["type"] },
    );
    fc.assert(
      fc.property(fc.array(event), (events) => {
        const body = Buffer.from(messageStream(events));
        const whole = assembleMessagesAnswer([body], 200);
        const bytes = Array.from(body, (_, at) => body.subarray(at, at + 1));
        expect(assembleMessagesAnswer(bytes, 200)).toEqual(whole);
      }),
    );
  });
});

describe("a token count", () => {
  const count = (body: object, status = 200) =>
    assembleCountTokensAnswer([Buffer.from(JSON.stringify(body))], status);

  it("is a number that nobody is billed for", () => {
    expect(count({ input_tokens: 1114 })).toEqual({
      ok: true,
      value: { choices: [], countedInputTokens: 1114, warnings: [] },
    });
  });

  it("may fail", () => {
    const error = { type: "error", error: { type: "not_found_error", message: "model: x" } };
    expect(count(error, 404)).toMatchObject({ ok: true, value: { error: { message: "model: x" } } });
    expect(count({ tokens: 1 })).toMatchObject({ ok: false });
  });
});

describe("a messages request", () => {
  it("is the conversation, the settings, and the end user", () => {
    const conversation = { system: "Be brief.", messages: [{ role: "user", content: "Hi" }], tools: [] };
    const body = {
      model: "claude-sonnet-4-5",
      ...conversation,
      max_tokens: 100,
      thinking: { type: "adaptive" },
      brand_new: 1,
      stream: true,
      metadata: { user_id: "u-1" },
    };
    expect(readMessagesRequest(Buffer.from(JSON.stringify(body)))).toEqual({
      ok: true,
      value: {
        model: "claude-sonnet-4-5",
        user: "u-1",
        input: conversation,
        parameters: { max_tokens: 100, thinking: { type: "adaptive" }, brand_new: 1 },
      },
    });
  });

  it("keeps the end user's name as it is, also where it is JSON, as Claude Code's is", () => {
    const user_id = JSON.stringify({ device_id: "d", account_uuid: "a", session_id: "s" });
    const request = readMessagesRequest(Buffer.from(JSON.stringify({ metadata: { user_id } })));
    expect(request).toEqual({ ok: true, value: { user: user_id, input: {}, parameters: {} } });
  });

  it.each(["[]", "", "no"])("is not read from %j", (body) => {
    expect(readMessagesRequest(Buffer.from(body)).ok).toBe(false);
  });
});

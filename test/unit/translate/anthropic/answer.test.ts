import type { AnswerContext, ModelAnswer } from "@sluice/translate";
import type { JsonObject } from "@sluice/wire";
import { describe, expect, test } from "vitest";
import { anthropicMessages } from "../../../../packages/translate/src/anthropic/index.ts";
import { message } from "../../../support/message-bodies.ts";
import { answerContext } from "./context.ts";

const context: AnswerContext = answerContext();
const read = (fields: object) => anthropicMessages.readAnswer(message(fields));
const write = (answer: Partial<ModelAnswer>) =>
  anthropicMessages.writeAnswer({ blocks: [], ...answer }, context);

describe("a message is read", () => {
  test.each<readonly [string, JsonObject, unknown]>([
    ["text", { type: "text", text: "Hi", citations: null }, { kind: "text", text: "Hi" }],
    [
      "a citation of a search",
      {
        type: "text",
        text: "Hi",
        citations: [
          { type: "web_search_result_location", url: "u", title: "t", cited_text: "c", encrypted_index: "e" },
        ],
      },
      {
        kind: "text",
        text: "Hi",
        citations: [
          {
            url: "u",
            title: "t",
            citedText: "c",
            raw: {
              type: "web_search_result_location",
              url: "u",
              title: "t",
              cited_text: "c",
              encrypted_index: "e",
            },
          },
        ],
      },
    ],
    [
      "thinking",
      { type: "thinking", thinking: "Hm", signature: "s" },
      { kind: "reasoning", text: "Hm", signature: "s", origin: "anthropic-messages" },
    ],
    [
      "redacted thinking",
      { type: "redacted_thinking", data: "d" },
      { kind: "reasoning", text: "", encrypted: "d", origin: "anthropic-messages" },
    ],
    [
      "a call",
      { type: "tool_use", id: "t", name: "f", input: { a: 1 } },
      { kind: "tool_call", id: "t", name: "f", arguments: '{"a":1}' },
    ],
    [
      "a call without arguments",
      { type: "tool_use", id: "t", name: "f" },
      { kind: "tool_call", id: "t", name: "f", arguments: "{}" },
    ],
    [
      "what Anthropic's tools did",
      { type: "server_tool_use", id: "s", name: "web_search", input: { query: "q" } },
      {
        kind: "server_tool",
        raw: { type: "server_tool_use", id: "s", name: "web_search", input: { query: "q" } },
      },
    ],
  ])("with %s", (_, block, expected) => {
    expect(read({ content: [block] })?.blocks).toEqual([expected]);
  });

  test.each([
    ["end_turn", "stop"],
    ["max_tokens", "length"],
    ["tool_use", "tool_calls"],
    ["pause_turn", "pause"],
    ["refusal", "refusal"],
    ["model_context_window_exceeded", "context_length"],
    ["compaction", "other"],
  ])("that stopped for %s", (raw, reason) => {
    expect(read({ stop_reason: raw })?.finish).toEqual({ reason, raw });
  });

  test("that stopped at a sequence, or has not stopped", () => {
    expect(read({ stop_reason: "stop_sequence", stop_sequence: "X" })?.finish).toEqual({
      reason: "stop_sequence",
      stopSequence: "X",
      raw: "stop_sequence",
    });
    expect(read({ stop_reason: null })?.finish).toBeUndefined();
  });

  test("with a refusal's explanation, which stands apart from the content", () => {
    const refused = {
      content: [],
      stop_reason: "refusal",
      stop_details: { type: "refusal", explanation: "Not that." },
    };
    expect(read(refused)?.blocks).toEqual([{ kind: "refusal", text: "Not that." }]);
  });

  test("with every bucket of its usage", () => {
    const usage = {
      input_tokens: 1,
      cache_read_input_tokens: 20,
      cache_creation_input_tokens: 300,
      cache_creation: { ephemeral_5m_input_tokens: 100, ephemeral_1h_input_tokens: 200 },
      output_tokens: 40,
      output_tokens_details: { thinking_tokens: 30 },
      server_tool_use: { web_search_requests: 2 },
      service_tier: "standard",
    };
    expect(read({ usage })).toMatchObject({
      id: "msg_1",
      model: "claude-sonnet-5",
      serviceTier: "default",
      usage: {
        inputTokens: 321,
        cacheReadTokens: 20,
        cacheWriteTokens: 300,
        cacheWrite1hTokens: 200,
        outputTokens: 40,
        reasoningTokens: 30,
        webSearches: 2,
        totalTokens: 361,
      },
    });
  });

  test.each([[undefined], [[]], ["text"], [{ type: "error", error: {} }], [{ choices: [] }]])(
    "and nothing else: not %j",
    (body) => {
      expect(anthropicMessages.readAnswer(body)).toBeUndefined();
    },
  );
});

describe("a message is written", () => {
  test("with what its clients need, whatever the provider left out", () => {
    expect(write({})).toEqual({
      id: "msg_new1",
      type: "message",
      role: "assistant",
      model: "the-alias",
      content: [],
      stop_reason: "end_turn",
      stop_sequence: null,
      usage: {
        input_tokens: 0,
        cache_creation_input_tokens: 0,
        cache_read_input_tokens: 0,
        output_tokens: 0,
      },
    });
  });

  test("with every kind of block", () => {
    const { content } = write({
      blocks: [
        { kind: "reasoning", text: "Hm", signature: "s", origin: "anthropic-messages" },
        { kind: "reasoning", text: "Hm", signature: "g", origin: "gemini-generate-content" },
        { kind: "reasoning", text: "Sum", encrypted: "e", origin: "openai-responses" },
        { kind: "reasoning", text: "", encrypted: "e", origin: "openai-responses" },
        { kind: "reasoning", text: "Hm", origin: "openai-chat" },
        { kind: "reasoning", text: "Hm" },
        { kind: "reasoning", text: "", origin: "openai-chat" },
        { kind: "text", text: "Hi", citations: [{ url: "u", title: "t" }, { title: "nowhere" }] },
        { kind: "refusal", text: "No." },
        { kind: "image", source: { kind: "base64", mediaType: "image/png", data: "AA" } },
        { kind: "server_tool", raw: { type: "web_search_call" } },
        { kind: "tool_call", id: "t", name: "f", arguments: "", signature: "g" },
        { kind: "tool_call", id: "u", name: "f", arguments: '{"a":1}' },
      ],
    });
    expect(content).toEqual([
      { type: "thinking", thinking: "Hm", signature: "s" },
      { type: "thinking", thinking: "Hm", signature: "sluice:gemini-generate-content:g" },
      { type: "thinking", thinking: "Sum", signature: "sluice:openai-responses:e" },
      { type: "redacted_thinking", data: "sluice:openai-responses:e" },
      { type: "thinking", thinking: "Hm", signature: "sluice:openai-chat:" },
      { type: "thinking", thinking: "Hm", signature: "" },
      {
        type: "text",
        text: "Hi",
        citations: [
          { type: "web_search_result_location", url: "u", title: "t", cited_text: "", encrypted_index: "" },
        ],
      },
      { type: "text", text: "No." },
      { type: "text", text: "![image](data:image/png;base64,AA)" },
      { type: "thinking", thinking: "", signature: "sluice:gemini-generate-content:g" },
      { type: "tool_use", id: "t", name: "f", input: {} },
      { type: "tool_use", id: "u", name: "f", input: { a: 1 } },
    ]);
  });

  test("with the reason to stop that its content shows, where the provider's word does not", () => {
    const call = { kind: "tool_call", id: "t", name: "f", arguments: "{}" } as const;
    const reasonOf = (answer: Partial<ModelAnswer>) => write(answer)["stop_reason"];
    expect(reasonOf({ blocks: [call], finish: { reason: "stop" } })).toBe("tool_use");
    expect(reasonOf({ blocks: [call], finish: { reason: "length" } })).toBe("max_tokens");
    expect(reasonOf({ finish: { reason: "content_filter" } })).toBe("refusal");
    expect(reasonOf({ finish: { reason: "context_length" } })).toBe("model_context_window_exceeded");
    expect(reasonOf({ finish: { reason: "pause" } })).toBe("pause_turn");
    expect(write({ finish: { reason: "stop_sequence", stopSequence: "X" } })).toMatchObject({
      stop_reason: "stop_sequence",
      stop_sequence: "X",
    });
  });

  test("again as it was, as far as every format can say it", () => {
    const body = message({
      content: [
        { type: "thinking", thinking: "Hm", signature: "s" },
        { type: "redacted_thinking", data: "d" },
        {
          type: "text",
          text: "Hi",
          citations: [{ type: "char_location", cited_text: "c", document_index: 0 }],
        },
        { type: "tool_use", id: "t", name: "f", input: { a: [1] } },
      ],
      stop_reason: "tool_use",
      usage: {
        input_tokens: 1,
        cache_creation_input_tokens: 5,
        cache_read_input_tokens: 7,
        cache_creation: { ephemeral_5m_input_tokens: 3, ephemeral_1h_input_tokens: 2 },
        output_tokens: 9,
        output_tokens_details: { thinking_tokens: 4 },
        server_tool_use: { web_search_requests: 1, web_fetch_requests: 0 },
        service_tier: "priority",
      },
    });
    const answer = anthropicMessages.readAnswer(body);
    expect(answer && anthropicMessages.writeAnswer(answer, context)).toEqual(body);
  });
});

describe("an error", () => {
  const readError = (body: string, status: number) => anthropicMessages.readError(body, status, {});

  test("is read from Anthropic's shape, from others, and from a page that is none", () => {
    const body = JSON.stringify({
      type: "error",
      error: { type: "overloaded_error", message: "Overloaded" },
    });
    expect(readError(body, 529)).toEqual({ message: "Overloaded", status: 529, type: "overloaded_error" });
    expect(readError('{"error":{"message":"m","code":7}}', 400)).toEqual({
      message: "m",
      status: 400,
      code: "7",
    });
    const page = { message: "The provider answered with status 502.", status: 502 };
    expect(readError("<html>", 502)).toEqual(page);
    expect(readError("", 502)).toEqual(page);
  });

  test.each([
    [400, "invalid_request_error"],
    [401, "authentication_error"],
    [403, "permission_error"],
    [404, "not_found_error"],
    [413, "request_too_large"],
    [422, "invalid_request_error"],
    [429, "rate_limit_error"],
    [500, "api_error"],
    [502, "api_error"],
    [503, "overloaded_error"],
    [529, "overloaded_error"],
  ])("of status %i is written as %s", (status, type) => {
    expect(
      anthropicMessages.writeError({ message: "m", status, type: "ThrottlingException", code: "c" }),
    ).toEqual({
      type: "error",
      error: { type, message: "m", code: "c" },
    });
  });
});

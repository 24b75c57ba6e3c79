import type { Conversation } from "@sluice/translate";
import type { JsonObject } from "@sluice/wire";
import { describe, expect, test } from "vitest";
import { openAiChat } from "../../../../packages/translate/src/openai-chat/index.ts";
import { createNotes } from "./notes.ts";

const HELLO = { role: "user", content: "Hello" };

function read(body: JsonObject) {
  const { note, notes } = createNotes();
  return { conversation: openAiChat.readRequest({ model: "m", messages: [HELLO], ...body }, note), notes };
}

describe("a setting is read", () => {
  test.each<readonly [string, JsonObject, Partial<Conversation>]>([
    ["max_tokens", { max_tokens: 5 }, { maxOutputTokens: 5 }],
    [
      "max_completion_tokens before max_tokens",
      { max_tokens: 5, max_completion_tokens: 9 },
      { maxOutputTokens: 9 },
    ],
    ["stop as a text", { stop: "END" }, { stop: ["END"] }],
    ["stop as a list", { stop: ["a", "b"] }, { stop: ["a", "b"] }],
    ["stop as null", { stop: null }, { stop: [] }],
    [
      "sampling",
      { temperature: 0, top_p: 0.5, top_k: 3, seed: 7, n: 2, frequency_penalty: 1, presence_penalty: -1 },
      {
        sampling: {
          temperature: 0,
          topP: 0.5,
          topK: 3,
          seed: 7,
          choices: 2,
          frequencyPenalty: 1,
          presencePenalty: -1,
        },
      },
    ],
    [
      "logprobs",
      { logprobs: true, top_logprobs: 2, logit_bias: { "5": 1 } },
      { sampling: { logprobs: true, topLogprobs: 2, logitBias: { "5": 1 } } },
    ],
    ["reasoning_effort", { reasoning_effort: "high" }, { reasoning: { effort: "high" } }],
    ["OpenRouter's reasoning", { reasoning: { max_tokens: 2000 } }, { reasoning: { budgetTokens: 2000 } }],
    ["OpenRouter's reasoning, off", { reasoning: { enabled: false } }, { reasoning: { budgetTokens: 0 } }],
    [
      "Anthropic's thinking",
      { thinking: { type: "enabled", budget_tokens: 1024 } },
      { reasoning: { budgetTokens: 1024 } },
    ],
    ["adaptive thinking", { thinking: { type: "adaptive" } }, { reasoning: { adaptive: true } }],
    ["JSON output", { response_format: { type: "json_object" } }, { outputFormat: { kind: "json" } }],
    [
      "JSON output after a schema",
      {
        response_format: {
          type: "json_schema",
          json_schema: { name: "n", schema: { type: "object" }, strict: true },
        },
      },
      { outputFormat: { kind: "json_schema", name: "n", schema: { type: "object" }, strict: true } },
    ],
    [
      "streaming with usage",
      { stream: true, stream_options: { include_usage: true } },
      { stream: true, streamUsage: true },
    ],
    ["streaming without usage", { stream: true }, { stream: true, streamUsage: false }],
    ["user and service tier", { user: "u", service_tier: "flex" }, { userId: "u", serviceTier: "flex" }],
    [
      "what only OpenAI has",
      { verbosity: "low", metadata: { a: "b" }, store: false, prompt_cache_key: "k", safety_identifier: "s" },
      {
        openAi: {
          verbosity: "low",
          metadata: { a: "b" },
          store: false,
          promptCacheKey: "k",
          safetyIdentifier: "s",
        },
      },
    ],
    ["parallel calls", { parallel_tool_calls: false }, { parallelToolCalls: false }],
  ])("%s", (_, body, expected) => {
    const { conversation, notes } = read(body);
    expect(conversation).toMatchObject(expected);
    expect(notes).toEqual([]);
  });
});

describe("tools", () => {
  const tool = (name: string) => ({ type: "function", function: { name } });

  test("a tool without parameters takes an empty object", () => {
    expect(read({ tools: [tool("now")] }).conversation.tools).toEqual([
      { name: "now", parameters: { type: "object", properties: {} } },
    ]);
  });

  test("legacy functions are tools", () => {
    const { conversation } = read({
      functions: [{ name: "f", description: "d", parameters: { type: "object" } }],
      function_call: { name: "f" },
    });
    expect(conversation.tools).toEqual([{ name: "f", description: "d", parameters: { type: "object" } }]);
    expect(conversation.toolChoice).toEqual({ kind: "tool", name: "f" });
  });

  test.each([
    ["auto", { kind: "auto" }],
    ["none", { kind: "none" }],
    ["required", { kind: "required" }],
    ["any", { kind: "required" }],
    [tool("f"), { kind: "tool", name: "f" }],
  ])("tool_choice %j", (choice, expected) => {
    expect(read({ tools: [tool("f")], tool_choice: choice }).conversation.toolChoice).toEqual(expected);
  });

  test("allowed_tools leaves the others out", () => {
    const { conversation } = read({
      tools: [tool("a"), tool("b")],
      tool_choice: { type: "allowed_tools", allowed_tools: { mode: "required", tools: [tool("b")] } },
    });
    expect(conversation.tools.map(({ name }) => name)).toEqual(["b"]);
    expect(conversation.toolChoice).toEqual({ kind: "required" });
  });

  test("a tool of another type is noted", () => {
    const { conversation, notes } = read({ tools: [{ type: "web_search" }, tool("f")] });
    expect(conversation.tools.map(({ name }) => name)).toEqual(["f"]);
    expect(notes).toMatchObject([{ field: "tools[0]", weight: "matters" }]);
  });
});

describe("messages", () => {
  test("system and developer are both kept, wherever they stand", () => {
    const { conversation } = read({
      messages: [
        { role: "system", content: "a" },
        { role: "developer", content: [{ type: "text", text: "b" }] },
        HELLO,
        { role: "system", content: "c" },
      ],
    });
    expect(conversation.turns.map(({ role }) => role)).toEqual(["system", "developer", "user", "system"]);
  });

  test("images, files and sound become sources", () => {
    const { conversation } = read({
      messages: [
        {
          role: "user",
          name: "Ann",
          content: [
            { type: "image_url", image_url: { url: "data:image/png;base64,AAAA", detail: "low" } },
            { type: "image_url", image_url: { url: "https://example.org/a.png" } },
            { type: "input_audio", input_audio: { data: "BBBB", format: "mp3" } },
            { type: "file", file: { file_data: "data:application/pdf;base64,CCCC", filename: "c.pdf" } },
            { type: "file", file: { file_id: "file-1" } },
          ],
        },
      ],
    });
    expect(conversation.turns).toEqual([
      {
        role: "user",
        name: "Ann",
        parts: [
          {
            kind: "image",
            source: { kind: "base64", mediaType: "image/png", data: "AAAA" },
            detail: "low",
          },
          { kind: "image", source: { kind: "url", url: "https://example.org/a.png" } },
          { kind: "audio", source: { kind: "base64", mediaType: "audio/mpeg", data: "BBBB" } },
          {
            kind: "file",
            source: { kind: "base64", mediaType: "application/pdf", data: "CCCC" },
            filename: "c.pdf",
          },
          { kind: "file", source: { kind: "file_id", id: "file-1" } },
        ],
      },
    ]);
  });

  test("the results of parallel calls are one turn, each with its tool's name", () => {
    const call = (id: string, name: string, text: string) => ({
      id,
      type: "function",
      function: { name, arguments: text },
    });
    const { conversation } = read({
      messages: [
        HELLO,
        { role: "assistant", content: null, tool_calls: [call("1", "f", '{"a":1}'), call("2", "g", "")] },
        { role: "tool", tool_call_id: "1", content: "one" },
        { role: "tool", tool_call_id: "2", content: [{ type: "text", text: "two" }] },
      ],
    });
    expect(conversation.turns.slice(1)).toEqual([
      {
        role: "assistant",
        parts: [
          { kind: "tool_call", id: "1", name: "f", arguments: '{"a":1}' },
          { kind: "tool_call", id: "2", name: "g", arguments: "{}" },
        ],
      },
      {
        role: "user",
        parts: [
          { kind: "tool_result", callId: "1", name: "f", parts: [{ kind: "text", text: "one" }] },
          { kind: "tool_result", callId: "2", name: "g", parts: [{ kind: "text", text: "two" }] },
        ],
      },
    ]);
  });

  test("legacy function messages answer the calls of their name, in order", () => {
    const called = { role: "assistant", content: null, function_call: { name: "f", arguments: "{}" } };
    const { conversation } = read({
      messages: [HELLO, called, { role: "function", name: "f", content: "x" }],
    });
    const [, call, result] = conversation.turns;
    expect(call?.parts).toMatchObject([{ kind: "tool_call", id: "call_function_1", name: "f" }]);
    expect(result?.parts).toMatchObject([{ kind: "tool_result", callId: "call_function_1", name: "f" }]);
  });

  test.each<readonly [string, JsonObject, readonly object[]]>([
    ["reasoning_content", { reasoning_content: "t" }, [{ text: "t", origin: "openai-chat" }]],
    ["reasoning", { reasoning: "t" }, [{ text: "t", origin: "openai-chat" }]],
    [
      "reasoning_details, pieces of one block joined",
      {
        reasoning: "t",
        reasoning_details: [
          { type: "reasoning.text", text: "t", format: "anthropic-claude-v1", index: 0 },
          { type: "reasoning.text", signature: "s", format: "anthropic-claude-v1", index: 0 },
        ],
      },
      [{ text: "t", signature: "s", origin: "anthropic-messages" }],
    ],
    [
      "encrypted details",
      {
        reasoning_details: [
          { type: "reasoning.summary", summary: "u", format: "openai-responses-v1", index: 0, id: "rs_1" },
          { type: "reasoning.encrypted", data: "e", format: "openai-responses-v1", index: 0, id: "rs_1" },
        ],
      },
      [{ text: "u", encrypted: "e", id: "rs_1", origin: "openai-responses" }],
    ],
    [
      "LiteLLM's thinking_blocks",
      {
        thinking_blocks: [
          { type: "thinking", thinking: "t", signature: "s" },
          { type: "redacted_thinking", data: "r" },
        ],
      },
      [
        { text: "t", signature: "s", origin: "anthropic-messages" },
        { text: "", encrypted: "r", origin: "anthropic-messages" },
      ],
    ],
  ])("reasoning as %s", (_, fields, expected) => {
    const { conversation } = read({ messages: [HELLO, { role: "assistant", content: "x", ...fields }] });
    const blocks = expected.map((block) => ({ kind: "reasoning", ...block }));
    expect(conversation.turns[1]?.parts).toEqual([...blocks, { kind: "text", text: "x" }]);
  });

  test("Mistral's thinking parts are reasoning, in their place", () => {
    const content = [
      { type: "thinking", thinking: [{ type: "text", text: "t" }] },
      { type: "text", text: "x" },
    ];
    const { conversation } = read({ messages: [HELLO, { role: "assistant", content }] });
    expect(conversation.turns[1]?.parts.map(({ kind }) => kind)).toEqual(["reasoning", "text"]);
  });

  test("a Gemini signature stays with its call", () => {
    const { conversation } = read({
      messages: [
        HELLO,
        {
          role: "assistant",
          tool_calls: [
            {
              id: "1",
              type: "function",
              function: { name: "f", arguments: "{}" },
              extra_content: { google: { thought_signature: "sig" } },
            },
          ],
        },
      ],
    });
    expect(conversation.turns[1]?.parts).toMatchObject([{ kind: "tool_call", signature: "sig" }]);
  });

  test("cache_control is read on parts, messages and tools", () => {
    const cache = { cache_control: { type: "ephemeral", ttl: "1h" } };
    const { conversation } = read({
      messages: [
        { role: "system", content: [{ type: "text", text: "a", ...cache }] },
        { ...HELLO, ...cache },
      ],
      tools: [{ type: "function", function: { name: "f" }, ...cache }],
    });
    expect(conversation.turns.map(({ parts }) => parts)).toMatchObject([
      [{ cache: { ttl: "1h" } }],
      [{ cache: { ttl: "1h" } }],
    ]);
    expect(conversation.tools).toMatchObject([{ cache: { ttl: "1h" } }]);
  });
});

describe("nothing vanishes silently", () => {
  test.each<readonly [string, JsonObject, string, "matters" | "hint"]>([
    ["an unknown setting", { min_p: 0.1 }, "min_p", "matters"],
    ["web search", { web_search_options: {} }, "web_search_options", "matters"],
    ["sound as an answer", { modalities: ["text", "audio"] }, "modalities", "matters"],
    ["a predicted output, which makes it only faster", { prediction: {} }, "prediction", "hint"],
    ["an unknown field of a message", { messages: [{ ...HELLO, x: 1 }] }, "messages[0].x", "matters"],
    [
      "an unknown part",
      { messages: [{ role: "user", content: [{ type: "video_url", video_url: {} }] }] },
      "messages[0].content[0]",
      "matters",
    ],
    [
      "annotations that come back",
      { messages: [{ role: "assistant", content: "x", annotations: [] }] },
      "messages[0].annotations",
      "hint",
    ],
  ])("%s", (_, body, field, weight) => {
    expect(read(body).notes).toMatchObject([{ field, weight }]);
  });

  test("null is no value, and text alone is what every model answers", () => {
    const message = { role: "assistant", content: "x", refusal: null, audio: null, function_call: null };
    expect(read({ messages: [message], seed: null, min_p: null, modalities: ["text"] }).notes).toEqual([]);
  });
});

describe("a malformed request is refused with the field", () => {
  test.each<readonly [string, JsonObject]>([
    ["messages", { messages: "hi" }],
    ["messages[0]", { messages: ["hi"] }],
    ["messages[0].role", { messages: [{ content: "hi" }] }],
    ["messages[0].content", { messages: [{ role: "user", content: 5 }] }],
    [
      "messages[0].content[0].image_url.url",
      { messages: [{ role: "user", content: [{ type: "image_url" }] }] },
    ],
    ["messages[0].tool_call_id", { messages: [{ role: "tool", content: "x" }] }],
    ["messages[0].tool_calls[0]", { messages: [{ role: "assistant", tool_calls: [{ id: "1" }] }] }],
    ["tools[0].function.name", { tools: [{ type: "function", function: {} }] }],
    ["tool_choice", { tool_choice: 5 }],
    ["response_format", { response_format: { type: "json_schema" } }],
    ["stop", { stop: 5 }],
  ])("%s", (field, body) => {
    expect(() => read(body)).toThrow(expect.objectContaining({ name: "MalformedRequestError", field }));
  });
});

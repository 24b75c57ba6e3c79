import { type Conversation, MalformedRequestError } from "@sluice/translate";
import type { JsonObject } from "@sluice/wire";
import { describe, expect, test } from "vitest";
import { anthropicMessages } from "../../../../packages/translate/src/anthropic/index.ts";
import { createNotes } from "../openai-chat/notes.ts";

const MESSAGES = [{ role: "user", content: "Hi" }];

function read(fields: JsonObject) {
  const { note, notes } = createNotes();
  const conversation = anthropicMessages.readRequest(
    { model: "m", max_tokens: 9, messages: MESSAGES, ...fields },
    note,
  );
  return { conversation, notes: notes.map(({ field, weight }) => `${field} ${weight}`) };
}

const user = (...content: JsonObject[]) => ({ messages: [{ role: "user", content }] });
const parts = (content: JsonObject) => read(user(content)).conversation.turns[0]?.parts[0];

describe("a messages request", () => {
  test("is its turns, with the instructions in front", () => {
    const { conversation, notes } = read({
      system: [
        { type: "text", text: "Be brief.", cache_control: { type: "ephemeral", ttl: "1h" } },
        { type: "text", text: "" },
      ],
      messages: [...MESSAGES, { role: "assistant", content: [{ type: "text", text: "Hello" }] }],
    });
    expect(conversation.turns).toEqual([
      { role: "system", parts: [{ kind: "text", text: "Be brief.", cache: { ttl: "1h" } }] },
      { role: "user", parts: [{ kind: "text", text: "Hi" }] },
      { role: "assistant", parts: [{ kind: "text", text: "Hello" }] },
    ]);
    expect(notes).toEqual([]);
  });

  test.each<readonly [string, JsonObject, Partial<Conversation>]>([
    ["the limit", { max_tokens: 7 }, { maxOutputTokens: 7 }],
    ["stop sequences", { stop_sequences: ["a", "b"] }, { stop: ["a", "b"] }],
    [
      "sampling",
      { temperature: 0, top_p: 0.5, top_k: 3 },
      { sampling: { temperature: 0, topP: 0.5, topK: 3 } },
    ],
    [
      "a budget for thinking",
      { thinking: { type: "enabled", budget_tokens: 2048 } },
      { reasoning: { budgetTokens: 2048 } },
    ],
    ["no thinking", { thinking: { type: "disabled" } }, { reasoning: { budgetTokens: 0 } }],
    [
      "thinking as the model likes",
      { thinking: { type: "adaptive", display: "omitted" }, output_config: { effort: "low" } },
      { reasoning: { adaptive: true, summary: "omitted", effort: "low" } },
    ],
    [
      "a schema",
      { output_config: { format: { type: "json_schema", schema: { type: "object" } } } },
      { outputFormat: { kind: "json_schema", schema: { type: "object" } } },
    ],
    [
      "a schema by its name in the beta",
      { output_format: { type: "json_schema", schema: {} } },
      { outputFormat: { kind: "json_schema", schema: {} } },
    ],
    ["any tool", { tool_choice: { type: "any" } }, { toolChoice: { kind: "required" } }],
    ["no tool", { tool_choice: { type: "none" } }, { toolChoice: { kind: "none" } }],
    [
      "one tool, one at a time",
      { tool_choice: { type: "tool", name: "f", disable_parallel_tool_use: true } },
      { toolChoice: { kind: "tool", name: "f" }, parallelToolCalls: false },
    ],
    ["the stream", { stream: true }, { stream: true }],
    ["the end user", { metadata: { user_id: "u" } }, { userId: "u" }],
    ["the tier", { service_tier: "standard_only" }, { serviceTier: "default" }],
    [
      "what is null as absent",
      { temperature: null, thinking: null, tool_choice: null, system: null },
      { sampling: {} },
    ],
    [
      "tools of the caller's",
      {
        tools: [
          { name: "f", description: "d", input_schema: { type: "object" }, strict: true },
          { type: "custom", name: "g", cache_control: { type: "ephemeral" } },
        ],
      },
      {
        tools: [
          { name: "f", description: "d", parameters: { type: "object" }, strict: true },
          { name: "g", parameters: { type: "object", properties: {} }, cache: {} },
        ],
      },
    ],
  ])("says %s", (_, fields, expected) => {
    const { conversation, notes } = read(fields);
    expect(conversation).toMatchObject(expected);
    expect(notes).toEqual([]);
  });

  test.each<readonly [string, JsonObject, unknown]>([
    [
      "an image",
      { type: "image", source: { type: "base64", media_type: "image/png", data: "AA" } },
      { kind: "image", source: { kind: "base64", mediaType: "image/png", data: "AA" } },
    ],
    [
      "an image elsewhere",
      {
        type: "image",
        source: { type: "url", url: "https://a.b/c.png" },
        cache_control: { type: "ephemeral" },
      },
      { kind: "image", source: { kind: "url", url: "https://a.b/c.png" }, cache: {} },
    ],
    [
      "a PDF",
      {
        type: "document",
        title: "t.pdf",
        source: { type: "base64", media_type: "application/pdf", data: "AA" },
      },
      {
        kind: "file",
        source: { kind: "base64", mediaType: "application/pdf", data: "AA" },
        filename: "t.pdf",
      },
    ],
    [
      "an uploaded file",
      { type: "document", source: { type: "file", file_id: "file_1" } },
      { kind: "file", source: { kind: "file_id", id: "file_1" } },
    ],
    [
      "a text file",
      { type: "document", source: { type: "text", media_type: "text/plain", data: "abc" } },
      { kind: "file", source: { kind: "text", mediaType: "text/plain", text: "abc" } },
    ],
    [
      "a document of blocks",
      {
        type: "document",
        source: {
          type: "content",
          content: [
            { type: "text", text: "a" },
            { type: "text", text: "b" },
          ],
        },
      },
      { kind: "file", source: { kind: "text", mediaType: "text/plain", text: "a\nb" } },
    ],
    [
      "a failed result of a tool",
      { type: "tool_result", tool_use_id: "t", is_error: true, content: "no" },
      { kind: "tool_result", callId: "t", isError: true, parts: [{ kind: "text", text: "no" }] },
    ],
    [
      "a result without content",
      { type: "tool_result", tool_use_id: "t" },
      { kind: "tool_result", callId: "t", parts: [] },
    ],
    [
      "a result with an image",
      {
        type: "tool_result",
        tool_use_id: "t",
        content: [{ type: "image", source: { type: "url", url: "u" } }],
      },
      { kind: "tool_result", callId: "t", parts: [{ kind: "image", source: { kind: "url", url: "u" } }] },
    ],
    [
      "a call of a tool",
      { type: "tool_use", id: "t", name: "f", input: { a: 1 } },
      { kind: "tool_call", id: "t", name: "f", arguments: '{"a":1}' },
    ],
    [
      "thinking",
      { type: "thinking", thinking: "Hm", signature: "s" },
      { kind: "reasoning", text: "Hm", signature: "s", origin: "anthropic-messages" },
    ],
    [
      "unsigned thinking",
      { type: "thinking", thinking: "Hm", signature: "" },
      { kind: "reasoning", text: "Hm" },
    ],
    [
      "unsigned thinking that came from a chat",
      { type: "thinking", thinking: "Hm", signature: "sluice:openai-chat:" },
      { kind: "reasoning", text: "Hm", origin: "openai-chat" },
    ],
    [
      "redacted thinking",
      { type: "redacted_thinking", data: "d" },
      { kind: "reasoning", text: "", encrypted: "d", origin: "anthropic-messages" },
    ],
    [
      "thinking that came from Gemini",
      { type: "thinking", thinking: "Hm", signature: "sluice:gemini-generate-content:s" },
      { kind: "reasoning", text: "Hm", signature: "s", origin: "gemini-generate-content" },
    ],
    [
      "thinking that came from OpenAI",
      { type: "thinking", thinking: "Hm", signature: "sluice:openai-responses:e" },
      { kind: "reasoning", text: "Hm", encrypted: "e", origin: "openai-responses" },
    ],
  ])("holds %s", (_, content, expected) => {
    expect(parts(content)).toEqual(expected);
  });

  test("takes Gemini's signature of a call back from the block before it", () => {
    const signature = { type: "thinking", thinking: "", signature: "sluice:gemini-generate-content:s" };
    const call = (id: string) => ({ type: "tool_use", id, name: "f", input: {} });
    const { conversation } = read({
      messages: [{ role: "assistant", content: [call("a"), signature, call("b")] }],
    });
    expect(conversation.turns[0]?.parts).toEqual([
      { kind: "tool_call", id: "a", name: "f", arguments: "{}" },
      { kind: "tool_call", id: "b", name: "f", arguments: "{}", signature: "s" },
    ]);
    const late = read({ messages: [{ role: "assistant", content: [call("a"), signature] }] });
    expect(late.conversation.turns[0]?.parts).toMatchObject([{ id: "a", signature: "s" }]);
  });

  test.each<readonly [JsonObject, string]>([
    [{ brand_new: 1 }, "brand_new matters"],
    [{ mcp_servers: [] }, "mcp_servers matters"],
    [{ context_management: {} }, "context_management hint"],
    [{ cache_control: { type: "ephemeral" } }, "cache_control hint"],
    [{ metadata: { user_id: "u", team: "t" } }, "metadata.team hint"],
    [{ output_config: { effort: "max" } }, "output_config.effort hint"],
    [{ output_config: { task_budget: {} } }, "output_config.task_budget matters"],
    [{ thinking: { type: "between_tools" } }, "thinking.type hint"],
    [{ tools: [{ type: "web_search_20250305", name: "web_search" }] }, "tools[0] matters"],
    [{ tools: [{ name: "f", defer_loading: true }] }, "tools[0].defer_loading hint"],
    [
      { tools: [{ name: "f", allowed_callers: ["code_execution_20250825"] }] },
      "tools[0].allowed_callers matters",
    ],
    [
      user({ type: "server_tool_use", id: "s", name: "web_search", input: {} }),
      "messages[0].content[0] matters",
    ],
    [user({ type: "hologram" }), "messages[0].content[0] matters"],
    [user({ type: "fallback" }), "messages[0].content[0] hint"],
    [user({ type: "compaction", content: "Summary" }), "messages[0].content[0] hint"],
    [user({ type: "search_result", source: "s", title: "t", content: [] }), "messages[0].content[0] hint"],
    [user({ type: "text", text: "t", citations: [{}] }), "messages[0].content[0].citations hint"],
    [
      user({ type: "document", source: { type: "url", url: "u" }, citations: { enabled: true } }),
      "messages[0].content[0].citations matters",
    ],
    [
      user({ type: "document", source: { type: "url", url: "u" }, context: "c" }),
      "messages[0].content[0].context matters",
    ],
  ])("notes what only Anthropic can say: %j", (fields, noted) => {
    expect(read(fields).notes).toEqual([noted]);
  });

  test.each<readonly [JsonObject, string]>([
    [{ model: undefined }, "model"],
    [{ messages: "Hi" }, "messages"],
    [{ messages: [{ role: "tool", content: "x" }] }, "messages[0].role"],
    [{ messages: [{ role: "user", content: 1 }] }, "messages[0].content"],
    [user({ text: "x" }), "messages[0].content[0].type"],
    [user({ type: "text" }), "messages[0].content[0].text"],
    [user({ type: "image", source: {} }), "messages[0].content[0].source.type"],
    [user({ type: "image", source: { type: "url" } }), "messages[0].content[0].source.url"],
    [user({ type: "tool_use", id: "t" }), "messages[0].content[0].name"],
    [user({ type: "tool_result" }), "messages[0].content[0].tool_use_id"],
    [{ tools: [{}] }, "tools[0].name"],
    [{ tool_choice: { type: "tool" } }, "tool_choice.name"],
    [{ tool_choice: "auto" }, "tool_choice.type"],
    [{ max_tokens: "9" }, "max_tokens"],
    [{ output_config: { format: { type: "text" } } }, "output_config.format"],
  ])("is refused where it is malformed: %j", (fields, field) => {
    const attempt = () => read(fields);
    expect(attempt).toThrow(MalformedRequestError);
    expect(attempt).toThrow(expect.objectContaining({ field }));
  });
});

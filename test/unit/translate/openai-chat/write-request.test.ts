import "../../../support/property-seed.ts";
import type { Conversation, Part, Turn } from "@sluice/translate";
import { asObject, type JsonObject } from "@sluice/wire";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { openAiChat } from "../../../../packages/translate/src/openai-chat/index.ts";
import { createNotes } from "./notes.ts";

const MINIMAL: Conversation = {
  model: "gpt-5.4",
  turns: [{ role: "user", parts: [{ kind: "text", text: "Hello" }] }],
  tools: [],
  stop: [],
  sampling: {},
  stream: false,
  streamUsage: false,
};

function write(fields: Partial<Conversation>) {
  const { note, notes } = createNotes();
  return { body: openAiChat.writeRequest({ ...MINIMAL, ...fields }, note), notes };
}

function messages(turns: readonly Turn[], model = "gpt-5.4") {
  const { body, notes } = write({ turns, model });
  return { messages: body["messages"], notes };
}

describe("a setting is written", () => {
  test.each<readonly [string, Partial<Conversation>, JsonObject]>([
    ["max output for OpenAI's models", { maxOutputTokens: 5 }, { max_completion_tokens: 5 }],
    ["max output for others", { model: "mistral-large", maxOutputTokens: 5 }, { max_tokens: 5 }],
    ["gpt-oss is none of OpenAI's own", { model: "gpt-oss-120b", maxOutputTokens: 5 }, { max_tokens: 5 }],
    ["stop", { stop: ["a"] }, { stop: ["a"] }],
    ["top_k, which others than OpenAI have", { model: "qwen", sampling: { topK: 4 } }, { top_k: 4 }],
    ["effort", { reasoning: { effort: "low" } }, { reasoning_effort: "low" }],
    [
      "a budget as the word that covers it",
      { reasoning: { budgetTokens: 5000 } },
      { reasoning_effort: "medium" },
    ],
    ["adaptive thinking is the default", { reasoning: { adaptive: true } }, {}],
    ["JSON output", { outputFormat: { kind: "json" } }, { response_format: { type: "json_object" } }],
    [
      "a schema without a name",
      { outputFormat: { kind: "json_schema", schema: { type: "object" } } },
      {
        response_format: { type: "json_schema", json_schema: { name: "answer", schema: { type: "object" } } },
      },
    ],
    [
      "a stream asks for its usage, since the bill is made from it",
      { stream: true, streamUsage: false },
      { stream: true, stream_options: { include_usage: true } },
    ],
    ["user", { userId: "u" }, { user: "u" }],
    ["no tool choice without tools", { toolChoice: { kind: "none" }, parallelToolCalls: true }, {}],
  ])("%s", (_, fields, expected) => {
    const { body, notes } = write(fields);
    const { model: _model, messages: _messages, ...rest } = body;
    expect(rest).toEqual(expected);
    expect(notes).toEqual([]);
  });

  test.each<readonly [Partial<Conversation>, string, "matters" | "hint"]>([
    [{ sampling: { topK: 4 } }, "top_k", "matters"],
    [{ reasoning: { budgetTokens: 0 } }, "reasoning", "hint"],
    [{ reasoning: { effort: "low", summary: "auto" } }, "reasoning.summary", "hint"],
  ])("%j is noted", (fields, field, weight) => {
    expect(write(fields).notes).toMatchObject([{ field, weight }]);
  });
});

describe("messages", () => {
  const text = (content: string): Part => ({ kind: "text", text: content });

  test("developer stays for OpenAI's models and becomes system for others", () => {
    const turns: Turn[] = [{ role: "developer", parts: [text("a")] }];
    expect(messages(turns).messages).toEqual([{ role: "developer", content: "a" }]);
    expect(messages(turns, "deepseek-chat").messages).toEqual([{ role: "system", content: "a" }]);
  });

  test("results come first, a message each, and what else the turn says follows", () => {
    const turns: Turn[] = [
      {
        role: "assistant",
        parts: [
          text("Let me "),
          text("look."),
          { kind: "tool_call", id: "1", name: "f", arguments: "{}" },
          { kind: "tool_call", id: "2", name: "g", arguments: "{}" },
        ],
      },
      {
        role: "user",
        parts: [
          text("Go on."),
          { kind: "tool_result", callId: "1", parts: [text("one")] },
          { kind: "tool_result", callId: "2", parts: [] },
        ],
      },
    ];
    expect(messages(turns).messages).toEqual([
      {
        role: "assistant",
        content: "Let me look.",
        tool_calls: [
          { id: "1", type: "function", function: { name: "f", arguments: "{}" } },
          { id: "2", type: "function", function: { name: "g", arguments: "{}" } },
        ],
      },
      { role: "tool", tool_call_id: "1", content: "one" },
      { role: "tool", tool_call_id: "2", content: "" },
      { role: "user", content: "Go on." },
    ]);
  });

  test("an image in a result follows in a user's message, and the note says so", () => {
    const image: Part = { kind: "image", source: { kind: "base64", mediaType: "image/png", data: "AAAA" } };
    const result: Part = { kind: "tool_result", callId: "1", parts: [text("shot"), image], isError: true };
    const written = messages([{ role: "user", parts: [result] }]);
    expect(written.messages).toEqual([
      { role: "tool", tool_call_id: "1", content: "shot" },
      {
        role: "user",
        content: [
          { type: "text", text: "Content of the result of tool call 1:" },
          { type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } },
        ],
      },
    ]);
    expect(written.notes.map(({ field, weight }) => [field, weight])).toEqual([
      ["messages[0].is_error", "hint"],
      ["messages[0].content", "hint"],
    ]);
  });

  test.each<readonly [string, Part, JsonObject]>([
    [
      "a PDF without a name gets one, which OpenAI demands",
      { kind: "file", source: { kind: "base64", mediaType: "application/pdf", data: "AA" } },
      { type: "file", file: { file_data: "data:application/pdf;base64,AA", filename: "file.pdf" } },
    ],
    [
      "an uploaded file",
      { kind: "file", source: { kind: "file_id", id: "file-1" } },
      { type: "file", file: { file_id: "file-1" } },
    ],
    [
      "a text document",
      { kind: "file", source: { kind: "text", mediaType: "text/plain", text: "words" }, cache: {} },
      { type: "text", text: "words" },
    ],
    [
      "sound",
      { kind: "audio", source: { kind: "base64", mediaType: "audio/x-wav", data: "AA" } },
      { type: "input_audio", input_audio: { data: "AA", format: "wav" } },
    ],
  ])("%s", (_, part, expected) => {
    const written = messages([{ role: "user", parts: [text("See:"), part] }]).messages;
    expect(written).toEqual([{ role: "user", content: [{ type: "text", text: "See:" }, expected] }]);
  });

  test.each<readonly [string, Part]>([
    ["an uploaded image", { kind: "image", source: { kind: "file_id", id: "1" } }],
    ["a file by its URL", { kind: "file", source: { kind: "url", url: "https://example.org/a.pdf" } }],
    ["sound by its URL", { kind: "audio", source: { kind: "url", url: "https://example.org/a.mp3" } }],
  ])("%s cannot be said, which matters", (_, part) => {
    expect(messages([{ role: "user", parts: [part] }]).notes).toMatchObject([
      { field: "messages[0].content[0]", weight: "matters" },
    ]);
  });

  test("a cache mark is written where Claude reads it, and noted elsewhere", () => {
    const turns: Turn[] = [{ role: "user", parts: [{ kind: "text", text: "a", cache: { ttl: "1h" } }] }];
    expect(messages(turns, "anthropic/claude-sonnet-4.5").messages).toEqual([
      {
        role: "user",
        content: [{ type: "text", text: "a", cache_control: { type: "ephemeral", ttl: "1h" } }],
      },
    ]);
    const elsewhere = messages(turns);
    expect(elsewhere.messages).toEqual([{ role: "user", content: "a" }]);
    expect(elsewhere.notes).toMatchObject([
      { field: "messages[0].content[0].cache_control", weight: "hint" },
    ]);
  });
});

describe("reasoning goes only to who can read it", () => {
  const turns: Turn[] = [
    {
      role: "assistant",
      parts: [
        { kind: "reasoning", text: "hm", signature: "s", origin: "anthropic-messages" },
        { kind: "text", text: "x" },
      ],
    },
  ];
  const plain: Turn[] = [
    {
      role: "assistant",
      parts: [
        { kind: "reasoning", text: "hm", origin: "openai-chat" },
        { kind: "text", text: "x" },
      ],
    },
  ];

  test("Claude's signature comes back to Claude", () => {
    expect(messages(turns, "anthropic/claude-opus-4.1").messages).toEqual([
      {
        role: "assistant",
        content: "x",
        reasoning_content: "hm",
        reasoning_details: [
          { type: "reasoning.text", text: "hm", signature: "s", format: "anthropic-claude-v1", index: 0 },
        ],
      },
    ]);
  });

  test("plain reasoning comes back to models that take it", () => {
    expect(messages(plain, "deepseek-reasoner").messages).toEqual([
      { role: "assistant", content: "x", reasoning_content: "hm" },
    ]);
  });

  test.each([
    ["gpt-5.4", turns],
    ["gpt-5.4", plain],
    ["magistral-medium", plain],
    ["deepseek-chat", turns],
  ])("%s gets none, and a hint says so", (model, given) => {
    const written = messages(given, model);
    expect(written.messages).toEqual([{ role: "assistant", content: "x" }]);
    expect(written.notes).toMatchObject([{ field: "messages[0].reasoning", weight: "hint" }]);
  });

  test("a thought signature goes to Gemini alone", () => {
    const called: Turn[] = [
      {
        role: "assistant",
        parts: [{ kind: "tool_call", id: "1", name: "f", arguments: "{}", signature: "s" }],
      },
    ];
    const call = { id: "1", type: "function", function: { name: "f", arguments: "{}" } };
    expect(messages(called, "gemini-3-pro").messages).toEqual([
      {
        role: "assistant",
        content: null,
        tool_calls: [{ ...call, extra_content: { google: { thought_signature: "s" } } }],
      },
    ]);
    expect(messages(called).messages).toEqual([{ role: "assistant", content: null, tool_calls: [call] }]);
  });
});

test("what is read and written again is the same request", () => {
  const word = fc.string({ minLength: 1 });
  const part = fc.oneof(
    fc.record({ type: fc.constant("text"), text: word }),
    fc.record({
      type: fc.constant("image_url"),
      image_url: fc.record({ url: fc.webUrl(), detail: fc.constantFrom("low", "high") }),
    }),
    fc.record({
      type: fc.constant("file"),
      file: fc.record({
        file_data: fc.base64String().map((data) => `data:application/pdf;base64,${data}`),
        filename: word,
      }),
    }),
  );
  const several = fc.array(part, { minLength: 2, maxLength: 4 });
  const call = fc.record({
    id: fc.uuid(),
    type: fc.constant("function"),
    function: fc.record({ name: fc.constantFrom("f", "g"), arguments: fc.json().map((x) => `{"x":${x}}`) }),
  });
  const message = fc.oneof(
    fc.record({ role: fc.constantFrom("system", "developer", "user"), content: word }),
    fc.record({ role: fc.constant("user"), name: word, content: several }),
    fc.record({ role: fc.constant("assistant"), content: word }),
    fc.record({
      role: fc.constant("assistant"),
      content: fc.constant(null),
      tool_calls: fc.array(call, { minLength: 1, maxLength: 3 }),
    }),
    fc.record({ role: fc.constant("tool"), tool_call_id: fc.uuid(), content: word }),
  );
  const request = fc.record(
    {
      model: fc.constant("gpt-5.4"),
      messages: fc.array(message, { minLength: 1 }),
      max_completion_tokens: fc.nat(),
      stop: fc.array(word, { minLength: 1 }),
      temperature: fc.double({ noNaN: true, noDefaultInfinity: true }),
      seed: fc.nat(),
      n: fc.nat(),
      user: word,
      reasoning_effort: fc.constantFrom("none", "low", "xhigh"),
      verbosity: fc.constantFrom("low", "high"),
      metadata: fc.dictionary(
        fc.string().filter((key) => key !== "__proto__"),
        word,
      ),
    },
    { requiredKeys: ["model", "messages"] },
  );
  fc.assert(
    fc.property(request, (body) => {
      const { note, notes } = createNotes();
      const wire = asObject(JSON.parse(JSON.stringify(body))) ?? {};
      const again = openAiChat.writeRequest(openAiChat.readRequest(wire, note), note);
      expect(again).toEqual(wire);
      expect(notes).toEqual([]);
    }),
  );
});

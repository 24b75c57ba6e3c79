import "../../../support/property-seed.ts";
import type { Conversation, Part, Turn } from "@sluice/translate";
import type { JsonObject } from "@sluice/wire";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { anthropicMessages } from "../../../../packages/translate/src/anthropic/index.ts";
import { createNotes } from "../openai-chat/notes.ts";

const CONVERSATION: Conversation = {
  model: "claude-sonnet-4-5",
  turns: [{ role: "user", parts: [{ kind: "text", text: "Hi" }] }],
  tools: [],
  stop: [],
  sampling: {},
  stream: false,
  streamUsage: true,
};
const TOOL = { name: "f", parameters: { properties: {} } };
const CALL: Part = { kind: "tool_call", id: "t", name: "f", arguments: "{}" };
const RESULT: Part = { kind: "tool_result", callId: "t", parts: [{ kind: "text", text: "r" }] };
const THOUGHT: Part = { kind: "reasoning", text: "Hm", signature: "s", origin: "anthropic-messages" };

function write(fields: Partial<Conversation>) {
  const { note, notes } = createNotes();
  const body = anthropicMessages.writeRequest({ ...CONVERSATION, ...fields }, note);
  return { body, notes: notes.map(({ field, weight }) => `${field} ${weight}`) };
}

const text = (said: string): Part => ({ kind: "text", text: said });
const turn = (role: Turn["role"], ...parts: Part[]): Turn => ({ role, parts });
const block = (part: Part) => {
  const { body, notes } = write({ turns: [turn("user", part, text("?"), text("!"))] });
  const [message] = body["messages"] as { content: JsonObject[] }[];
  return { block: message?.content[0], notes };
};

describe("a request for Anthropic", () => {
  test("is short where little is said, and has the limit that Anthropic demands", () => {
    expect(write({})).toEqual({
      body: { model: "claude-sonnet-4-5", max_tokens: 8192, messages: [{ role: "user", content: "Hi" }] },
      notes: [],
    });
  });

  test("has all instructions at the top, in order, those of the middle too", () => {
    const { body, notes } = write({
      turns: [
        turn("system", text("a")),
        turn("developer", { kind: "text", text: "b", cache: { ttl: "1h" } }),
        turn("user", text("Hi")),
        turn("system", text("c")),
      ],
    });
    expect(body["system"]).toEqual([
      { type: "text", text: "a" },
      { type: "text", text: "b", cache_control: { type: "ephemeral", ttl: "1h" } },
      { type: "text", text: "c" },
    ]);
    expect(notes).toEqual(["messages[3] hint"]);
    expect(write({ turns: [turn("system", text("a")), turn("user", text("b"))] }).body["system"]).toBe("a");
  });

  test("sends instructions as a message where nothing else was said", () => {
    const { body, notes } = write({ turns: [turn("system", text("a"))] });
    expect(body).toMatchObject({ messages: [{ role: "user", content: "a" }] });
    expect(body["system"]).toBeUndefined();
    expect(notes).toEqual(["messages hint"]);
  });

  test("has parallel results in one turn, in front of what the user says", () => {
    const second: Part = { ...RESULT, callId: "u", isError: true };
    const { body, notes } = write({
      turns: [
        turn("user", text("Hi")),
        turn("assistant", text(""), CALL),
        turn("assistant", { ...CALL, id: "u", arguments: "" }),
        turn("user", text("and"), RESULT),
        turn("user", second),
      ],
    });
    expect(body["messages"]).toEqual([
      { role: "user", content: "Hi" },
      {
        role: "assistant",
        content: [
          { type: "tool_use", id: "t", name: "f", input: {} },
          { type: "tool_use", id: "u", name: "f", input: {} },
        ],
      },
      {
        role: "user",
        content: [
          { type: "tool_result", tool_use_id: "t", content: "r" },
          { type: "tool_result", tool_use_id: "u", content: "r", is_error: true },
          { type: "text", text: "and" },
        ],
      },
    ]);
    expect(notes).toEqual([]);
  });

  test("gives calls ids that Anthropic takes, and keeps different ones different", () => {
    const { body } = write({
      turns: [
        turn("assistant", { ...CALL, id: "a.b" }, { ...CALL, id: "a:b" }),
        turn("user", { ...RESULT, callId: "a:b" }, { ...RESULT, callId: "a.b" }),
      ],
    });
    expect(body["messages"]).toMatchObject([
      { content: [{ id: "a_b" }, { id: "a_b_2" }] },
      { content: [{ tool_use_id: "a_b_2" }, { tool_use_id: "a_b" }] },
    ]);
  });

  test.each<readonly [string, Part, unknown, readonly string[]]>([
    [
      "an image",
      {
        kind: "image",
        source: { kind: "base64", mediaType: "image/png", data: "AA" },
        detail: "high",
        cache: {},
      },
      {
        type: "image",
        source: { type: "base64", media_type: "image/png", data: "AA" },
        cache_control: { type: "ephemeral" },
      },
      ["messages[0].content[0].detail hint"],
    ],
    [
      "a PDF",
      {
        kind: "file",
        source: { kind: "base64", mediaType: "application/pdf", data: "AA" },
        filename: "a.pdf",
      },
      {
        type: "document",
        source: { type: "base64", media_type: "application/pdf", data: "AA" },
        title: "a.pdf",
      },
      [],
    ],
    [
      "a text file in base64",
      { kind: "file", source: { kind: "base64", mediaType: "text/csv;charset=utf-8", data: "w6Q=" } },
      { type: "document", source: { type: "text", media_type: "text/plain", data: "ä" } },
      [],
    ],
    [
      "a picture given as a file",
      { kind: "file", source: { kind: "base64", mediaType: "image/png", data: "AA" } },
      { type: "image", source: { type: "base64", media_type: "image/png", data: "AA" } },
      [],
    ],
    [
      "an uploaded file",
      { kind: "file", source: { kind: "file_id", id: "file_1" } },
      { type: "document", source: { type: "file", file_id: "file_1" } },
      [],
    ],
    [
      "a file that Anthropic cannot read",
      { kind: "file", source: { kind: "base64", mediaType: "application/zip", data: "AA" } },
      { type: "text", text: "?" },
      ["messages[0].content[0].file matters"],
    ],
    [
      "a sound",
      { kind: "audio", source: { kind: "base64", mediaType: "audio/wav", data: "AA" } },
      { type: "text", text: "?" },
      ["messages[0].content[0].audio matters"],
    ],
    ["a refusal", { kind: "refusal", text: "No." }, { type: "text", text: "No." }, []],
    ["its thinking", THOUGHT, { type: "thinking", thinking: "Hm", signature: "s" }, []],
    [
      "its redacted thinking",
      { kind: "reasoning", text: "", encrypted: "d", origin: "anthropic-messages" },
      { type: "redacted_thinking", data: "d" },
      [],
    ],
    [
      "another's thinking",
      { kind: "reasoning", text: "Hm", signature: "s", origin: "gemini-generate-content" },
      { type: "text", text: "?" },
      ["messages[0].content[0].reasoning hint"],
    ],
    [
      "unsigned thinking",
      { kind: "reasoning", text: "Hm" },
      { type: "text", text: "?" },
      ["messages[0].content[0].reasoning hint"],
    ],
    [
      "a call with broken arguments, signed by Gemini",
      { ...CALL, arguments: '{"a"', signature: "s" },
      { type: "tool_use", id: "t", name: "f", input: { arguments: '{"a"' } },
      ["messages[0].content[0].signature hint", "messages[0].content[0].arguments hint"],
    ],
  ])("holds %s", (_, part, expected, noted) => {
    expect(block(part)).toEqual({ block: expected, notes: noted });
  });

  test.each<readonly [string, Partial<Conversation>, JsonObject]>([
    ["the limit", { maxOutputTokens: 5 }, { max_tokens: 5 }],
    ["stop sequences", { stop: ["x"] }, { stop_sequences: ["x"] }],
    ["sampling", { sampling: { temperature: 0.2, topK: 4 } }, { temperature: 0.2, top_k: 4 }],
    ["top_p", { sampling: { topP: 0.9 } }, { top_p: 0.9 }],
    ["the stream", { stream: true }, { stream: true }],
    ["the end user", { userId: "u" }, { metadata: { user_id: "u" } }],
    ["the default tier", { serviceTier: "default" }, { service_tier: "standard_only" }],
    [
      "tools, whose schema gets the type that it lacks",
      { tools: [{ ...TOOL, description: "d", strict: true, cache: {} }] },
      {
        tools: [
          {
            name: "f",
            description: "d",
            input_schema: { type: "object", properties: {} },
            strict: true,
            cache_control: { type: "ephemeral" },
          },
        ],
      },
    ],
    [
      "a demand for a tool",
      { tools: [TOOL], toolChoice: { kind: "required" } },
      { tool_choice: { type: "any" } },
    ],
    [
      "one tool at a time",
      { tools: [TOOL], parallelToolCalls: false },
      { tool_choice: { type: "auto", disable_parallel_tool_use: true } },
    ],
    [
      "a certain tool",
      { tools: [TOOL], toolChoice: { kind: "tool", name: "f" }, parallelToolCalls: true },
      { tool_choice: { type: "tool", name: "f", disable_parallel_tool_use: false } },
    ],
    ["no tool", { tools: [TOOL], toolChoice: { kind: "none" } }, { tool_choice: { type: "none" } }],
    [
      "no choice without tools",
      { toolChoice: { kind: "auto" }, parallelToolCalls: false },
      { tool_choice: undefined },
    ],
    [
      "a schema",
      { outputFormat: { kind: "json_schema", name: "n", schema: { type: "object" }, strict: true } },
      { output_config: { format: { type: "json_schema", schema: { type: "object" } } } },
    ],
    [
      "an effort as a budget, above which the limit is",
      { reasoning: { effort: "low" } },
      { thinking: { type: "enabled", budget_tokens: 2048 }, max_tokens: 8192 + 2048 },
    ],
    [
      "a budget below the limit",
      { reasoning: { budgetTokens: 9000 }, maxOutputTokens: 5000 },
      { thinking: { type: "enabled", budget_tokens: 4999 }, max_tokens: 5000 },
    ],
    [
      "at least the smallest budget",
      { reasoning: { budgetTokens: 5 } },
      { thinking: { type: "enabled", budget_tokens: 1024 } },
    ],
    ["no thinking", { reasoning: { effort: "none" } }, { thinking: { type: "disabled" } }],
    [
      "an effort as it is, where the model knows it",
      { model: "claude-opus-4-7", reasoning: { effort: "xhigh", summary: "auto" } },
      { thinking: { type: "adaptive", display: "summarized" }, output_config: { effort: "xhigh" } },
    ],
    [
      "a budget as it is, where the model still takes one",
      { model: "claude-opus-4-6", reasoning: { budgetTokens: 3000 } },
      { thinking: { type: "enabled", budget_tokens: 3000 }, output_config: undefined },
    ],
    [
      "a budget as an effort, where the model takes none",
      { model: "anthropic.claude-sonnet-5-v1:0", reasoning: { budgetTokens: 8192 } },
      { thinking: { type: "adaptive" }, output_config: { effort: "medium" } },
    ],
  ])("says %s", (_, fields, expected) => {
    const { body, notes } = write(fields);
    for (const [field, value] of Object.entries(expected)) expect(body[field]).toEqual(value);
    expect(notes).toEqual([]);
  });

  test.each<readonly [string, Partial<Conversation>, readonly string[], JsonObject]>([
    ["a high temperature", { sampling: { temperature: 1.5 } }, ["temperature hint"], { temperature: 1 }],
    [
      "both of two",
      { sampling: { temperature: 0, topP: 0.5 } },
      ["top_p hint"],
      { temperature: 0, top_p: undefined },
    ],
    [
      "penalties",
      { sampling: { frequencyPenalty: 1, presencePenalty: 0 } },
      ["frequency_penalty matters"],
      {},
    ],
    [
      "several answers",
      { sampling: { choices: 2, logprobs: true, seed: 1 } },
      ["n matters", "logprobs matters", "seed hint"],
      {},
    ],
    [
      "JSON without a schema",
      { outputFormat: { kind: "json" } },
      ["response_format matters"],
      { output_config: undefined },
    ],
    ["a blank stop sequence", { stop: ["\n", "x"] }, ["stop matters"], { stop_sequences: ["x"] }],
    ["an unknown tier", { serviceTier: "flex" }, ["service_tier hint"], { service_tier: undefined }],
    [
      "sampling while it thinks",
      { sampling: { temperature: 0, topK: 2 }, reasoning: { effort: "low" } },
      ["temperature hint", "top_k hint"],
      { temperature: undefined, top_k: undefined },
    ],
    [
      "sampling of a new model",
      { model: "claude-opus-4-8", sampling: { temperature: 0 } },
      ["temperature matters"],
      { temperature: undefined },
    ],
    [
      "little room to think",
      { reasoning: { effort: "low" }, maxOutputTokens: 500 },
      ["reasoning hint"],
      { thinking: undefined },
    ],
    [
      "thinking where a tool is demanded",
      { reasoning: { effort: "low" }, tools: [TOOL], toolChoice: { kind: "required" } },
      ["reasoning hint"],
      { thinking: undefined, max_tokens: 8192 },
    ],
    [
      "thinking on after another's calls",
      { reasoning: { effort: "low" }, turns: [turn("assistant", CALL), turn("user", RESULT)] },
      ["reasoning hint"],
      { thinking: undefined },
    ],
    [
      "no thinking of a model that always thinks",
      { model: "claude-fable-5", reasoning: { effort: "none" } },
      ["reasoning.effort hint"],
      { thinking: undefined, output_config: { effort: "low" } },
    ],
    [
      "an effort that the model does not know",
      { model: "claude-opus-4-6", reasoning: { effort: "minimal" } },
      ["reasoning.effort hint"],
      { thinking: { type: "adaptive" }, output_config: { effort: "low" } },
    ],
  ])("notes %s", (_, fields, noted, expected) => {
    const { body, notes } = write(fields);
    expect(notes).toEqual(noted);
    for (const [field, value] of Object.entries(expected)) expect(body[field]).toEqual(value);
  });

  test("lets the model think on after calls that it thought of itself", () => {
    const turns = [turn("assistant", THOUGHT, CALL), turn("user", RESULT)];
    const { body, notes } = write({ turns, reasoning: { budgetTokens: 2000 } });
    expect(body["thinking"]).toEqual({ type: "enabled", budget_tokens: 2000 });
    expect(notes).toEqual([]);
  });

  test.each([
    ["claude-3-7-sonnet-20250219", "enabled"],
    ["claude-haiku-4-5-20251001", "enabled"],
    ["claude-sonnet-4-20250514", "enabled"],
    ["us.anthropic.claude-opus-4-6-v1", "adaptive"],
    ["claude-mythos-preview", "adaptive"],
    ["claude-fable-5", "adaptive"],
    ["anthropic/claude-opus-4.8", "adaptive"],
    ["somebody-elses-model", "enabled"],
  ])("tells %s to think in the form %s", (model, form) => {
    expect(write({ model, reasoning: { effort: "high" } }).body["thinking"]).toMatchObject({ type: form });
  });
});

describe("a request read and written again", () => {
  const cache = fc.constantFrom(
    {},
    { cache_control: { type: "ephemeral" } },
    { cache_control: { type: "ephemeral", ttl: "1h" } },
  );
  const words = fc.string({ minLength: 1 });
  const textBlock = fc.tuple(words, cache).map(([said, cached]) => ({ type: "text", text: said, ...cached }));
  const image = fc
    .tuple(
      fc.oneof(
        fc.webUrl().map((url) => ({ type: "url", url })),
        fc.base64String({ minLength: 4 }).map((data) => ({ type: "base64", media_type: "image/png", data })),
      ),
      cache,
    )
    .map(([source, cached]) => ({ type: "image", source, ...cached }));
  const document = words.map((data) => ({
    type: "document",
    source: { type: "text", media_type: "text/plain", data },
    title: "t",
  }));
  const id = fc.stringMatching(/^toolu_[a-zA-Z0-9]{1,8}$/);
  const result = fc
    .tuple(id, fc.array(fc.oneof(textBlock, image), { minLength: 2, maxLength: 3 }), cache)
    .map(([tool_use_id, content, cached]) => ({ type: "tool_result", tool_use_id, content, ...cached }));
  const thinking = fc.oneof(
    fc
      .tuple(fc.string(), fc.base64String({ minLength: 4 }))
      .map(([said, signature]) => ({ type: "thinking", thinking: said, signature })),
    fc.base64String({ minLength: 4 }).map((data) => ({ type: "redacted_thinking", data })),
  );
  const call = fc
    .tuple(id, fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.integer(), fc.boolean())))
    // A round trip through JSON text, as every argument takes, knows neither -0 nor a null prototype.
    .map(([callId, input]) => ({
      type: "tool_use",
      id: callId,
      name: "f",
      input: JSON.parse(JSON.stringify(input)) as JsonObject,
    }));
  const userContent = fc
    .tuple(
      fc.array(result, { maxLength: 2 }),
      fc.array(fc.oneof(textBlock, image, document), { minLength: 2, maxLength: 3 }),
    )
    .map(([results, rest]) => [...results, ...rest]);
  const assistantContent = fc.array(fc.oneof(textBlock, thinking, call), { minLength: 2, maxLength: 4 });
  const messages = fc
    .array(fc.tuple(userContent, assistantContent), { minLength: 1, maxLength: 3 })
    .map((pairs) =>
      pairs.flatMap(([asked, answered]) => [
        { role: "user", content: asked },
        { role: "assistant", content: answered },
      ]),
    );
  const settings = fc.record(
    {
      temperature: fc.constantFrom(0, 0.5, 1),
      top_k: fc.nat(),
      stop_sequences: fc.array(fc.stringMatching(/^[a-z]+$/), { minLength: 1 }),
      stream: fc.constant(true),
      metadata: fc.constant({ user_id: "u" }),
      service_tier: fc.constantFrom("auto", "standard_only"),
      tools: fc.constant([{ name: "f", description: "d", input_schema: { type: "object" }, strict: true }]),
      output_config: fc.constant({ format: { type: "json_schema", schema: { type: "object" } } }),
    },
    { requiredKeys: [] },
  );

  test("is the same, and nothing had to be noted", () => {
    fc.assert(
      fc.property(messages, settings, (said, set) => {
        const { note, notes } = createNotes();
        const body = { model: "claude-sonnet-4-5", max_tokens: 100, messages: said, ...set };
        const again = anthropicMessages.writeRequest(anthropicMessages.readRequest(body, note), note);
        expect(again).toEqual(body);
        expect(notes).toEqual([]);
      }),
    );
  });
});

import type { Conversation, Unsupported } from "@sluice/translate";
import { MalformedRequestError } from "@sluice/translate";
import type { JsonObject } from "@sluice/wire";
import { describe, expect, it, test } from "vitest";
import { openAiResponses } from "../../../../packages/translate/src/openai-responses/index.ts";

function read(body: JsonObject) {
  const notes: Unsupported[] = [];
  const conversation = openAiResponses.readRequest({ model: "m", ...body }, (note) => notes.push(note));
  return { conversation, notes: notes.map(({ field, weight }) => `${weight} ${field}`) };
}

function write(conversation: Partial<Conversation>) {
  const notes: Unsupported[] = [];
  const body = openAiResponses.writeRequest(
    {
      model: "gpt-4.1",
      turns: [],
      tools: [],
      stop: [],
      sampling: {},
      stream: false,
      streamUsage: false,
      ...conversation,
    },
    (note) => notes.push(note),
  );
  return { body, notes: notes.map(({ field, weight }) => `${weight} ${field}`) };
}

const text = (words: string) => ({ kind: "text", text: words }) as const;

describe("a caller's request", () => {
  test.each<readonly [string, JsonObject, Partial<Conversation>]>([
    ["a text", { input: "Hi" }, { turns: [{ role: "user", parts: [text("Hi")] }] }],
    [
      "instructions above messages of every role",
      {
        instructions: "Be brief.",
        input: [
          { role: "developer", content: "In German." },
          { role: "user", content: [{ type: "input_text", text: "Hi" }] },
          {
            type: "message",
            role: "assistant",
            content: [{ type: "output_text", text: "Hallo", annotations: [] }],
          },
          { role: "user", content: "Tschüss" },
        ],
      },
      {
        turns: [
          { role: "system", parts: [text("Be brief.")] },
          { role: "developer", parts: [text("In German.")] },
          { role: "user", parts: [text("Hi")] },
          { role: "assistant", parts: [text("Hallo")] },
          { role: "user", parts: [text("Tschüss")] },
        ],
      },
    ],
    [
      "images, files and sounds",
      {
        input: [
          {
            role: "user",
            content: [
              { type: "input_image", image_url: "data:image/png;base64,AA==", detail: "low" },
              { type: "input_image", image_url: "https://a.example/b.png" },
              { type: "input_image", file_id: "file-1" },
              { type: "input_file", filename: "a.pdf", file_data: "data:application/pdf;base64,AA==" },
              { type: "input_file", file_url: "https://a.example/c.pdf" },
              { type: "input_audio", input_audio: { data: "AA==", format: "mp3" } },
            ],
          },
        ],
      },
      {
        turns: [
          {
            role: "user",
            parts: [
              {
                kind: "image",
                source: { kind: "base64", mediaType: "image/png", data: "AA==" },
                detail: "low",
              },
              { kind: "image", source: { kind: "url", url: "https://a.example/b.png" } },
              { kind: "image", source: { kind: "file_id", id: "file-1" } },
              {
                kind: "file",
                source: { kind: "base64", mediaType: "application/pdf", data: "AA==" },
                filename: "a.pdf",
              },
              { kind: "file", source: { kind: "url", url: "https://a.example/c.pdf" } },
              { kind: "audio", source: { kind: "base64", mediaType: "audio/mpeg", data: "AA==" } },
            ],
          },
        ],
      },
    ],
    [
      "thinking, parallel calls and their results, a turn for each speaker",
      {
        input: [
          {
            type: "reasoning",
            id: "rs_1",
            summary: [{ type: "summary_text", text: "Hm." }],
            encrypted_content: "e",
          },
          { type: "function_call", call_id: "a", name: "f", arguments: "" },
          { type: "function_call", call_id: "b", name: "g", arguments: '{"x":1}' },
          { type: "function_call_output", call_id: "b", output: "2" },
          { type: "function_call_output", call_id: "a", output: [{ type: "input_text", text: "1" }] },
        ],
      },
      {
        turns: [
          {
            role: "assistant",
            parts: [
              { kind: "reasoning", text: "Hm.", id: "rs_1", encrypted: "e", origin: "openai-responses" },
              { kind: "tool_call", id: "a", name: "f", arguments: "{}" },
              { kind: "tool_call", id: "b", name: "g", arguments: '{"x":1}' },
            ],
          },
          {
            role: "user",
            parts: [
              { kind: "tool_result", callId: "b", name: "g", parts: [text("2")] },
              { kind: "tool_result", callId: "a", name: "f", parts: [text("1")] },
            ],
          },
        ],
      },
    ],
    [
      "tools, and which of them must be called",
      {
        input: "Hi",
        tools: [
          { type: "function", name: "f", description: "F", parameters: { type: "object" }, strict: true },
          { type: "function", name: "g" },
        ],
        tool_choice: { type: "function", name: "f" },
        parallel_tool_calls: false,
      },
      {
        tools: [
          { name: "f", description: "F", parameters: { type: "object" }, strict: true },
          { name: "g", parameters: { type: "object", properties: {} } },
        ],
        toolChoice: { kind: "tool", name: "f" },
        parallelToolCalls: false,
      },
    ],
    [
      "a choice among some of the tools",
      {
        input: "Hi",
        tools: [
          { type: "function", name: "f", parameters: {} },
          { type: "function", name: "g", parameters: {} },
        ],
        tool_choice: { type: "allowed_tools", mode: "required", tools: [{ type: "function", name: "g" }] },
      },
      { tools: [{ name: "g", parameters: {} }], toolChoice: { kind: "required" } },
    ],
    [
      "every setting",
      {
        input: "Hi",
        max_output_tokens: 9,
        temperature: 0.5,
        top_p: 0.9,
        top_logprobs: 2,
        reasoning: { effort: "low", summary: "auto" },
        text: {
          format: { type: "json_schema", name: "n", schema: { type: "object" }, strict: true },
          verbosity: "low",
        },
        stream: true,
        user: "u",
        service_tier: "flex",
        store: false,
        metadata: { a: "b" },
        prompt_cache_key: "k",
        safety_identifier: "s",
        include: ["reasoning.encrypted_content"],
        truncation: "disabled",
        background: false,
      },
      {
        maxOutputTokens: 9,
        sampling: { temperature: 0.5, topP: 0.9, logprobs: true, topLogprobs: 2 },
        reasoning: { effort: "low", summary: "auto" },
        outputFormat: { kind: "json_schema", name: "n", schema: { type: "object" }, strict: true },
        stream: true,
        userId: "u",
        serviceTier: "flex",
        openAi: {
          verbosity: "low",
          store: false,
          metadata: { a: "b" },
          promptCacheKey: "k",
          safetyIdentifier: "s",
        },
      },
    ],
    [
      "any JSON",
      { input: "Hi", text: { format: { type: "json_object" } } },
      { outputFormat: { kind: "json" } },
    ],
  ])("is read: %s", (_, body, expected) => {
    const { conversation, notes } = read(body);
    expect(conversation).toMatchObject(expected);
    expect(notes).toEqual([]);
  });

  it("has its custom tools as functions of one text, calls of them too", () => {
    const { conversation } = read({
      input: [
        { type: "custom_tool_call", call_id: "c", name: "sql", input: 'SELECT "1"' },
        { type: "custom_tool_call_output", call_id: "c", output: "1" },
      ],
      tools: [{ type: "custom", name: "sql", description: "Asks." }],
      tool_choice: { type: "custom", name: "sql" },
    });
    expect(conversation.tools).toMatchObject([
      { name: "sql", description: "Asks.", parameters: { required: ["input"] } },
    ]);
    expect(conversation.toolChoice).toEqual({ kind: "tool", name: "sql" });
    expect(conversation.turns[0]?.parts).toEqual([
      { kind: "tool_call", id: "c", name: "sql", arguments: '{"input":"SELECT \\"1\\""}' },
    ]);
  });

  test.each<readonly [JsonObject, readonly string[]]>([
    [{ previous_response_id: "resp_1" }, ["matters previous_response_id"]],
    [{ conversation: "conv_1" }, ["matters conversation"]],
    [{ background: true }, ["matters background"]],
    [{ a_new_field: 1 }, ["matters a_new_field"]],
    [{ a_new_field: null }, []],
    [{ truncation: "auto" }, ["hint truncation"]],
    [{ reasoning: { context: "all_turns" } }, ["hint reasoning.context"]],
    [{ tools: [{ type: "web_search" }] }, ["matters tools[0]"]],
    [{ tools: [{ type: "custom", name: "c", format: { type: "grammar" } }] }, ["matters tools[0].format"]],
    [{ tool_choice: { type: "file_search" } }, ["matters tool_choice"]],
    [{ input: [{ type: "item_reference", id: "i" }] }, ["matters input[0]"]],
    [{ input: [{ type: "web_search_call", id: "w" }] }, ["matters input[0]"]],
    [{ input: [{ role: "user", content: [{ type: "new" }] }] }, ["matters input[0].content[0]"]],
    [{ input: [{ role: "assistant", content: "a", phase: "commentary" }] }, ["hint input[0].phase"]],
    [{ input: [{ role: "user", content: "a", mood: 1 }] }, ["matters input[0].mood"]],
  ])("says what no other format can say: %j", (body, expected) => {
    expect(read({ input: "Hi", ...body }).notes).toEqual(expected);
  });

  test.each<readonly [JsonObject, RegExp]>([
    [{ previous_response_id: "resp_1" }, /send the whole conversation as input/],
    [{ conversation: { id: "conv_1" } }, /send the whole conversation as input/],
    [{ prompt: { id: "pmpt_1" } }, /send its text as instructions/],
    [{ input: [{ type: "item_reference", id: "msg_1" }] }, /store: false/],
  ])("that relies on what OpenAI keeps is told what to do instead: %j", (body, remedy) => {
    const reasons: string[] = [];
    openAiResponses.readRequest({ model: "m", input: "Hi", ...body }, ({ reason }) => reasons.push(reason));
    expect(reasons).toEqual([expect.stringMatching(remedy)]);
  });

  test.each<readonly [string, JsonObject]>([
    ["input", { input: 5 }],
    ["input[0]", { input: ["Hi"] }],
    ["input[0].role", { input: [{ role: "robot", content: "" }] }],
    ["input[0].content", { input: [{ role: "user", content: 5 }] }],
    ["input[0].content[0].text", { input: [{ role: "user", content: [{ type: "input_text" }] }] }],
    ["input[0].content[0].image_url", { input: [{ role: "user", content: [{ type: "input_image" }] }] }],
    ["input[0].call_id", { input: [{ type: "function_call_output", output: "" }] }],
    ["input[0].name", { input: [{ type: "function_call", call_id: "c" }] }],
    ["tools[0].name", { input: "Hi", tools: [{ type: "function" }] }],
    ["text.format", { input: "Hi", text: { format: { type: "json_schema" } } }],
  ])("that is none names the field at fault: %s", (field, body) => {
    expect(() => read(body)).toThrow(MalformedRequestError);
    expect(() => read(body)).toThrow(expect.objectContaining({ field }));
  });
});

describe("a provider's request", () => {
  test.each<readonly [string, Partial<Conversation>, JsonObject]>([
    [
      "a leading system turn as instructions, later ones as messages",
      {
        turns: [
          { role: "system", parts: [text("A")] },
          { role: "developer", parts: [text("B")] },
          { role: "user", parts: [text("C")] },
          { role: "assistant", parts: [text("D"), { kind: "refusal", text: "E" }] },
        ],
      },
      {
        instructions: "A",
        input: [
          { type: "message", role: "developer", content: [{ type: "input_text", text: "B" }] },
          { type: "message", role: "user", content: [{ type: "input_text", text: "C" }] },
          {
            type: "message",
            role: "assistant",
            content: [
              { type: "output_text", text: "D" },
              { type: "refusal", refusal: "E" },
            ],
          },
        ],
        store: false,
      },
    ],
    [
      "its own thinking, calls and results as items",
      {
        turns: [
          {
            role: "assistant",
            parts: [
              { kind: "reasoning", text: "Hm.", id: "rs_1", encrypted: "e", origin: "openai-responses" },
              text("Let me see."),
              { kind: "tool_call", id: "c", name: "f", arguments: "{}" },
            ],
          },
          {
            role: "user",
            parts: [
              {
                kind: "tool_result",
                callId: "c",
                parts: [text("1"), { kind: "image", source: { kind: "url", url: "u" } }],
              },
              text("And?"),
            ],
          },
        ],
      },
      {
        input: [
          {
            type: "reasoning",
            id: "rs_1",
            summary: [{ type: "summary_text", text: "Hm." }],
            encrypted_content: "e",
          },
          { type: "message", role: "assistant", content: [{ type: "output_text", text: "Let me see." }] },
          { type: "function_call", call_id: "c", name: "f", arguments: "{}" },
          {
            type: "function_call_output",
            call_id: "c",
            output: [
              { type: "input_text", text: "1" },
              { type: "input_image", image_url: "u", detail: "auto" },
            ],
          },
          { type: "message", role: "user", content: [{ type: "input_text", text: "And?" }] },
        ],
      },
    ],
    [
      "tools that are not strict unless the caller says so",
      {
        tools: [
          { name: "f", parameters: {} },
          { name: "g", parameters: {}, strict: true },
        ],
        toolChoice: { kind: "tool", name: "f" },
      },
      {
        tools: [
          { type: "function", name: "f", parameters: {}, strict: false },
          { type: "function", name: "g", parameters: {}, strict: true },
        ],
        tool_choice: { type: "function", name: "f" },
      },
    ],
    [
      "a budget as a word, with the thinking shown and sent along",
      { model: "gpt-5", reasoning: { budgetTokens: 8000 } },
      { reasoning: { effort: "medium", summary: "auto" }, include: ["reasoning.encrypted_content"] },
    ],
    [
      "the shape of the answer, which needs a name",
      { outputFormat: { kind: "json_schema", schema: { type: "object" } } },
      { text: { format: { type: "json_schema", name: "answer", schema: { type: "object" } } } },
    ],
  ])("has %s", (_, conversation, expected) => {
    const { body, notes } = write(conversation);
    expect(body).toMatchObject(expected);
    expect(notes).toEqual([]);
  });

  it("asks models that do not think for no encrypted thinking, which they refuse", () => {
    expect(write({ model: "gpt-4.1" }).body).not.toHaveProperty("include");
    expect(write({ model: "o4-mini" }).body).toMatchObject({ include: ["reasoning.encrypted_content"] });
  });

  test.each<readonly [string, Partial<Conversation>, readonly string[]]>([
    ["stop sequences", { stop: ["x"] }, ["matters stop"]],
    [
      "sampling",
      {
        sampling: {
          topK: 1,
          seed: 1,
          choices: 2,
          frequencyPenalty: 1,
          presencePenalty: 0,
          logitBias: { "1": 1 },
        },
      },
      ["matters top_k", "matters frequency_penalty", "matters seed", "matters n", "matters logit_bias"],
    ],
    [
      "thinking of another provider",
      {
        turns: [
          {
            role: "assistant",
            parts: [
              { kind: "reasoning", text: "Hm.", signature: "s", origin: "anthropic-messages" },
              text("A"),
            ],
          },
        ],
      },
      ["hint messages[0].content[0]"],
    ],
    [
      "marks for the cache",
      { turns: [{ role: "user", parts: [{ ...text("A"), cache: {} }] }] },
      ["hint messages[0].content[0].cache_control"],
    ],
    [
      "a sound that the model made",
      {
        turns: [
          {
            role: "assistant",
            parts: [{ kind: "audio", source: { kind: "base64", mediaType: "audio/wav", data: "" } }],
          },
        ],
      },
      ["matters messages[0].content[0]"],
    ],
  ])("says that it cannot have %s", (_, conversation, expected) => {
    expect(write(conversation).notes).toEqual(expected);
  });
});

it("a request that is read and written again says the same", () => {
  const body: JsonObject = {
    model: "gpt-5",
    instructions: "Be brief.",
    input: [
      { type: "message", role: "user", content: [{ type: "input_text", text: "Hi" }] },
      {
        type: "reasoning",
        id: "rs_1",
        summary: [{ type: "summary_text", text: "Hm." }],
        encrypted_content: "e",
      },
      { type: "message", role: "assistant", content: [{ type: "output_text", text: "Ho" }] },
      { type: "function_call", call_id: "c", name: "f", arguments: "{}" },
      { type: "function_call_output", call_id: "c", output: "1" },
    ],
    tools: [{ type: "function", name: "f", description: "F", parameters: { type: "object" }, strict: true }],
    tool_choice: "required",
    parallel_tool_calls: true,
    max_output_tokens: 9,
    temperature: 0.5,
    top_p: 0.9,
    top_logprobs: 2,
    reasoning: { effort: "low", summary: "auto" },
    text: {
      format: { type: "json_schema", name: "n", schema: { type: "object" }, strict: true },
      verbosity: "low",
    },
    include: ["reasoning.encrypted_content", "message.output_text.logprobs"],
    stream: true,
    user: "u",
    service_tier: "flex",
    metadata: { a: "b" },
    store: true,
    prompt_cache_key: "k",
    prompt_cache_retention: "24h",
    safety_identifier: "s",
  };
  expect(write(read(body).conversation).body).toEqual(body);
});

import "../../../support/property-seed.ts";
import type { AnswerContext, AnswerEvent, Block, ModelAnswer, WireEvent } from "@sluice/translate";
import type { JsonObject } from "@sluice/wire";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { answerEvents } from "../../../../packages/translate/src/answer-events.ts";
import { foldEvents } from "../../../../packages/translate/src/fold-events.ts";
import { openAiChat } from "../../../../packages/translate/src/openai-chat/index.ts";

const DONE = "[DONE]";

function read(chunks: readonly (JsonObject | string)[]): readonly AnswerEvent[] {
  const reader = openAiChat.createStreamReader();
  const events = chunks.map(
    (chunk): WireEvent => ({ type: "", data: typeof chunk === "string" ? chunk : JSON.stringify(chunk) }),
  );
  return [...events.flatMap((event) => reader.read(event)), ...reader.end()];
}

function delta(fields: JsonObject, rest: JsonObject = {}): JsonObject {
  return { id: "c1", model: "m", created: 5, choices: [{ index: 0, delta: fields, ...rest }] };
}

function finish(reason: string, rest: JsonObject = {}): JsonObject {
  return { choices: [{ index: 0, delta: {}, finish_reason: reason }], ...rest };
}

function call(fields: JsonObject): JsonObject {
  return delta({ tool_calls: [fields] });
}

const USAGE = { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 };
const COUNTS = { inputTokens: 3, outputTokens: 4, totalTokens: 7 };

describe("a provider's stream is read, whatever its manners", () => {
  const text = (said: string): Block => ({ kind: "text", text: said });
  const tool = (id: string, name: string, args: string): Block => ({
    kind: "tool_call",
    id,
    name,
    arguments: args,
  });

  test.each<readonly [string, readonly (JsonObject | string)[], Partial<ModelAnswer>]>([
    [
      "text, reason, usage in a chunk of its own",
      [
        delta({ role: "assistant", content: "" }),
        delta({ content: "a" }),
        delta({ content: "b" }),
        finish("stop"),
        { choices: [], usage: USAGE },
        DONE,
      ],
      {
        id: "c1",
        blocks: [text("ab")],
        finish: { reason: "stop", raw: "stop" },
        usage: COUNTS,
      },
    ],
    [
      "no end mark, but a reason",
      [delta({ content: "a" }), finish("length")],
      { finish: { reason: "length", raw: "length" } },
    ],
    ["an end mark, but no reason", [delta({ content: "a" }), DONE], { blocks: [text("a")] }],
    [
      "the reason twice",
      [delta({ content: "a" }), finish("stop"), finish("stop"), DONE],
      { finish: { reason: "stop", raw: "stop" } },
    ],
    [
      "Azure's first chunk without a choice, an id or a model",
      [
        { id: "", model: "", created: 0, choices: [], prompt_filter_results: [] },
        delta({ content: "a" }),
        DONE,
      ],
      { id: "c1", model: "m", createdAtS: 5 },
    ],
    [
      "usage repeated, later null",
      [
        { ...delta({ content: "a" }), usage: { prompt_tokens: 3, completion_tokens: 1 } },
        { ...delta({ content: "b" }), usage: USAGE },
        { ...finish("stop"), usage: null },
        DONE,
      ],
      { usage: COUNTS },
    ],
    [
      "Groq's x_groq",
      [delta({ content: "a" }), finish("stop", { x_groq: { usage: USAGE } }), DONE],
      { usage: COUNTS },
    ],
    [
      "the usage in the choice (Moonshot)",
      [delta({ content: "a" }), delta({}, { finish_reason: "stop", usage: USAGE }), DONE],
      { usage: COUNTS },
    ],
    [
      "calls with an index",
      [
        call({ index: 0, id: "1", type: "function", function: { name: "f", arguments: "" } }),
        call({ index: 0, function: { arguments: '{"a"' } }),
        call({ index: 0, function: { arguments: ":1}" } }),
        call({ index: 1, id: "2", function: { name: "g", arguments: "{}" } }),
        finish("tool_calls"),
        DONE,
      ],
      { blocks: [tool("1", "f", '{"a":1}'), tool("2", "g", "{}")] },
    ],
    [
      "calls without an index, whole in one chunk",
      [
        delta({
          tool_calls: [
            { id: "1", function: { name: "f", arguments: '{"a":1}' } },
            { id: "2", function: { name: "f", arguments: '{"a":2}' } },
          ],
        }),
        DONE,
      ],
      { blocks: [tool("1", "f", '{"a":1}'), tool("2", "f", '{"a":2}')] },
    ],
    [
      "two calls with one index",
      [
        call({ index: 0, id: "1", function: { name: "f", arguments: "{}" } }),
        call({ index: 0, id: "2", function: { name: "g", arguments: "{}" } }),
        DONE,
      ],
      { blocks: [tool("1", "f", "{}"), tool("2", "g", "{}")] },
    ],
    [
      "interleaved calls",
      [
        call({ index: 0, id: "1", function: { name: "f", arguments: "{" } }),
        call({ index: 1, id: "2", function: { name: "g", arguments: "{" } }),
        call({ index: 0, function: { arguments: "}" } }),
        call({ index: 1, function: { arguments: '"b":2}' } }),
        DONE,
      ],
      { blocks: [tool("1", "f", "{}"), tool("2", "g", '{"b":2}')] },
    ],
    [
      "the name repeated, then empty",
      [
        call({ index: 0, id: "1", function: { name: "f", arguments: "{" } }),
        call({ index: 0, id: "1", function: { name: "f", arguments: "" } }),
        call({ index: 0, function: { name: "", arguments: "}" } }),
        DONE,
      ],
      { blocks: [tool("1", "f", "{}")] },
    ],
    [
      "arguments as an object, or none at all",
      [
        call({ index: 0, id: "1", function: { name: "f", arguments: { a: 1 } } }),
        call({ index: 1, id: "2", function: { name: "g" } }),
        DONE,
      ],
      { blocks: [tool("1", "f", '{"a":1}'), tool("2", "g", "{}")] },
    ],
    [
      "a call in the last chunk, whose reason is stop",
      [
        delta(
          { tool_calls: [{ index: 0, id: "1", function: { name: "f", arguments: "{}" } }] },
          { finish_reason: "STOP" },
        ),
      ],
      { finish: { reason: "tool_calls", raw: "STOP" } },
    ],
    [
      "the legacy function_call",
      [
        delta({ function_call: { name: "f", arguments: "" } }),
        delta({ function_call: { arguments: "{}" } }),
        finish("function_call"),
        DONE,
      ],
      {
        blocks: [tool("", "f", "{}")],
        finish: { reason: "tool_calls", raw: "function_call" },
      },
    ],
    [
      "reasoning_content",
      [delta({ reasoning_content: "h" }), delta({ reasoning_content: "m" }), delta({ content: "a" }), DONE],
      { blocks: [{ kind: "reasoning", text: "hm", origin: "openai-chat" }, text("a")] },
    ],
    [
      "reasoning beside its details",
      [
        delta({
          reasoning: "hm",
          reasoning_details: [
            { type: "reasoning.text", text: "hm", format: "anthropic-claude-v1", index: 0 },
          ],
        }),
        delta({
          reasoning_details: [
            { type: "reasoning.text", signature: "s", format: "anthropic-claude-v1", index: 0 },
          ],
        }),
        delta({ content: "a" }),
        DONE,
      ],
      {
        blocks: [{ kind: "reasoning", text: "hm", signature: "s", origin: "anthropic-messages" }, text("a")],
      },
    ],
    [
      "content as parts (Mistral)",
      [
        delta({ content: [{ type: "thinking", thinking: [{ type: "text", text: "hm" }] }] }),
        delta({ content: [{ type: "text", text: "a" }] }),
        DONE,
      ],
      { blocks: [{ kind: "reasoning", text: "hm", origin: "openai-chat" }, text("a")] },
    ],
    [
      "<think> stays in the text",
      [delta({ content: "<think>hm</think>a" }), DONE],
      { blocks: [text("<think>hm</think>a")] },
    ],
    [
      "a message so far beside each delta (Perplexity)",
      [
        delta({ content: "a" }, { message: { role: "assistant", content: "a" } }),
        delta({ content: "b" }, { message: { role: "assistant", content: "ab" } }),
        DONE,
      ],
      { blocks: [text("ab")] },
    ],
    [
      "search results beside the choices (Perplexity)",
      [
        { ...delta({ content: "a" }), search_results: [{ url: "https://example.org", title: "t" }] },
        { ...finish("stop"), search_results: [{ url: "https://example.org", title: "t" }] },
      ],
      {
        blocks: [
          {
            kind: "text",
            text: "a",
            citations: [
              {
                url: "https://example.org",
                title: "t",
                raw: { url: "https://example.org", title: "t" },
              },
            ],
          },
        ],
      },
    ],
    [
      "a refusal",
      [delta({ refusal: "I " }), delta({ refusal: "won't." }), finish("stop"), DONE],
      {
        blocks: [{ kind: "refusal", text: "I won't." }],
        finish: { reason: "refusal", raw: "stop" },
      },
    ],
    [
      "of several choices the first",
      [
        delta({ content: "a" }),
        { choices: [{ index: 1, delta: { content: "other" } }] },
        delta({ content: "b" }),
        DONE,
      ],
      { blocks: [text("ab")] },
    ],
    [
      "the stop sequence, where vLLM names it",
      [delta({ content: "a" }, { finish_reason: "stop", stop_reason: "END" }), DONE],
      { finish: { reason: "stop_sequence", stopSequence: "END", raw: "stop" } },
    ],
    [
      "an image that the model made (OpenRouter)",
      [delta({ images: [{ type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } }] }), DONE],
      {
        blocks: [{ kind: "image", source: { kind: "base64", mediaType: "image/png", data: "AAAA" } }],
      },
    ],
    ["rubbish between the chunks", [delta({ content: "a" }), "{", "", "null", DONE], { blocks: [text("a")] }],
  ])("%s", (_, chunks, expected) => {
    expect(foldEvents(read(chunks))).toMatchObject(expected);
  });

  test("text is told at once, and the second call while it comes", () => {
    const reader = openAiChat.createStreamReader();
    const told = [
      delta({ content: "a" }),
      call({ index: 0, id: "1", function: { name: "f", arguments: "{}" } }),
      call({ index: 1, id: "2", function: { name: "g", arguments: "{" } }),
    ].map((chunk) => reader.read({ type: "", data: JSON.stringify(chunk) }).map(({ kind }) => kind));
    expect(told).toEqual([
      ["start", "block_start", "delta"],
      ["block_end", "block_start", "delta"],
      ["block_end", "block_start", "delta"],
    ]);
  });

  test("a stream that breaks off has no end", () => {
    const events = read([delta({ content: "a" })]);
    expect(events.map(({ kind }) => kind)).toEqual(["start", "block_start", "delta", "block_end"]);
  });

  test.each<readonly [string, readonly WireEvent[], JsonObject]>([
    [
      "as data",
      [{ type: "", data: '{"error":{"message":"busy","type":"rate_limit_error","code":null}}' }],
      { message: "busy", status: 429 },
    ],
    ["as a text", [{ type: "", data: '{"error":"gone"}' }], { message: "gone", status: 500 }],
    [
      "with a number",
      [{ type: "", data: '{"error":{"message":"bad","code":502}}' }],
      { status: 502, code: "502" },
    ],
    [
      "as an event of its own",
      [{ type: "error", data: '{"message":"bad"}' }],
      { message: "bad", status: 500 },
    ],
    ["in a list (Gemini)", [{ type: "", data: '[{"error":{"message":"bad","code":400}}]' }], { status: 400 }],
    [
      "in a choice (OpenRouter)",
      [{ type: "", data: '{"choices":[{"index":0,"error":{"message":"bad","code":503}}]}' }],
      { status: 503 },
    ],
  ])("an error %s ends the stream", (_, events, error) => {
    const reader = openAiChat.createStreamReader();
    const told = events.flatMap((event) => reader.read(event));
    expect(told).toMatchObject([{ kind: "error", error }]);
    expect(reader.read({ type: "", data: DONE })).toEqual([]);
    expect(reader.end()).toEqual([]);
  });
});

const CONTEXT: AnswerContext = {
  model: "alias",
  newId: (prefix) => `${prefix}1`,
  nowS: 9,
  request: {},
  conversation: {
    model: "alias",
    turns: [],
    tools: [],
    stop: [],
    sampling: {},
    stream: true,
    streamUsage: true,
  },
};

function write(events: readonly AnswerEvent[], context = CONTEXT): string {
  const writer = openAiChat.createStreamWriter(context);
  return events.map((event) => writer.write(event)).join("");
}

function written(text: string): readonly string[] {
  return text.split("\n\n").flatMap((event) => (event === "" ? [] : [event.replace("data: ", "")]));
}

describe("a stream is written", () => {
  test("in OpenAI's order: role, content, reason, usage, end mark", () => {
    const events = answerEvents({
      blocks: [{ kind: "text", text: "a" }],
      usage: COUNTS,
      finish: { reason: "stop" },
    });
    const chunks = written(write(events));
    expect(chunks.at(-1)).toBe(DONE);
    const parsed: unknown[] = chunks.slice(0, -1).map((chunk): unknown => JSON.parse(chunk));
    const head = { id: "chatcmpl-1", object: "chat.completion.chunk", created: 9, model: "alias" };
    expect(parsed).toMatchObject([
      { ...head, choices: [{ index: 0, delta: { role: "assistant", content: "" }, finish_reason: null }] },
      { ...head, choices: [{ delta: { content: "a" } }], usage: null },
      { ...head, choices: [{ delta: {}, finish_reason: "stop" }] },
      { ...head, choices: [], usage: { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 } },
    ]);
  });

  test("without usage where the caller did not ask for it", () => {
    const conversation = { ...CONTEXT.conversation, streamUsage: false };
    const text = write(answerEvents({ blocks: [], usage: COUNTS }), { ...CONTEXT, conversation });
    expect(text).not.toContain("usage");
  });

  test("a call without arguments has empty ones", () => {
    const opening = { kind: "tool_call", id: "1", name: "f", arguments: "" } as const;
    const text = write([
      { kind: "start", answer: {} },
      { kind: "block_start", block: opening },
      { kind: "block_end" },
    ]);
    expect(text).toContain('"arguments":"{}"');
  });

  test("an error is the last event, and no clean end follows", () => {
    const text = write([
      { kind: "start", answer: {} },
      { kind: "error", error: { message: "busy", status: 529, type: "overloaded_error" } },
      { kind: "end" },
    ]);
    expect(written(text).at(-1)).toBe(
      '{"error":{"message":"busy","type":"server_error","param":null,"code":"overloaded_error"}}',
    );
  });

  test("a ping is a comment, which every client skips", () => {
    expect(write([{ kind: "ping" }])).toBe(": ping\n\n");
  });
});

test("what is written reads as the same answer, whole and streamed", () => {
  const text = fc.string({ minLength: 1 });
  const reasoning = fc.oneof(
    fc.record({ kind: fc.constant("reasoning"), text, origin: fc.constant("openai-chat") } as const),
    fc.record({
      kind: fc.constant("reasoning"),
      text,
      signature: text,
      origin: fc.constantFrom("anthropic-messages", "bedrock-converse", "gemini-generate-content"),
    } as const),
    fc.record({
      kind: fc.constant("reasoning"),
      text: fc.string(),
      encrypted: text,
      id: fc.uuid(),
      origin: fc.constant("openai-responses"),
    } as const),
  );
  const call = fc.record(
    {
      kind: fc.constant("tool_call"),
      id: fc.uuid(),
      name: fc.constantFrom("f", "g"),
      arguments: fc.json().map((value) => `{"x":${value}}`),
      signature: text,
    } as const,
    { requiredKeys: ["kind", "id", "name", "arguments"] },
  );
  const citation = fc.record({ url: fc.webUrl(), title: text, startIndex: fc.nat(), endIndex: fc.nat() });
  const usage = fc.record({
    inputTokens: fc.nat(),
    cacheReadTokens: fc.nat(),
    cacheWriteTokens: fc.nat(),
    inputAudioTokens: fc.nat(),
    outputTokens: fc.nat(),
    reasoningTokens: fc.nat(),
    outputAudioTokens: fc.nat(),
    webSearches: fc.nat(),
  });
  const answer = fc
    .record({
      id: text,
      model: text,
      createdAtS: fc.integer({ min: 1 }),
      thought: fc.option(reasoning, { nil: undefined }),
      said: fc.option(fc.record({ text, citations: fc.array(citation) }), { nil: undefined }),
      calls: fc.array(call, { maxLength: 3 }),
      usage,
    })
    .map(
      ({ id, model, createdAtS, thought, said, calls, usage: counts }): ModelAnswer => ({
        id,
        model,
        createdAtS,
        blocks: [
          ...(thought ? [thought] : []),
          ...(said
            ? [
                {
                  kind: "text",
                  text: said.text,
                  ...(said.citations.length > 0 && { citations: said.citations }),
                } as const,
              ]
            : []),
          ...calls,
        ],
        usage: { ...counts, totalTokens: counts.inputTokens + counts.outputTokens },
        finish:
          calls.length > 0 ? { reason: "tool_calls", raw: "tool_calls" } : { reason: "stop", raw: "stop" },
      }),
    );
  const withoutRaw = (read: ModelAnswer | undefined) =>
    read && {
      ...read,
      blocks: read.blocks.map((block) =>
        block.kind === "text" && block.citations
          ? { ...block, citations: block.citations.map(({ raw: _raw, ...rest }) => rest) }
          : block,
      ),
    };
  fc.assert(
    fc.property(answer, (given) => {
      const whole = openAiChat.readAnswer(JSON.parse(JSON.stringify(openAiChat.writeAnswer(given, CONTEXT))));
      const streamed = foldEvents(read(written(write(answerEvents(given)))));
      expect(withoutRaw(whole)).toEqual(given);
      expect(withoutRaw(streamed)).toEqual(given);
    }),
  );
});

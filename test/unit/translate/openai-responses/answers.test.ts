import type { AnswerEvent, Block, ModelAnswer } from "@sluice/translate";
import { asList, asObject, type JsonObject } from "@sluice/wire";
import OpenAI from "openai";
import { describe, expect, it, test } from "vitest";
import { answerEvents } from "../../../../packages/translate/src/answer-events.ts";
import { foldEvents } from "../../../../packages/translate/src/fold-events.ts";
import { openAiResponses } from "../../../../packages/translate/src/openai-responses/index.ts";
import { answerContext } from "./answer-context.ts";

const usage = {
  inputTokens: 10,
  cacheReadTokens: 4,
  cacheWriteTokens: 2,
  outputTokens: 7,
  reasoningTokens: 3,
  totalTokens: 17,
};
const stopped = { kind: "finish", finish: { reason: "stop" } } as const;

/** A client of OpenAI's whose every answer is this stream. */
function clientOf(body: string): OpenAI {
  return new OpenAI({
    apiKey: "none",
    maxRetries: 0,
    fetch: () => Promise.resolve(new Response(body, { headers: { "content-type": "text/event-stream" } })),
  });
}

function written(events: readonly AnswerEvent[], request?: JsonObject): string {
  const writer = openAiResponses.createStreamWriter(answerContext(request));
  return events.map((event) => writer.write(event)).join("");
}

/** The output that the official client makes of the stream; the whole body must hold the same. */
async function output(answer: ModelAnswer, request?: JsonObject): Promise<readonly JsonObject[]> {
  const stream = clientOf(written(answerEvents(answer), request)).responses.stream({
    model: "m",
    input: "i",
  });
  const final = await stream.finalResponse();
  const whole = openAiResponses.writeAnswer(answer, answerContext(request));
  const { parsed: _, ...items } = {
    parsed: undefined,
    output: JSON.parse(JSON.stringify(final.output)) as unknown,
  };
  expect(items.output).toMatchObject(asList(whole["output"]) as object[]);
  return asList(whole["output"]).map((item) => asObject(item) ?? {});
}

function readEvents(...events: readonly object[]): readonly AnswerEvent[] {
  const reader = openAiResponses.createStreamReader();
  return [
    ...events.flatMap((data) => reader.read({ type: "", data: JSON.stringify(data) })),
    ...reader.end(),
  ];
}

describe("an answer for a caller", () => {
  test.each<readonly [string, readonly Block[], readonly JsonObject[]]>([
    [
      "texts and a refusal as parts of one message",
      [
        { kind: "text", text: "A" },
        {
          kind: "text",
          text: "B",
          citations: [{ url: "https://a.example", title: "T", startIndex: 0, endIndex: 1 }],
        },
        { kind: "refusal", text: "No." },
      ],
      [
        {
          type: "message",
          role: "assistant",
          status: "completed",
          content: [
            { type: "output_text", text: "A", annotations: [] },
            {
              type: "output_text",
              text: "B",
              annotations: [
                { type: "url_citation", url: "https://a.example", title: "T", start_index: 0, end_index: 1 },
              ],
            },
            { type: "refusal", refusal: "No." },
          ],
        },
      ],
    ],
    [
      "thinking, parallel calls, and a call without arguments",
      [
        { kind: "reasoning", text: "Hm.", id: "rs_x", encrypted: "e", origin: "openai-responses" },
        { kind: "tool_call", id: "c1", name: "f", arguments: '{"a":1}' },
        { kind: "tool_call", id: "c2", name: "g", arguments: "" },
      ],
      [
        {
          type: "reasoning",
          id: "rs_x",
          summary: [{ type: "summary_text", text: "Hm." }],
          encrypted_content: "e",
        },
        { type: "function_call", call_id: "c1", name: "f", arguments: '{"a":1}', status: "completed" },
        { type: "function_call", call_id: "c2", name: "g", arguments: "{}" },
      ],
    ],
    [
      "two thoughts with one id as two items",
      [
        { kind: "reasoning", text: "A", id: "rs_x", origin: "openai-responses" },
        { kind: "reasoning", text: "B", id: "rs_x", origin: "openai-responses" },
      ],
      [{ id: "rs_x" }, { id: "rs_2" }],
    ],
    [
      "an image",
      [{ kind: "image", source: { kind: "base64", mediaType: "image/webp", data: "AA==" } }],
      [{ type: "image_generation_call", result: "AA==", output_format: "webp", status: "completed" }],
    ],
    [
      "an image that only has a URL as text, and no tool of another provider's",
      [
        { kind: "image", source: { kind: "url", url: "https://a.example/1.png" } },
        { kind: "server_tool", raw: { type: "server_tool_use" } },
      ],
      [{ type: "message", content: [{ type: "output_text", text: "![](https://a.example/1.png)" }] }],
    ],
  ])("has %s, whole and through the official client", async (_, blocks, expected) => {
    const items = await output({ blocks, finish: { reason: "stop" }, usage });
    expect(items).toMatchObject(expected);
    expect(items).toHaveLength(expected.length);
  });

  it("repeats the caller's settings, and tells usage with its details", () => {
    const request = { model: "alias", input: "Hi", instructions: "Be brief.", temperature: 0.2, user: "u" };
    const answer = openAiResponses.writeAnswer(
      { id: "msg_1", model: "claude-x", createdAtS: 5, blocks: [], finish: { reason: "stop" }, usage },
      answerContext(request),
    );
    expect(answer).toMatchObject({
      id: "resp_1",
      object: "response",
      created_at: 5,
      status: "completed",
      model: "claude-x",
      instructions: "Be brief.",
      temperature: 0.2,
      user: "u",
      store: false,
      error: null,
      incomplete_details: null,
      usage: {
        input_tokens: 10,
        input_tokens_details: { cached_tokens: 4, cache_write_tokens: 2 },
        output_tokens: 7,
        output_tokens_details: { reasoning_tokens: 3 },
        total_tokens: 17,
      },
    });
  });

  test.each([
    ["length", "max_output_tokens"],
    ["context_length", "max_output_tokens"],
    ["content_filter", "content_filter"],
  ] as const)("that ended by %s is incomplete by %s, as is its last message", async (reason, told) => {
    const answer: ModelAnswer = { blocks: [{ kind: "text", text: "Half" }], finish: { reason } };
    const body = written(answerEvents(answer));
    expect(body).toContain("event: response.incomplete\n");
    const stream = await clientOf(body).responses.create({ model: "m", input: "i", stream: true });
    const events = await Array.fromAsync(stream);
    expect(events.at(-1)).toMatchObject({
      type: "response.incomplete",
      response: {
        status: "incomplete",
        incomplete_details: { reason: told },
        output: [{ content: [{ text: "Half" }] }],
      },
    });
  });

  it("gives custom tools their text back", async () => {
    const request = { model: "m", input: "i", tools: [{ type: "custom", name: "sql" }] };
    const blocks: readonly Block[] = [
      { kind: "tool_call", id: "c1", name: "sql", arguments: '{"input":"SELECT 1"}' },
      { kind: "tool_call", id: "c2", name: "sql", arguments: "SELECT 2" },
    ];
    expect(await output({ blocks, finish: { reason: "tool_calls" } }, request)).toMatchObject([
      { type: "custom_tool_call", call_id: "c1", name: "sql", input: "SELECT 1" },
      { type: "custom_tool_call", call_id: "c2", name: "sql", input: "SELECT 2" },
    ]);
  });

  it("numbers its events without a gap, begins with response.created, and tells pings by comments", () => {
    const body = written([{ kind: "ping" }, ...answerEvents({ blocks: [{ kind: "text", text: "A" }] })]);
    expect(body.startsWith(": ping\n\nevent: response.created\n")).toBe(true);
    const numbers = Array.from(body.matchAll(/"sequence_number":(\d+)/g), ([, number]) => Number(number));
    expect(numbers).toEqual(numbers.map((_, at) => at));
  });

  it("that breaks off makes the official client throw, with what the provider said", async () => {
    const error = {
      message: "Slow down.",
      status: 429,
      type: "rate_limit_error",
      code: "rate_limit_exceeded",
    };
    for (const before of [[], answerEvents({ blocks: [{ kind: "text", text: "A" }] }).slice(0, 3)]) {
      const body = written([...before, { kind: "error", error }]);
      const read = clientOf(body).responses.stream({ model: "m", input: "i" }).finalResponse();
      await expect(read).rejects.toMatchObject({ code: "rate_limit_exceeded", message: "Slow down." });
      expect(body).toContain('"status":"failed"');
    }
  });
});

describe("what another provider wants back comes back with the next turn", () => {
  test.each<readonly [string, Block]>([
    [
      "Anthropic's thinking",
      { kind: "reasoning", text: "Hm.", signature: "Sg==", origin: "anthropic-messages" },
    ],
    [
      "Anthropic's redacted thinking",
      { kind: "reasoning", text: "", encrypted: "Rd==", origin: "anthropic-messages" },
    ],
    ["Bedrock's thinking", { kind: "reasoning", text: "Hm.", signature: "Sg==", origin: "bedrock-converse" }],
    ["unsigned thinking of a chat model", { kind: "reasoning", text: "Hm.", origin: "openai-chat" }],
    ["Gemini's signed call", { kind: "tool_call", id: "c:1", name: "f", arguments: "{}", signature: "Sg==" }],
  ])("%s", async (_, block) => {
    const items = await output({ blocks: [block], finish: { reason: "stop" } });
    const { turns } = openAiResponses.readRequest({ model: "m", input: items }, ({ field }) => {
      throw new Error(`${field} was lost.`);
    });
    const parts = turns.flatMap((turn) => turn.parts).map((part) => ({ ...part, id: "" }));
    expect(parts).toEqual([{ ...block, id: "" }]);
  });
});

describe("a provider's stream", () => {
  const response = {
    id: "resp_1",
    object: "response",
    model: "m",
    created_at: 5,
    status: "completed",
    output: [],
  };
  const created = { type: "response.created", response: { ...response, status: "in_progress" } };
  const completed = { type: "response.completed", response };
  const call = (output_index: number, status: string, text: string) => ({
    type: `response.output_item.${status}`,
    output_index,
    item: {
      type: "function_call",
      id: `fc_${output_index}`,
      call_id: `c${output_index}`,
      name: "f",
      arguments: text,
    },
  });
  const args = (output_index: number, delta: string) => ({
    type: "response.function_call_arguments.delta",
    output_index,
    delta,
  });

  it("has its interleaved calls one after the other", () => {
    const events = readEvents(
      created,
      call(0, "added", ""),
      call(1, "added", ""),
      args(1, '{"b":'),
      args(0, '{"a":'),
      args(1, "2}"),
      args(0, "1}"),
      call(1, "done", '{"b":2}'),
      call(0, "done", '{"a":1}'),
      completed,
    );
    const order = events.map(({ kind }) => kind).filter((kind) => kind.startsWith("block"));
    expect(order).toEqual(["block_start", "block_end", "block_start", "block_end"]);
    expect(foldEvents(events)).toMatchObject({
      id: "resp_1",
      blocks: [
        { id: "c0", arguments: '{"a":1}' },
        { id: "c1", arguments: '{"b":2}' },
      ],
      finish: { reason: "tool_calls", raw: "completed" },
    });
  });

  it("may leave out the ends of its items, or everything but the last event", () => {
    const message = {
      type: "message",
      id: "m",
      role: "assistant",
      content: [{ type: "output_text", text: "Hi" }],
    };
    const delta = {
      type: "response.output_text.delta",
      item_id: "m",
      output_index: 0,
      content_index: 0,
      delta: "Hi",
    };
    const full = { type: "response.completed", response: { ...response, output: [message] } };
    for (const events of [[created, delta, completed], [created, delta, full], [created, full], [full]]) {
      expect(foldEvents(readEvents(...events))?.blocks).toEqual([{ kind: "text", text: "Hi" }]);
    }
  });

  it("has the thinking of open models once, though it comes as content and as summary", () => {
    const at = { item_id: "r", output_index: 0 };
    const folded = foldEvents(
      readEvents(
        created,
        { type: "response.reasoning_text.delta", ...at, content_index: 0, delta: "Hm." },
        { type: "response.reasoning_summary_text.delta", ...at, summary_index: 0, delta: "Hm." },
        completed,
      ),
    );
    expect(folded?.blocks).toEqual([{ kind: "reasoning", text: "Hm.", id: "r", origin: "openai-responses" }]);
  });

  test.each([
    ["max_output_tokens", "length"],
    ["content_filter", "content_filter"],
    ["something_new", "other"],
  ])("that is incomplete by %s ended by %s", (raw, reason) => {
    const last = { ...response, status: "incomplete", incomplete_details: { reason: raw } };
    const events = readEvents(created, { type: "response.incomplete", response: last });
    expect(foldEvents(events)?.finish).toEqual({ reason, raw });
  });

  test.each<readonly [string, object, object]>([
    [
      "nested",
      { type: "error", error: { type: "tokens", code: "rate_limit_exceeded", message: "Slow." } },
      { message: "Slow.", status: 429, code: "rate_limit_exceeded" },
    ],
    [
      "flat",
      { type: "error", code: "server_error", message: "Oh." },
      { message: "Oh.", status: 500, code: "server_error" },
    ],
    [
      "in the response",
      {
        type: "response.failed",
        response: { ...response, status: "failed", error: { code: "server_error", message: "Oh." } },
      },
      { message: "Oh.", status: 500, code: "server_error" },
    ],
    ["without a type", { error: { message: "Oh.", code: 503 } }, { message: "Oh.", status: 503 }],
  ])("ends with its error: %s", (_, event, error) => {
    expect(readEvents(created, event, completed).at(-1)).toMatchObject({ kind: "error", error });
  });

  it("that just stops has no end, but keeps what came", () => {
    const events = readEvents(
      created,
      call(0, "added", ""),
      args(0, "{"),
      call(1, "added", ""),
      args(1, "["),
    );
    expect(foldEvents(events)).toBeUndefined();
    expect(events.filter(({ kind }) => kind === "block_start")).toHaveLength(2);
    expect(events.some(({ kind }) => kind === "end" || kind === "finish")).toBe(false);
  });

  it("lives with what it cannot read, with keep-alives, and with [DONE] alone", () => {
    const reader = openAiResponses.createStreamReader();
    expect(reader.read({ type: "", data: "{oops" })).toEqual([]);
    expect(reader.read({ type: "", data: '{"type":"response.brand_new.delta","delta":"x"}' })).toEqual([]);
    expect(reader.read({ type: "keepalive", data: '{"type":"keepalive"}' })).toEqual([{ kind: "ping" }]);
    expect(reader.read({ type: "", data: "[DONE]" }).at(-1)).toEqual({ kind: "end" });
    expect(reader.read({ type: "", data: JSON.stringify(completed) })).toEqual([]);
  });
});

describe("a provider's whole answer", () => {
  it("gives citations, images, its own tools, and searches that are billed", () => {
    const annotation = { type: "url_citation", url: "u", title: "t", start_index: 1, end_index: 2 };
    const search = { type: "web_search_call", action: { type: "search" } };
    const open = { type: "web_search_call", action: { type: "open_page" } };
    const answer = openAiResponses.readAnswer({
      status: "completed",
      output: [
        search,
        open,
        { type: "image_generation_call", result: "AA==", output_format: "jpeg" },
        { type: "message", content: [{ type: "output_text", text: "abc", annotations: [annotation] }] },
      ],
      usage: { input_tokens: 1, output_tokens: 2, total_tokens: 3 },
    });
    expect(answer).toEqual({
      blocks: [
        { kind: "server_tool", raw: search },
        { kind: "server_tool", raw: open },
        { kind: "image", source: { kind: "base64", mediaType: "image/jpeg", data: "AA==" } },
        {
          kind: "text",
          text: "abc",
          citations: [{ url: "u", title: "t", startIndex: 1, endIndex: 2, raw: annotation }],
        },
      ],
      finish: { reason: "stop", raw: "completed" },
      usage: { inputTokens: 1, outputTokens: 2, totalTokens: 3, webSearches: 1 },
    });
  });

  test.each([
    [{ choices: [] }],
    [{ output: [], status: "failed", error: { message: "Oh." } }],
    [undefined],
    [[]],
  ])("is none: %j", (body) => {
    expect(openAiResponses.readAnswer(body)).toBeUndefined();
  });
});

it("an answer ends once, whatever order its end is told in", () => {
  const body = written([{ kind: "usage", usage }, stopped, { kind: "start", answer: {} }, { kind: "end" }]);
  expect(body.match(/event: response\.completed/g)).toHaveLength(1);
  expect(body).toContain('"total_tokens":17');
});

import { type AssembledAnswer, assembleResponsesAnswer, readResponsesRequest } from "@sluice/wire";
import { describe, expect, it, test } from "vitest";
import { corpusBody, corpusCases } from "../../../support/corpus.ts";

const streams = (corpusCases() ?? []).filter(
  ({ endpoint, file }) => endpoint === "responses" && file.endsWith(".sse"),
);

function assemble(body: unknown, status = 200): AssembledAnswer {
  const read = assembleResponsesAnswer([Buffer.from(JSON.stringify(body))], status);
  if (!read.ok) throw new Error(read.reason);
  return read.value;
}

function assembleStream(...events: readonly (object | string)[]): AssembledAnswer {
  const text = events.map((data) => (typeof data === "string" ? data : `data: ${JSON.stringify(data)}`));
  const read = assembleResponsesAnswer([Buffer.from(`${text.join("\n\n")}\n\n`)], 200);
  if (!read.ok) throw new Error(read.reason);
  return read.value;
}

const head = {
  id: "resp_1",
  object: "response",
  model: "gpt-x",
  created_at: 7,
  status: "in_progress",
  output: [],
};
const created = { type: "response.created", response: head };
const completed = { type: "response.completed", response: { ...head, status: "completed" } };
const item = (output_index: number, fields: object) => ({
  type: "response.output_item.added",
  output_index,
  item: fields,
});

describe("a response as JSON", () => {
  it("gives text, refusal, calls of both kinds, thinking and what the provider's own tools did", () => {
    const search = { type: "web_search_call", id: "ws_1", status: "completed", action: { type: "search" } };
    const reasoning = { type: "reasoning", id: "rs_1", summary: [{ type: "summary_text", text: "Hm." }] };
    const annotation = { type: "url_citation", url: "https://a.example", start_index: 0, end_index: 1 };
    const answer = assemble({
      ...head,
      status: "completed",
      service_tier: "flex",
      output: [
        reasoning,
        search,
        {
          type: "message",
          role: "assistant",
          phase: "final_answer",
          content: [
            { type: "output_text", text: "A", annotations: [annotation], logprobs: [{}, {}] },
            { type: "output_text", text: "B", annotations: [] },
            { type: "refusal", refusal: "No." },
          ],
        },
        { type: "function_call", call_id: "call_1", name: "f", arguments: "{}", namespace: "n" },
        { type: "custom_tool_call", call_id: "call_2", name: "sql", input: "SELECT 1" },
      ],
      usage: {
        input_tokens: 3,
        output_tokens: 4,
        total_tokens: 7,
        output_tokens_details: { reasoning_tokens: 2 },
      },
    });
    expect(answer).toMatchObject({
      id: "resp_1",
      model: "gpt-x",
      createdAtS: 7,
      serviceTier: "flex",
      choices: [
        {
          text: "AB",
          refusal: "No.",
          reasoning: "Hm.",
          reasoningDetails: [reasoning],
          parts: [search],
          logprobs: 2,
          finishReason: "completed",
          toolCalls: [
            { id: "call_1", type: "function", name: "f", arguments: "{}" },
            { id: "call_2", type: "custom", name: "sql", arguments: "SELECT 1" },
          ],
          other: {
            annotations: [annotation],
            item_details: [{ phase: "final_answer" }, { id: "call_1", namespace: "n" }],
          },
        },
      ],
      usage: { inputTokens: 3, outputTokens: 4, reasoningTokens: 2, totalTokens: 7 },
    });
  });

  it("says why it is incomplete", () => {
    const answer = assemble({
      ...head,
      status: "incomplete",
      incomplete_details: { reason: "max_output_tokens" },
    });
    expect(answer.choices[0]).toMatchObject({
      finishReason: "incomplete",
      other: { incomplete_details: { reason: "max_output_tokens" } },
    });
  });

  it("that runs in the background has not ended and is no error", () => {
    const answer = assemble({ ...head, status: "queued", background: true, error: null });
    expect(answer.error).toBeUndefined();
    expect(answer.choices[0]?.finishReason).toBeUndefined();
    expect(answer.choices[0]?.other).toEqual({ status: "queued", background: true });
  });

  it("that failed under a good status is an error", () => {
    const error = { code: "server_error", message: "It broke." };
    expect(assemble({ ...head, status: "failed", error }).error).toMatchObject(error);
  });

  it("is an error from status 400 on, and unread when it is nothing of the kind", () => {
    expect(assemble({ detail: "Bad" }, 400).error?.message).toBe("Bad");
    expect(assembleResponsesAnswer([Buffer.from('{"choices":[]}')], 200).ok).toBe(false);
    expect(assembleResponsesAnswer([Buffer.from("data: {}\n\n")], 200).ok).toBe(false);
  });
});

describe("a response as a stream", () => {
  test.each(streams)("$id: what the deltas told is what the last event repeats", (recorded) => {
    const whole = corpusBody(recorded);
    const text = Buffer.from(whole).toString();
    const lastEvent = Math.max(text.lastIndexOf("event: response.completed"), 0);
    const cut = text.slice(0, lastEvent || text.lastIndexOf('data: {"type":"response.completed"'));
    const [full, part] = [whole, Buffer.from(cut)].map((body) => assembleResponsesAnswer([body], 200));
    if (!full?.ok || !part?.ok) throw new Error("The recording could not be read.");
    const [expected] = full.value.choices;
    const [choice] = part.value.choices;
    expect(part.value.truncated).toBeDefined();
    expect(choice).toMatchObject({
      text: expected?.text,
      reasoning: expected?.reasoning,
      toolCalls: expected?.toolCalls,
      logprobs: expected?.logprobs,
    });
    expect(choice?.parts).toHaveLength(expected?.parts.length ?? -1);
  });

  it("keeps interleaved calls apart, those of custom tools too", () => {
    const delta = (type: string, output_index: number, text: string) => ({ type, output_index, delta: text });
    const answer = assembleStream(
      created,
      item(0, { type: "function_call", id: "fc_0", call_id: "c0", name: "f", arguments: "" }),
      item(1, { type: "custom_tool_call", id: "fc_1", call_id: "c1", name: "g", input: "" }),
      delta("response.function_call_arguments.delta", 0, '{"a"'),
      delta("response.custom_tool_call_input.delta", 1, "SELECT "),
      delta("response.function_call_arguments.delta", 0, ":1}"),
      delta("response.custom_tool_call_input.delta", 1, "1"),
      completed,
    );
    expect(answer.choices[0]?.toolCalls.map(({ arguments: text }) => text)).toEqual(['{"a":1}', "SELECT 1"]);
    expect(answer.truncated).toBeUndefined();
  });

  it("puts refusals, thinking of both kinds and citations together without the ends of items", () => {
    const at = { item_id: "i", output_index: 0 };
    const answer = assembleStream(
      created,
      { type: "response.reasoning_summary_text.delta", ...at, summary_index: 0, delta: "Sum" },
      { type: "response.reasoning_summary_text.delta", ...at, summary_index: 1, delta: "mary" },
      { type: "response.refusal.delta", item_id: "m", output_index: 1, content_index: 0, delta: "N" },
      { type: "response.refusal.delta", item_id: "m", output_index: 1, content_index: 0, delta: "o." },
      { type: "response.output_text.delta", item_id: "m", output_index: 1, content_index: 1, delta: "But" },
      {
        type: "response.output_text.annotation.added",
        item_id: "m",
        output_index: 1,
        content_index: 1,
        annotation: { type: "url_citation", url: "u" },
      },
    );
    expect(answer.choices[0]).toMatchObject({
      reasoning: "Summary",
      refusal: "No.",
      text: "But",
      other: { annotations: [{ url: "u" }] },
    });
    expect(answer.truncated).toMatch(/without response\.completed/);
  });

  it("keeps the partial output of one that failed, and the error", () => {
    const answer = assembleStream(
      created,
      { type: "response.output_text.delta", output_index: 0, content_index: 0, delta: "Half" },
      {
        type: "response.failed",
        response: { ...head, status: "failed", error: { code: "server_error", message: "It broke." } },
      },
    );
    expect(answer.choices[0]).toMatchObject({ text: "Half", finishReason: "failed" });
    expect(answer.error).toMatchObject({ message: "It broke.", code: "server_error" });
    expect(answer.truncated).toBeUndefined();
  });

  it.each([
    [
      "nested",
      { type: "error", error: { type: "tokens", code: "rate_limit_exceeded", message: "Slow down." } },
    ],
    ["flat", { type: "error", code: "rate_limit_exceeded", message: "Slow down.", param: null }],
  ])("reads an error event that is %s, also as the first one", (_, event) => {
    const answer = assembleStream(`event: error\ndata: ${JSON.stringify(event)}`);
    expect(answer.error).toMatchObject({ code: "rate_limit_exceeded", message: "Slow down." });
  });

  it("counts events that it cannot read, and lets unknown ones pass", () => {
    const answer = assembleStream(
      created,
      "data: {oops",
      { type: "response.new.delta", delta: "?" },
      completed,
    );
    expect(answer.warnings).toEqual(["1 of 4 stream events could not be read."]);
  });

  it("is whole with [DONE] alone", () => {
    const answer = assembleStream(
      created,
      { type: "response.output_text.delta", output_index: 0, content_index: 0, delta: "A" },
      "data: [DONE]",
    );
    expect(answer.truncated).toBeUndefined();
    expect(answer.choices[0]?.text).toBe("A");
  });
});

describe("a request of the responses endpoint", () => {
  const read = (body: object) => readResponsesRequest(Buffer.from(JSON.stringify(body)));

  it("is shown as a conversation, with its settings apart", () => {
    expect(
      read({
        model: "gpt-x",
        user: "u",
        instructions: "Be brief.",
        input: [
          { role: "user", content: "Hi" },
          { type: "function_call", call_id: "c", name: "f", arguments: "{}" },
          { type: "function_call_output", call_id: "c", output: "1" },
          { type: "item_reference", id: "i" },
        ],
        tools: [{ type: "web_search" }],
        temperature: 0,
        stream: true,
        new_setting: 1,
      }),
    ).toEqual({
      ok: true,
      value: {
        model: "gpt-x",
        user: "u",
        input: {
          messages: [
            { role: "system", content: "Be brief." },
            { role: "user", content: "Hi" },
            {
              role: "assistant",
              tool_calls: [{ id: "c", type: "function", function: { name: "f", arguments: "{}" } }],
            },
            { role: "tool", tool_call_id: "c", content: "1" },
            { type: "item_reference", id: "i" },
          ],
          tools: [{ type: "web_search" }],
        },
        parameters: { temperature: 0, new_setting: 1 },
      },
    });
  });

  it("may have a text for its input", () => {
    expect(read({ model: "m", input: "Hi" })).toMatchObject({
      value: { input: { messages: [{ role: "user", content: "Hi" }] } },
    });
  });
});

describe("the searches in a response", () => {
  it.each([
    [{ type: "web_search_call", action: { type: "search", query: "q" } }, 1],
    [{ type: "web_search_call", status: "completed" }, 1],
    [{ type: "web_search_call", action: { type: "open_page" } }, undefined],
    [{ type: "web_search_call", status: "failed" }, undefined],
    [{ type: "file_search_call" }, undefined],
  ])("are counted, for they are billed apart: %j", (item, count) => {
    expect(assemble({ ...head, status: "completed", output: [item] }).webSearches).toBe(count);
  });
});

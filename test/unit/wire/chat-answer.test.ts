import { type AssembledAnswer, assembleChatAnswer, type Choice, type ToolCall } from "@sluice/wire";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { completion, delta, finish, sse, toolDelta } from "../../support/chat-bodies.ts";

function assemble(body: Uint8Array | string, status = 200): AssembledAnswer {
  const answer = assembleChatAnswer([Buffer.from(body as string)], status);
  if (!answer.ok) throw new Error(answer.reason);
  return answer.value;
}

function onlyChoice(chunks: readonly unknown[]): Choice {
  const [choice] = assemble(sse(chunks)).choices;
  if (!choice) throw new Error("no choice");
  return choice;
}

const toolCalls = (...chunks: readonly unknown[]): readonly ToolCall[] => onlyChoice(chunks).toolCalls;

describe("the content of a stream", () => {
  test("a null, an absent and a repeated role leave the text whole", () => {
    const choice = onlyChoice([
      delta({ role: "assistant", content: null }),
      delta({ role: "assistant", content: "Hel" }),
      delta({ content: "lo" }),
      finish("stop"),
    ]);
    expect(choice).toMatchObject({ role: "assistant", text: "Hello", finishReason: "stop", reasoning: "" });
  });

  test("content as a list of parts gives text, thinking and refusal, and keeps the other parts", () => {
    const image = { type: "image_url", image_url: { url: "https://example.com/a.png" } };
    const choice = onlyChoice([
      delta({ content: [{ type: "thinking", thinking: [{ type: "text", text: "Hm" }] }] }),
      delta({ content: [{ type: "text", text: "A" }, image, "B", { type: "refusal", refusal: "No." }] }),
    ]);
    expect(choice).toMatchObject({ text: "AB", reasoning: "Hm", refusal: "No.", parts: [image] });
  });

  test.each(["reasoning_content", "reasoning"])("every piece of %s is kept", (field) => {
    expect(onlyChoice([delta({ [field]: "Let " }), delta({ [field]: "me see" })]).reasoning).toBe(
      "Let me see",
    );
  });

  test("reasoning under both names is taken once", () => {
    expect(onlyChoice([delta({ reasoning: "a", reasoning_content: "a" })]).reasoning).toBe("a");
  });

  test("reasoning details are joined block by block, signature and all", () => {
    const block = { type: "reasoning.text", index: 0 };
    const choice = onlyChoice([
      delta({ reasoning_details: [{ ...block, text: "15" }] }),
      delta({ reasoning_details: [{ ...block, text: " * 27", signature: null }] }),
      delta({ reasoning_details: [{ ...block, signature: "c2ln" }] }),
      delta({ reasoning_details: [{ type: "reasoning.encrypted", index: 0, data: "eA==" }] }),
    ]);
    expect(choice.reasoningDetails).toEqual([
      { ...block, text: "15 * 27", signature: "c2ln" },
      { type: "reasoning.encrypted", index: 0, data: "eA==" },
    ]);
  });

  test("think tags in the text stay there", () => {
    expect(onlyChoice([delta({ content: "<think>a</think>b" })])).toMatchObject({
      text: "<think>a</think>b",
      reasoning: "",
    });
  });

  test("interleaved choices are kept apart, in order of their index", () => {
    const answer = assemble(
      sse([
        delta({ content: "b1" }, { index: 1 }),
        delta({ content: "a1" }),
        delta({ content: "b2" }, { index: 1 }),
        finish("length", 1),
        finish("stop"),
      ]),
    );
    expect(answer.choices.map(({ text, finishReason }) => [text, finishReason])).toEqual([
      ["a1", "stop"],
      ["b1b2", "length"],
    ]);
  });

  test("a message beside the delta (Perplexity) is not added a second time", () => {
    const chunk = delta({ content: "lo" }, { message: { role: "assistant", content: "Hello" } });
    expect(onlyChoice([delta({ content: "Hel" }), chunk]).text).toBe("Hello");
  });

  test("unknown fields of the message are kept: lists joined, else the last value", () => {
    const choice = onlyChoice([
      delta({ annotations: [1], audio: { id: "a" } }),
      delta({ annotations: [2], audio: null }),
      delta({ ["__proto__"]: "x" }),
    ]);
    expect(choice.other).toMatchObject({ annotations: [1, 2], audio: { id: "a" } });
  });

  test("log probabilities are counted", () => {
    const logprobs = { content: [{ token: "a" }, { token: "b" }], refusal: null };
    expect(onlyChoice([delta({ content: "ab" }, { logprobs })]).logprobs).toBe(2);
  });

  test("the head is the first that any chunk gives: Azure's first chunk has an empty id and model", () => {
    const filter = { id: "", model: "", choices: [], created: 0, prompt_filter_results: [] };
    const chunk = { ...delta({ content: "a" }), service_tier: "default", system_fingerprint: "fp_1" };
    expect(assemble(sse([filter, chunk, { ...delta({ content: "b" }), id: "other" }]))).toMatchObject({
      id: "chatcmpl-1",
      model: "gpt-4o-2024-08-06",
      createdAtS: 1_760_000_000,
      serviceTier: "default",
      systemFingerprint: "fp_1",
    });
  });
});

const call = (id: string, name: string, args: string): ToolCall => ({
  id,
  type: "function",
  name,
  arguments: args,
});

describe("the tool calls of a stream", () => {
  test("arguments in pieces are joined by index, though id and name come empty later", () => {
    expect(
      toolCalls(
        toolDelta({ index: 0, id: "a", type: "function", function: { name: "f", arguments: "" } }),
        toolDelta({ index: 1, id: "b", function: { name: "g", arguments: '{"x"' } }),
        toolDelta({ index: 0, id: "", function: { name: "", arguments: "{}" } }),
        toolDelta({ index: 1, id: null, function: { arguments: ":1}" } }),
      ),
    ).toEqual([call("a", "f", "{}"), call("b", "g", '{"x":1}')]);
  });

  test("a name that is repeated in every piece begins no new call", () => {
    expect(
      toolCalls(
        toolDelta({ index: 0, id: "0", function: { name: "f", arguments: "" } }),
        toolDelta({ index: 0, id: "0", function: { name: "f", arguments: '{"a":' } }),
        toolDelta({ index: 0, function: { name: "f", arguments: "1}" } }),
      ),
    ).toEqual([call("0", "f", '{"a":1}')]);
  });

  test("a new id in every piece, without a name, begins no new call", () => {
    expect(
      toolCalls(
        toolDelta({ index: 0, id: "x1", function: { name: "f", arguments: "{" } }),
        toolDelta({ index: 0, id: "x2", function: { arguments: "}" } }),
      ),
    ).toEqual([call("x1", "f", "{}")]);
  });

  test("two whole calls with one index are two", () => {
    expect(
      toolCalls(
        toolDelta({ index: 0, id: "a", function: { name: "f", arguments: "{}" } }),
        toolDelta({ index: 0, id: "b", function: { name: "f", arguments: "{}" } }),
      ),
    ).toEqual([call("a", "f", "{}"), call("b", "f", "{}")]);
  });

  test("calls with neither index nor id are told apart by their complete arguments", () => {
    expect(
      toolCalls(
        toolDelta(
          { function: { name: "f", arguments: '{"a":1}' } },
          { function: { name: "g", arguments: "{}" } },
        ),
        toolDelta({ function: { name: "g", arguments: { b: 2 } } }),
      ),
    ).toEqual([
      { type: "function", name: "f", arguments: '{"a":1}' },
      { type: "function", name: "g", arguments: "{}" },
      { type: "function", name: "g", arguments: '{"b":2}' },
    ]);
  });

  test("calls without an index are joined by id", () => {
    expect(
      toolCalls(
        toolDelta({ id: "a", function: { name: "f", arguments: "{" } }),
        toolDelta({ id: "b", function: { name: "g", arguments: "[" } }),
        toolDelta({ id: "a", function: { arguments: "}" } }),
        toolDelta({ id: "b", function: { arguments: "]" } }),
      ),
    ).toEqual([call("a", "f", "{}"), call("b", "g", "[]")]);
  });

  test("a call in the chunk that has the finish reason counts", () => {
    const chunk = delta(
      { tool_calls: [{ index: 0, id: "a", function: { name: "f", arguments: "{}" } }] },
      { finish_reason: "tool_calls" },
    );
    expect(onlyChoice([chunk])).toMatchObject({
      toolCalls: [call("a", "f", "{}")],
      finishReason: "tool_calls",
    });
  });

  test("a custom tool's input is its arguments", () => {
    const custom = { index: 0, id: "a", type: "custom", custom: { name: "run", input: "ls" } };
    expect(toolCalls(toolDelta(custom))).toEqual([{ id: "a", type: "custom", name: "run", arguments: "ls" }]);
  });

  test("the legacy function_call is one call without an id; an empty one is none", () => {
    expect(
      toolCalls(
        delta({ function_call: { name: "f", arguments: "{" } }),
        delta({ function_call: { arguments: "}" } }),
      ),
    ).toEqual([{ type: "function", name: "f", arguments: "{}" }]);
    expect(toolCalls(delta({ content: "a", function_call: { name: "", arguments: "" } }))).toEqual([]);
  });
});

describe("errors inside an answer", () => {
  test.each([
    ["an object", { error: { message: "Boom", type: "server_error", code: null } }, { message: "Boom" }],
    ["a number as code", { error: { message: "Boom", code: 400 } }, { message: "Boom", code: 400 }],
    ["a text", { error: "Boom" }, { message: "Boom" }],
    ["Groq's", { x_groq: { error: "Boom" } }, { message: "Boom" }],
    ["a choice's", { choices: [{ error: { message: "Boom", code: 502 } }] }, { message: "Boom", code: 502 }],
    ["a code alone", { error: { code: "content_filter" } }, { message: "content_filter" }],
    ["Azure's inner error", { error: { innererror: { code: "ContentFilter" } } }, { code: "ContentFilter" }],
  ])("%s after a 200 keeps the partial text", (_, event, error) => {
    const answer = assemble(sse([delta({ content: "Part" }), event]));
    expect(answer.error).toMatchObject(error);
    expect(answer.choices[0]?.text).toBe("Part");
  });

  test("an error as the first event, of type error, is found", () => {
    const body = 'event: error\ndata: {"message":"Overloaded","type":"overloaded_error"}\n\n';
    expect(assemble(body).error).toMatchObject({ message: "Overloaded", type: "overloaded_error" });
  });

  test.each([
    ["OpenAI's", { error: { message: "No", code: "model_not_found" } }],
    ["a list (Gemini)", [{ error: { message: "No", code: 404 } }]],
    ["Azure API Management's", { statusCode: 404, message: "No" }],
    ["vLLM's", { object: "error", message: "No", code: 404 }],
    ["FastAPI's", { detail: "No" }],
    ["FastAPI's list", { errors: [{ msg: "No" }] }],
  ])("%s body under a 404 gives its message", (_, body) => {
    const { error } = assemble(JSON.stringify(body), 404);
    expect(error?.message).toBe("No");
    expect(error?.raw).toBeDefined();
  });

  test("an error body under a 200 is an error, and one that says nothing names the status", () => {
    expect(assemble('{"error":{"message":"No"}}').error?.message).toBe("No");
    expect(assemble("{}", 503).error?.message).toBe("The provider answered with status 503.");
  });
});

describe("an answer that is not whole", () => {
  const text = delta({ content: "a" });

  test("a stream without end marker and finish reason is truncated; one with either is whole", () => {
    expect(assemble(sse([text], { done: false })).truncated).toMatch(/without \[DONE\]/);
    expect(assemble(sse([text])).truncated).toBeUndefined();
    expect(assemble(sse([text, finish("stop")], { done: false })).truncated).toBeUndefined();
  });

  test("with two choices, one finish reason is not enough", () => {
    const chunks = [text, delta({ content: "b" }, { index: 1 }), finish("stop")];
    expect(assemble(sse(chunks, { done: false })).truncated).toBeDefined();
  });

  test("a stream cut inside an event keeps what came before and says so", () => {
    const body = sse([text, finish("stop")]);
    const answer = assemble(body.subarray(0, body.indexOf("finish_reason", 200)));
    expect(answer.truncated).toBe("The stream broke off inside an event.");
    expect(answer.choices[0]?.text).toBe("a");
  });

  test("a last event without its blank line is read", () => {
    const body = sse([text]).toString().trimEnd();
    expect(assemble(body).truncated).toBeUndefined();
  });

  test("events that cannot be read are counted, and hide nothing", () => {
    const answer = assemble(`data: {oops\n\ndata: 7\n\n${sse([text]).toString()}`);
    expect(answer.warnings).toEqual(["2 of 4 stream events could not be read."]);
    expect(answer.choices[0]?.text).toBe("a");
  });

  test.each([
    ["empty", "", /empty/],
    ["an HTML page", "<html>502</html>", /not JSON/],
    ["cut JSON", completion({ content: "Hello" }).subarray(0, 60), /not JSON/],
    ["not UTF-8", Buffer.from([0x7b, 0xff, 0x7d]), /not UTF-8/],
    ["JSON of another kind", '{"object":"list","data":[]}', /no chat completion/],
    ["a stream of another kind", 'data: {"type":"message_start"}\n\n', /without a chunk/],
    ["a stream of nonsense", "data: x\n\n", /without a chunk/],
  ])("a body that is %s gives a reason", (_, body, reason) => {
    const answer = assembleChatAnswer([Buffer.from(body as string)], 200);
    expect(answer).toEqual({ ok: false, reason: expect.stringMatching(reason) as string });
  });

  test("no bytes at all make the reader throw", () => {
    const pieces = fc.array(
      fc.oneof(
        fc.json().map((json) => `data: ${json}\n\n`),
        fc.string({ unit: "binary" }),
        fc.jsonValue().map((value) => `data: {"choices":[{"delta":${JSON.stringify(value)}}]}\n\n`),
        fc
          .jsonValue()
          .map((value) => `data: {"choices":[{"delta":{"tool_calls":[${JSON.stringify(value)}]}}]}\n\n`),
        fc
          .jsonValue()
          .map((value) => `{"choices":${JSON.stringify(value)},"usage":${JSON.stringify(value)}}`),
      ),
    );
    fc.assert(
      fc.property(pieces, fc.constantFrom(200, 400), (texts, status) => {
        const answer = assembleChatAnswer(
          texts.map((text) => Buffer.from(text)),
          status,
        );
        expect(answer.ok ? Array.isArray(answer.value.choices) : answer.reason !== "").toBe(true);
      }),
    );
  });
});

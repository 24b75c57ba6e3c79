import { observe } from "@sluice/flusher";
import { callSpan, callSpans, DRAIN_TYPES, type SpanOptions } from "@sluice/langfuse";
import type { ExchangeRecord } from "@sluice/trace";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { completion } from "../../support/chat-bodies.ts";
import { answer, chatRecord, spanId } from "../../support/records.ts";

const attributesOf = (fields: Partial<ExchangeRecord>, options?: SpanOptions) =>
  callSpan(observe(chatRecord(fields)), options).attributes;
const requestOf = (body: unknown) => ({
  contentType: "application/json",
  body: Buffer.from(JSON.stringify(body)),
});
const json = (value: unknown): unknown => JSON.parse(String(value));
const { trace, times } = chatRecord();
const [ATTEMPT] = chatRecord().attempts;
const failed = {
  provider: "azure",
  model: "gpt-4o-eu",
  startedAtMs: 1_760_000_000_005,
  endedAtMs: 1_760_000_000_009,
};

describe("the type and name of an observation", () => {
  it.each<[ExchangeRecord["endpoint"], string, string, string]>([
    ["chat.completions", "generation", "chat gpt-4o", "chat"],
    ["responses", "generation", "chat gpt-4o", "chat"],
    ["messages", "generation", "chat gpt-4o", "chat"],
    ["completions", "generation", "text_completion gpt-4o", "text_completion"],
    ["embeddings", "embedding", "embeddings gpt-4o", "embeddings"],
    ["images.generations", "generation", "generate_content gpt-4o", "generate_content"],
    ["audio.transcriptions", "generation", "generate_content gpt-4o", "generate_content"],
    ["audio.speech", "generation", "generate_content gpt-4o", "generate_content"],
    ["rerank", "retriever", "rerank gpt-4o", "rerank"],
    ["moderations", "guardrail", "moderation gpt-4o", "moderation"],
    ["messages.count_tokens", "span", "count_tokens gpt-4o", "count_tokens"],
  ])("of %s are %s and %s", (endpoint, type, name, operation) => {
    const span = callSpan(observe(chatRecord({ endpoint })));
    expect(span.name).toBe(name);
    expect(span.attributes).toMatchObject({
      "langfuse.observation.type": type,
      "gen_ai.operation.name": operation,
    });
  });

  it.each([
    ["/v1/files", "GET /v1/files"],
    ["/v1/files/file-abc123def456ghi789", "GET /v1/files/{id}"],
    ["/v1/batches/0af76519-16cd-43dd-8448-eb211c80319c/cancel", "GET /v1/batches/{id}/cancel"],
    [
      "/v1beta/models/gemini-2.5-flash:generateContent",
      "GET /v1beta/models/gemini-2.5-flash:generateContent",
    ],
  ])("of a passage to %s is %s", (path, name) => {
    const span = callSpan(observe(chatRecord({ endpoint: "proxy", passage: { method: "GET", path } })));
    expect(span.name).toBe(name);
    expect(span.attributes).toMatchObject({
      "langfuse.observation.type": "span",
      "langfuse.observation.metadata.passage_method": "GET",
      "langfuse.observation.metadata.passage_path": path,
      "http.route": path,
    });
  });

  it("shows what an operation counted, and what a filter said of the prompt", () => {
    const counted = attributesOf({
      endpoint: "messages.count_tokens",
      answer: answer('{"input_tokens":14}'),
    });
    expect(counted).toMatchObject({
      "langfuse.observation.output": '{"input_tokens":14}',
      "langfuse.observation.metadata.counted_input_tokens": 14,
    });
    const blocked = attributesOf({
      answer: answer('{"promptFeedback":{"blockReason":"SAFETY"}}', { format: "gemini-generate-content" }),
    });
    expect(json(blocked["langfuse.observation.metadata.prompt_feedback"])).toEqual({ blockReason: "SAFETY" });
  });
});

describe("the settings of a call", () => {
  it.each<[string, Partial<ExchangeRecord>, object]>([
    ["chat", { request: requestOf({ max_completion_tokens: 5, stop: "x" }) }, { max_tokens: 5, stop: "x" }],
    [
      "messages",
      { endpoint: "messages", request: requestOf({ max_tokens: 5, top_k: 3, stop_sequences: ["x"] }) },
      { max_tokens: 5, top_k: 3, stop: ["x"], stop_sequences: ["x"] },
    ],
    [
      "responses",
      { endpoint: "responses", request: requestOf({ input: "a", max_output_tokens: 5 }) },
      { max_tokens: 5, max_output_tokens: 5 },
    ],
  ])("of %s have the names that Langfuse shows, beside their own", (_format, fields, expected) => {
    const { [`langfuse.observation.model.parameters`]: parameters } = attributesOf(fields);
    expect(json(parameters)).toMatchObject(expected);
    expect(attributesOf(fields)).toMatchObject({ "gen_ai.request.max_tokens": 5 });
  });
});

describe("the input of a call", () => {
  const toolOf = (name: string) => ({
    type: "function",
    function: { name, description: "d", parameters: { type: "object" } },
  });

  it("in Anthropic's format is a conversation with its system and OpenAI's tool definitions", () => {
    const body = {
      system: [{ type: "text", text: "Be brief." }],
      messages: [{ role: "user", content: "Hi" }],
      tools: [
        { name: "f", description: "d", input_schema: { type: "object" } },
        { type: "web_search_20250305", name: "web_search" },
      ],
    };
    const attributes = attributesOf({ endpoint: "messages", request: requestOf(body) });
    expect(json(attributes["langfuse.observation.input"])).toEqual({
      messages: [{ role: "system", content: body.system }, ...body.messages],
      tools: [toolOf("f"), body.tools[1]],
    });
  });

  it("of a passage in Gemini's format is a conversation, with calls and results of tools", () => {
    const body = {
      systemInstruction: { parts: [{ text: "Be brief." }] },
      contents: [
        { role: "user", parts: [{ text: "Weather?" }] },
        { role: "model", parts: [{ functionCall: { id: "1", name: "f", args: { a: 1 } } }] },
        { role: "user", parts: [{ functionResponse: { id: "1", name: "f", response: { r: 2 } } }] },
        { role: "user", parts: [{ text: "See" }, { inlineData: { mimeType: "image/png", data: "AA" } }] },
      ],
      tools: [
        {
          functionDeclarations: [{ name: "f", description: "d", parameters: { type: "object" } }],
          googleSearch: {},
        },
      ],
      safetySettings: [],
    };
    const attributes = attributesOf({
      endpoint: "proxy",
      passage: { method: "POST", path: "/v1beta/models/g:generateContent" },
      request: requestOf(body),
    });
    expect(json(attributes["langfuse.observation.input"])).toEqual({
      messages: [
        { role: "system", content: "Be brief." },
        { role: "user", content: "Weather?" },
        {
          role: "assistant",
          content: null,
          tool_calls: [{ id: "1", type: "function", function: { name: "f", arguments: '{"a":1}' } }],
        },
        { role: "tool", tool_call_id: "1", name: "f", content: '{"r":2}' },
        {
          role: "user",
          content: [{ type: "text", text: "See" }, { inlineData: { mimeType: "image/png", data: "AA" } }],
        },
      ],
      tools: [toolOf("f"), { googleSearch: {} }],
      safetySettings: [],
    });
  });

  it("of a passage in Converse's format is a conversation in blocks that Langfuse knows", () => {
    const body = {
      system: [{ text: "Be brief." }],
      messages: [
        { role: "user", content: [{ text: "Weather?" }] },
        { role: "assistant", content: [{ toolUse: { toolUseId: "1", name: "f", input: { a: 1 } } }] },
        { role: "user", content: [{ toolResult: { toolUseId: "1", content: [{ text: "rain" }] } }] },
      ],
      toolConfig: {
        tools: [{ toolSpec: { name: "f", description: "d", inputSchema: { json: { type: "object" } } } }],
        toolChoice: { auto: {} },
      },
    };
    const attributes = attributesOf({
      endpoint: "proxy",
      passage: { method: "POST", path: "/model/m/converse" },
      request: requestOf(body),
    });
    expect(json(attributes["langfuse.observation.input"])).toEqual({
      messages: [
        { role: "system", content: "Be brief." },
        { role: "user", content: "Weather?" },
        { role: "assistant", content: [{ type: "tool_use", id: "1", name: "f", input: { a: 1 } }] },
        { role: "user", content: [{ type: "tool_result", tool_use_id: "1", content: "rain" }] },
      ],
      tools: [toolOf("f")],
      toolConfig: { toolChoice: { auto: {} } },
    });
  });

  it("is mapped whatever it is, and every span of it is the same again", () => {
    const part = fc.dictionary(
      fc.constantFrom("text", "type", "role", "content", "parts", "functionCall", "toolUse", "tool_calls"),
      fc.jsonValue(),
    );
    const body = fc.dictionary(
      fc.constantFrom("messages", "contents", "system", "systemInstruction", "tools", "toolConfig", "input"),
      fc.oneof(fc.array(part), fc.jsonValue()),
    );
    const endpoint = fc.constantFrom<ExchangeRecord["endpoint"]>(
      "messages",
      "chat.completions",
      "responses",
      "proxy",
    );
    fc.assert(
      fc.property(body, endpoint, fc.constantFrom(...DRAIN_TYPES), (request, of, drain) => {
        const call = observe(chatRecord({ endpoint: of, request: requestOf(request) }));
        expect(callSpans(call, { drain })).toEqual(callSpans(call, { drain }));
      }),
    );
  });
});

describe("the output of a call", () => {
  it("has Anthropic's citations and server tools in their order, and calls of the caller's tools once", () => {
    const searched = { type: "server_tool_use", id: "s1", name: "web_search", input: { query: "q" } };
    const cited = {
      type: "text",
      text: "Yes.",
      citations: [{ type: "web_search_result_location", url: "https://a" }],
    };
    const body = {
      type: "message",
      role: "assistant",
      content: [
        { type: "thinking", thinking: "Hm", signature: "sig" },
        searched,
        cited,
        { type: "tool_use", id: "t1", name: "f", input: { a: 1 } },
      ],
      stop_reason: "tool_use",
      usage: { input_tokens: 1, output_tokens: 1 },
    };
    const attributes = attributesOf({ endpoint: "messages", answer: answer(JSON.stringify(body)) });
    expect(json(attributes["langfuse.observation.output"])).toMatchObject({
      role: "assistant",
      content: [searched, cited],
      reasoning_content: "Hm",
      reasoning_details: [{ signature: "sig" }],
      tool_calls: [{ id: "t1", type: "function", function: { name: "f", arguments: '{"a":1}' } }],
    });
  });

  it("is one text where Gemini signed it, for the signature stands among the details", () => {
    const body = {
      candidates: [
        {
          content: { role: "model", parts: [{ text: "Paris.", thoughtSignature: "sig" }] },
          finishReason: "STOP",
        },
      ],
    };
    const attributes = attributesOf({
      answer: answer(JSON.stringify(body), { format: "gemini-generate-content" }),
    });
    expect(json(attributes["langfuse.observation.output"])).toMatchObject({
      content: "Paris.",
      reasoning_details: [{ data: "sig" }],
    });
  });

  it("is one text where the blocks say no more than that", () => {
    const body = {
      type: "message",
      role: "assistant",
      content: [
        { type: "text", text: "A" },
        { type: "text", text: "B", citations: null },
      ],
      stop_reason: "end_turn",
    };
    const attributes = attributesOf({ endpoint: "messages", answer: answer(JSON.stringify(body)) });
    expect(json(attributes["langfuse.observation.output"])).toMatchObject({ content: "AB" });
  });
});

describe("a call with several attempts", () => {
  const attempts = [
    { ...failed, status: 429, error: { code: "rate_limit_exceeded", message: "Slow down" } },
    { ...failed, status: 500 },
    ...(ATTEMPT ? [ATTEMPT] : []),
  ];
  const fields = { attempts, trace: { ...trace, sessionId: "s", parentSpanId: spanId("3".repeat(16)) } };

  it("has each that failed as a child, complete in itself", () => {
    const [root, ...children] = callSpans(observe(chatRecord(fields)));
    expect(children).toHaveLength(2);
    expect(new Set([root, ...children].map(({ spanId: id }) => id)).size).toBe(3);
    expect(children[0]).toMatchObject({
      traceId: trace.traceId,
      parentSpanId: trace.spanId,
      name: "attempt 1 azure",
      startedAtMs: failed.startedAtMs,
      endedAtMs: failed.endedAtMs,
      error: "rate_limit_exceeded: Slow down",
      attributes: {
        "langfuse.observation.type": "span",
        "langfuse.observation.level": "ERROR",
        "session.id": "s",
        "error.type": "rate_limit_exceeded",
        "http.response.status_code": 429,
        "langfuse.observation.metadata.attempt": 1,
        "langfuse.observation.metadata.routed_model": "gpt-4o-eu",
      },
    });
    expect(children[0]?.attributes["langfuse.internal.is_app_root"]).toBeUndefined();
    expect(children[1]).toMatchObject({ error: "The provider answered with status 500." });
    expect(root.attributes).toMatchObject({ "langfuse.observation.level": "DEFAULT" });
  });

  it("has the same ids every time, and others than another call", () => {
    const ids = (of: Partial<ExchangeRecord>) =>
      callSpans(observe(chatRecord(of))).map((span) => span.spanId);
    expect(ids(fields)).toEqual(ids(fields));
    const other = ids({ ...fields, trace: { ...trace, spanId: spanId("4".repeat(16)) } });
    expect(other.filter((id) => ids(fields).includes(id))).toEqual([]);
  });

  it("has none when there was only one, failed or not", () => {
    expect(callSpans(observe(chatRecord()))).toHaveLength(1);
    expect(callSpans(observe(chatRecord({ attempts: attempts.slice(0, 1) })))).toHaveLength(1);
  });
});

describe("a span for a drain", () => {
  const body = {
    system: "Be brief.",
    messages: [
      { role: "user", content: "Weather?" },
      { role: "assistant", content: [{ type: "tool_use", id: "1", name: "f", input: { a: 1 } }] },
      { role: "user", content: [{ type: "tool_result", tool_use_id: "1", content: "rain" }] },
    ],
    tools: [{ name: "f", input_schema: {} }],
  };
  const fields: Partial<ExchangeRecord> = {
    endpoint: "messages",
    request: requestOf(body),
    answer: answer(completion({ content: "Rain." }), { format: "openai-chat" }),
    caller: { ip: "203.0.113.7", userAgent: "curl" },
    trace: { ...trace, metadata: { team: "core" }, tags: ["a"], environment: "Prod" },
  };
  const present = (options: SpanOptions) =>
    Object.entries(attributesOf(fields, options)).flatMap(([name, value]) =>
      value === undefined ? [] : [name],
    );

  it("of any backend has content by the conventions and nothing that only Langfuse reads", () => {
    const attributes = attributesOf(fields, { drain: "otlp" });
    expect(present({ drain: "otlp" }).filter((name) => name.startsWith("langfuse."))).toEqual([]);
    expect(attributes).toMatchObject({
      "sluice.request_id": expect.stringMatching(/^req_/) as string,
      "sluice.metadata.team": "core",
      "sluice.tags": ["a"],
      "deployment.environment.name": "prod",
    });
    expect(json(attributes["gen_ai.system_instructions"])).toEqual([{ type: "text", content: "Be brief." }]);
    expect(json(attributes["gen_ai.input.messages"])).toEqual([
      { role: "user", parts: [{ type: "text", content: "Weather?" }] },
      { role: "assistant", parts: [{ type: "tool_call", id: "1", name: "f", arguments: { a: 1 } }] },
      { role: "user", parts: [{ type: "tool_call_response", id: "1", response: "rain" }] },
    ]);
    expect(json(attributes["gen_ai.output.messages"])).toEqual([
      { role: "assistant", parts: [{ type: "text", content: "Rain." }], finish_reason: "stop" },
    ]);
    expect(json(attributes["gen_ai.tool.definitions"])).toHaveLength(1);
  });

  it("of Langfuse has content once", () => {
    expect(present({ drain: "langfuse" })).not.toContain("gen_ai.input.messages");
    expect(present({ drain: "langfuse-legacy" }).filter((name) => name.startsWith("gen_ai."))).toEqual([]);
  });

  it("leaves out the caller's address and user agent where it is told to", () => {
    const names = present({ keep: { clientIp: false, userAgent: false } });
    expect(names).not.toContain("langfuse.observation.metadata.client_ip");
    expect(names).not.toContain("langfuse.observation.metadata.user_agent");
    expect(present({})).toContain("langfuse.observation.metadata.client_ip");
  });

  it("has log probabilities only where it is told to", () => {
    const logprobs = { content: [{ token: "Hi", logprob: -0.1, top_logprobs: [] }], refusal: null };
    const choice = {
      index: 0,
      message: { role: "assistant", content: "Hi" },
      logprobs,
      finish_reason: "stop",
    };
    const shown = (options: SpanOptions) => {
      const body = JSON.stringify({ object: "chat.completion", choices: [choice] });
      const attributes = attributesOf({ answer: answer(body) }, options);
      return ["logprob_count", "logprobs"].map((name) => attributes[`langfuse.observation.metadata.${name}`]);
    };
    expect(shown({})).toEqual([1, undefined]);
    expect(shown({ keep: { logprobs: true } })).toEqual([1, JSON.stringify([logprobs.content])]);
  });

  it("has those of the caller's headers that it keeps itself", () => {
    const caller = { headers: { "x-shop": "berlin", "x-other": "1" } };
    const shown = (options: SpanOptions) =>
      attributesOf({ caller }, options)["langfuse.observation.metadata.request_headers"];
    expect(shown({ keep: { requestHeaders: ["x-shop", "x-absent"] } })).toBe('{"x-shop":"berlin"}');
    expect(shown({})).toBeUndefined();
  });

  it("is a root of the app unless the parent is in the project", () => {
    const parent = { ...trace, parentSpanId: spanId("3".repeat(16)) };
    const rootOf = (of: ExchangeRecord["trace"]) =>
      attributesOf({ trace: of })["langfuse.internal.is_app_root"];
    expect(rootOf(parent)).toBe(true);
    expect(rootOf({ ...parent, parentInProject: true })).toBeUndefined();
    expect(rootOf(trace)).toBeUndefined();
  });

  it("tells the time in the queue from the message and the record alone, and of a killed function none", () => {
    const queue = (queuedAtMs: number, of: Partial<ExchangeRecord> = {}) =>
      callSpan({ ...observe(chatRecord(of)), queuedAtMs }).attributes[
        "langfuse.observation.metadata.queue_ms"
      ];
    expect(queue(times.endedAtMs + 40)).toBe(40);
    expect(queue(times.endedAtMs - 40)).toBe(0);
    const outcome = { kind: "failed", code: "function_killed", message: "" } as const;
    expect(queue(times.endedAtMs + 40, { outcome })).toBeUndefined();
  });
});

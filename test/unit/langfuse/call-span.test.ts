import { observe } from "@sluice/flusher";
import { callSpan, encodeSpan } from "@sluice/langfuse";
import type { ExchangeRecord } from "@sluice/trace";
import { describe, expect, test } from "vitest";
import { completion, delta, finish, sse } from "../../support/chat-bodies.ts";
import { attributesOf, type ReceivedSpan } from "../../support/langfuse-endpoint.ts";
import { answer, CHAT_REQUEST, chatRecord, spanId } from "../../support/records.ts";

/** The span of a record as it would arrive. */
function spanOf(fields: Partial<ExchangeRecord> = {}) {
  const bytes = encodeSpan(callSpan(observe(chatRecord(fields))));
  const span = JSON.parse(Buffer.from(bytes).toString()) as ReceivedSpan;
  return { span, attributes: attributesOf(span), json: Buffer.from(bytes).toString() };
}

const json = (value: unknown): unknown => JSON.parse(String(value));
const { trace, times, key } = chatRecord();

describe("the span of a call", () => {
  test("has the record's ids and times, kind client, and the conventions' name", () => {
    const { span } = spanOf();
    expect(span).toMatchObject({
      traceId: "1".repeat(32),
      spanId: "2".repeat(16),
      name: "chat gpt-4o",
      kind: 3,
      startTimeUnixNano: "1760000000000000000",
      endTimeUnixNano: "1760000001000000000",
    });
    expect(span.parentSpanId).toBeUndefined();
    expect(span.status).toBeUndefined();
  });

  test("is byte-identical every time it is made", () => {
    const fields = { trace: { ...trace, metadata: { b: 1, a: [2] }, tags: ["x"] }, streaming: true };
    expect(spanOf(fields).json).toBe(spanOf(fields).json);
  });

  test("cuts times to the millisecond and never ends before it starts", () => {
    const { span } = spanOf({ times: { ...times, startedAtMs: 1000.9, endedAtMs: 999.5 } });
    expect(span).toMatchObject({ startTimeUnixNano: "1000000000", endTimeUnixNano: "1000000000" });
  });

  test("carries the conversation, the answer, the model, its settings and the usage", () => {
    const { attributes } = spanOf();
    expect(attributes).toMatchObject({
      "langfuse.observation.type": "generation",
      "langfuse.observation.level": "DEFAULT",
      "langfuse.observation.model.name": "gpt-4o-2024-08-06",
    });
    expect(json(attributes["langfuse.observation.input"])).toEqual({ messages: CHAT_REQUEST.messages });
    expect(json(attributes["langfuse.observation.output"])).toEqual({ role: "assistant", content: "Hello" });
    expect(json(attributes["langfuse.observation.model.parameters"])).toEqual({ temperature: 0.5 });
    expect(json(attributes["langfuse.observation.usage_details"])).toEqual({
      input: 9,
      output: 3,
      total: 12,
    });
    expect(attributes).not.toHaveProperty(["langfuse.observation.cost_details"]);
    expect(attributes).not.toHaveProperty(["langfuse.observation.status_message"]);
  });

  test("carries every trace field", () => {
    const { span, attributes } = spanOf({
      trace: {
        ...trace,
        parentSpanId: spanId("3".repeat(16)),
        name: "checkout",
        userId: "u-1",
        sessionId: "s-1",
        tags: ["a", "b,c"],
        metadata: { plan: "pro", depth: 2, nested: { a: [1] } },
        feature: "search",
        tenant: "acme",
        prompt: { name: "greet", version: 3 },
        environment: "staging",
        release: "v9",
        warnings: ["x-sluice-metadata is not JSON."],
      },
    });
    expect(span.parentSpanId).toBe("3".repeat(16));
    expect(attributes).toMatchObject({
      "langfuse.internal.is_app_root": true,
      "langfuse.trace.name": "checkout",
      "user.id": "u-1",
      "session.id": "s-1",
      "gen_ai.conversation.id": "s-1",
      "langfuse.trace.tags": ["a", "b,c"],
      "langfuse.trace.metadata.plan": "pro",
      "langfuse.trace.metadata.depth": "2",
      "langfuse.trace.metadata.nested": '{"a":[1]}',
      "langfuse.environment": "staging",
      "langfuse.release": "v9",
      "langfuse.version": "0.1.0",
      "langfuse.observation.prompt.name": "greet",
      "langfuse.observation.prompt.version": 3,
      "langfuse.observation.metadata.feature": "search",
      "langfuse.observation.metadata.tenant": "acme",
      "langfuse.observation.metadata.caller_warnings": "x-sluice-metadata is not JSON.",
      "langfuse.observation.level": "DEFAULT",
    });
  });

  test("names the trace after itself, unless an app began the trace", () => {
    expect(spanOf().attributes["langfuse.trace.name"]).toBe("chat gpt-4o");
    const inTrace = spanOf({ trace: { ...trace, parentSpanId: spanId("3".repeat(16)) } });
    expect(inTrace.attributes).not.toHaveProperty(["langfuse.trace.name"]);
  });

  test("takes the user from the body, and the tenant and environment from the key, where nobody else says", () => {
    const body = Buffer.from(JSON.stringify({ ...CHAT_REQUEST, user: "body-user" }));
    const fields = {
      request: { contentType: "application/json", body },
      key: { ...key, tenant: "acme", environment: "prod" },
    };
    expect(spanOf(fields).attributes).toMatchObject({
      "user.id": "body-user",
      "langfuse.environment": "prod",
      "langfuse.observation.metadata.tenant": "acme",
    });
  });

  test("repairs an environment that Langfuse would call default, and keeps the original", () => {
    const { attributes } = spanOf({ trace: { ...trace, environment: "Prod (EU)" } });
    expect(attributes).toMatchObject({
      "langfuse.environment": "prod-eu-",
      "langfuse.observation.metadata.environment_given": "Prod (EU)",
    });
  });

  test("has Sluice's own knowledge as metadata", () => {
    const { attributes } = spanOf({
      streaming: true,
      answer: answer(sse([delta({ content: "Hello" }), finish("stop")]), {
        headers: {
          "content-type": "text/event-stream",
          "x-request-id": "req-openai",
          "x-ratelimit-remaining-requests": "9",
          "x-ratelimit-limit-requests": "10",
        },
      }),
    });
    expect(attributes).toMatchObject({
      "langfuse.observation.metadata.request_id": `req_${"a".repeat(32)}`,
      "langfuse.observation.metadata.endpoint": "chat.completions",
      "langfuse.observation.metadata.streaming": true,
      "langfuse.observation.metadata.key_id": "key_1",
      "langfuse.observation.metadata.key_alias": "ci",
      "langfuse.observation.metadata.provider": "openai",
      "langfuse.observation.metadata.requested_model": "fast",
      "langfuse.observation.metadata.attempt_count": 1,
      "langfuse.observation.metadata.outcome": "answered",
      "langfuse.observation.metadata.http_status": 200,
      "langfuse.observation.metadata.finish_reason": "stop",
      "langfuse.observation.metadata.time_to_first_token_ms": 250,
      "langfuse.observation.metadata.overhead_ms": 10,
      "langfuse.observation.metadata.provider_request_id": "req-openai",
      "langfuse.observation.completion_start_time": "2025-10-09T08:53:20.250Z",
    });
    expect(json(attributes["langfuse.observation.metadata.attempts"])).toEqual([
      { provider: "openai", model: "gpt-4o", status: 200, duration_ms: 890 },
    ]);
    expect(json(attributes["langfuse.observation.metadata.rate_limit"])).toEqual({
      "x-ratelimit-limit-requests": "10",
      "x-ratelimit-remaining-requests": "9",
    });
  });

  test("names the key by its alias and its hash", () => {
    expect(spanOf().attributes).toMatchObject({
      "langfuse.observation.metadata.key_alias": key.alias,
      "langfuse.observation.metadata.key_hash": key.hash,
    });
  });

  test("speaks the semantic conventions beside Langfuse's own attributes", () => {
    const request = {
      ...CHAT_REQUEST,
      temperature: 1,
      top_p: 0.9,
      max_completion_tokens: 50,
      n: 2,
      seed: 7,
      stop: "END",
      response_format: { type: "json_schema", json_schema: {} },
      service_tier: "flex",
    };
    const body = completion(
      { content: "Hello" },
      {
        service_tier: "flex",
        system_fingerprint: "fp_1",
        usage: {
          prompt_tokens: 9,
          completion_tokens: 3,
          total_tokens: 12,
          prompt_tokens_details: { cached_tokens: 4 },
        },
      },
    );
    const { span, attributes } = spanOf({
      request: { contentType: "application/json", body: Buffer.from(JSON.stringify(request)) },
      answer: answer(body),
    });
    expect(attributes).toMatchObject({
      "gen_ai.operation.name": "chat",
      "gen_ai.provider.name": "openai",
      "gen_ai.request.model": "gpt-4o",
      "gen_ai.request.temperature": 1,
      "gen_ai.request.top_p": 0.9,
      "gen_ai.request.max_tokens": 50,
      "gen_ai.request.choice.count": 2,
      "gen_ai.request.seed": 7,
      "gen_ai.request.stop_sequences": ["END"],
      "gen_ai.output.type": "json",
      "gen_ai.response.id": "chatcmpl-1",
      "gen_ai.response.model": "gpt-4o-2024-08-06",
      "gen_ai.response.finish_reasons": ["stop"],
      "gen_ai.usage.input_tokens": 9,
      "gen_ai.usage.output_tokens": 3,
      "gen_ai.usage.cache_read.input_tokens": 4,
      "openai.api.type": "chat_completions",
      "openai.request.service_tier": "flex",
      "openai.response.service_tier": "flex",
      "openai.response.system_fingerprint": "fp_1",
    });
    expect(span.attributes).toContainEqual({ key: "gen_ai.request.temperature", value: { doubleValue: 1 } });
    expect(json(attributes["langfuse.observation.usage_details"])).toEqual({
      input: 5,
      output: 3,
      input_cached_tokens: 4,
      total: 12,
    });
  });

  test("shows several choices as a list, and tool calls, refusals and reasoning as OpenAI would", () => {
    const call = { id: "a", type: "function", function: { name: "f", arguments: "{}" } };
    const chunks = [
      delta({ tool_calls: [{ index: 0, ...call }], reasoning_content: "Hm" }),
      delta({ refusal: "No." }, { index: 1 }),
      finish("tool_calls"),
      finish("stop", 1),
    ];
    const { attributes } = spanOf({ streaming: true, answer: answer(sse(chunks)) });
    expect(json(attributes["langfuse.observation.output"])).toEqual([
      {
        index: 0,
        finish_reason: "tool_calls",
        message: { role: "assistant", content: null, reasoning_content: "Hm", tool_calls: [call] },
      },
      { index: 1, finish_reason: "stop", message: { role: "assistant", content: null, refusal: "No." } },
    ]);
    expect(attributes["langfuse.observation.metadata.finish_reason"]).toBe("tool_calls,stop");
  });

  test("of an embeddings call shows the texts, and how many vectors came, not the vectors", () => {
    const body = {
      data: [{ index: 0, embedding: [0.125, 0.25] }],
      model: "text-embedding-3-small",
      usage: { prompt_tokens: 4, total_tokens: 4 },
    };
    const request = { model: "text-embedding-3-small", input: ["a", "b"], encoding_format: "float" };
    const {
      span,
      attributes,
      json: text,
    } = spanOf({
      endpoint: "embeddings",
      request: { contentType: "application/json", body: Buffer.from(JSON.stringify(request)) },
      answer: answer(JSON.stringify(body)),
    });
    expect(span.name).toBe("embeddings gpt-4o");
    expect(attributes).toMatchObject({
      "langfuse.observation.type": "embedding",
      "langfuse.observation.input": '["a","b"]',
      "langfuse.observation.output": '{"embeddings":1,"dimensions":2}',
      "langfuse.observation.usage_details": '{"input":4,"output":0,"total":4}',
      "gen_ai.operation.name": "embeddings",
      "gen_ai.request.encoding_formats": ["float"],
      "gen_ai.embeddings.dimension.count": 2,
    });
    expect(text).not.toContain("0.125");
  });
});

describe("the level of a call", () => {
  const nothingCharged = {
    "langfuse.observation.usage_details": '{"input":0,"output":0,"total":0}',
    "langfuse.observation.cost_details": '{"total":0}',
  };
  const { answer: _, ...withoutAnswer } = chatRecord();

  test("is ERROR when the gateway refused, and costs nothing", () => {
    const outcome = {
      kind: "refused",
      status: 404,
      code: "model_not_found",
      message: "No model x.",
    } as const;
    const bytes = encodeSpan(callSpan(observe({ ...withoutAnswer, attempts: [], outcome })));
    const span = JSON.parse(Buffer.from(bytes).toString()) as ReceivedSpan;
    expect(span.status).toEqual({ code: 2, message: "model_not_found: No model x." });
    expect(attributesOf(span)).toMatchObject({
      "langfuse.observation.level": "ERROR",
      "langfuse.observation.status_message": "model_not_found: No model x.",
      "langfuse.observation.model.name": "fast",
      "langfuse.observation.metadata.outcome_code": "model_not_found",
      "error.type": "model_not_found",
      ...nothingCharged,
    });
    expect(attributesOf(span)).not.toHaveProperty(["langfuse.observation.output"]);
  });

  test("is ERROR for an upstream error, with its own message, code and body", () => {
    const error = { message: "Slow down", type: "requests", code: "rate_limit_exceeded" };
    const { attributes } = spanOf({ answer: answer(JSON.stringify({ error }), { status: 429 }) });
    expect(attributes).toMatchObject({
      "langfuse.observation.level": "ERROR",
      "langfuse.observation.status_message": "rate_limit_exceeded: Slow down",
      "langfuse.observation.model.name": "gpt-4o",
      "error.type": "rate_limit_exceeded",
      ...nothingCharged,
    });
    expect(json(attributes["langfuse.observation.output"])).toEqual({ error });
  });

  test("is ERROR for an HTML page with a 502, which is shown", () => {
    const { attributes } = spanOf({ answer: answer("<html>Bad gateway</html>", { status: 502 }) });
    expect(attributes).toMatchObject({
      "langfuse.observation.level": "ERROR",
      "langfuse.observation.status_message": expect.stringMatching(
        /^The provider answered with status 502/,
      ) as string,
      "langfuse.observation.output": "<html>Bad gateway</html>",
      "error.type": "502",
    });
  });

  test("is ERROR for an error in the middle of a stream, with the partial output and the usage that came", () => {
    const usage = { prompt_tokens: 5, completion_tokens: 1, total_tokens: 6 };
    const chunks = [{ ...delta({ content: "Par" }), usage }, { error: { message: "Boom", code: 500 } }];
    const { attributes } = spanOf({ streaming: true, answer: answer(sse(chunks)) });
    expect(attributes).toMatchObject({
      "langfuse.observation.level": "ERROR",
      "langfuse.observation.status_message": "500: Boom",
      "langfuse.observation.output": '{"role":"assistant","content":"Par"}',
      "langfuse.observation.usage_details": '{"input":5,"output":1,"total":6}',
    });
  });

  test("is ERROR when the provider broke off, with what had come", () => {
    const outcome = { kind: "failed", code: "upstream_reset", message: "The connection broke." } as const;
    const body = sse([delta({ content: "Par" })], { done: false });
    const { attributes } = spanOf({ streaming: true, outcome, answer: answer(body) });
    expect(attributes).toMatchObject({
      "langfuse.observation.level": "ERROR",
      "langfuse.observation.output": '{"role":"assistant","content":"Par"}',
      "error.type": "upstream_reset",
      ...nothingCharged,
    });
  });

  test("is WARNING for a stream without an end", () => {
    const body = sse([delta({ content: "Par" })], { done: false });
    const { span, attributes } = spanOf({ streaming: true, answer: answer(body) });
    expect(attributes["langfuse.observation.level"]).toBe("WARNING");
    expect(attributes["langfuse.observation.status_message"]).toMatch(/without \[DONE\]/);
    expect(span.status).toBeUndefined();
  });

  test("is WARNING when the capture limit cut the answer", () => {
    const body = sse([delta({ content: "Par" }), finish("stop")]);
    const { attributes } = spanOf({ streaming: true, answer: answer(body, { omittedBytes: 99 }) });
    expect(attributes).toMatchObject({
      "langfuse.observation.level": "WARNING",
      "langfuse.observation.status_message": expect.stringContaining("99 bytes") as string,
      "langfuse.observation.metadata.answer_omitted_bytes": 99,
    });
  });

  test("is WARNING for an answer that cannot be read, which is shown as it is", () => {
    const { attributes } = spanOf({ answer: answer("plain words") });
    expect(attributes).toMatchObject({
      "langfuse.observation.level": "WARNING",
      "langfuse.observation.status_message": expect.stringContaining("not JSON") as string,
      "langfuse.observation.output": "plain words",
    });
  });

  test("is WARNING for a request that cannot be read, which is shown as it is", () => {
    const { attributes } = spanOf({ request: { contentType: "text/plain", body: Buffer.from("hi") } });
    expect(attributes).toMatchObject({
      "langfuse.observation.level": "WARNING",
      "langfuse.observation.input": "hi",
    });
  });

  test("is DEFAULT when an earlier attempt failed, and the model is the last one's", () => {
    const [attempt] = chatRecord().attempts;
    if (!attempt) throw new Error("no attempt");
    const failed = { ...attempt, model: "gpt-5", status: 500, error: { code: "server_error", message: "x" } };
    const { attributes } = spanOf({ attempts: [failed, attempt] });
    expect(attributes).toMatchObject({
      "langfuse.observation.level": "DEFAULT",
      "langfuse.observation.metadata.attempt_count": 2,
      "gen_ai.request.model": "gpt-4o",
    });
  });
});

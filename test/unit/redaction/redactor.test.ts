import { createHash } from "node:crypto";
import { observe } from "@sluice/flusher";
import type { ObservedCall } from "@sluice/langfuse";
import { createRedactor } from "@sluice/redaction";
import type { ExchangeRecord } from "@sluice/trace";
import { describe, expect, test } from "vitest";
import { completion } from "../../support/chat-bodies.ts";
import { answer, CHAT_REQUEST, chatRecord } from "../../support/records.ts";

const redact = createRedactor();
const request = (fields: object) => ({
  contentType: "application/json",
  body: Buffer.from(JSON.stringify({ ...CHAT_REQUEST, ...fields })),
});
const observed = (fields: Partial<ExchangeRecord> = {}): ObservedCall => observe(chatRecord(fields));
const read = <T>(view: { kind: "read"; value: T } | { kind: "unread" } | undefined): T | undefined =>
  view?.kind === "read" ? view.value : undefined;

describe("in full", () => {
  test("a call stays what it was", () => {
    const call = observed({ request: request({ user: "ada@example.com" }) });
    expect(redact(call, "full")).toEqual(call);
  });

  test("Sluice's keys are replaced, and every key in what a provider says of an error", () => {
    const call = redact(
      observed({
        request: request({
          messages: [{ role: "user", content: "sk-sluice-abc and sk-proj-0123456789abcdef" }],
        }),
        answer: answer(
          Buffer.from('{"error":{"message":"Incorrect API key provided: sk-proj-0123456789abcdef"}}'),
          {
            status: 401,
          },
        ),
        outcome: { kind: "failed", code: "x", message: "Refused with Bearer abcdef0123456789" },
      }),
      "full",
    );
    expect(read(call.request)?.input).toMatchObject({
      messages: [{ content: "[api-key] and sk-proj-0123456789abcdef" }],
    });
    expect(read(call.answer)?.error?.message).toBe("Incorrect API key provided: [api-key]");
    expect(call.record.outcome).toMatchObject({ message: "Refused with Bearer [api-key]" });
  });
});

describe("in redacted", () => {
  test("what is no secret stays: ids, times, model, settings, usage, text", () => {
    const call = observed();
    const redacted = redact(call, "redacted");
    expect(redacted.request).toEqual(call.request);
    expect(redacted.answer).toEqual(call.answer);
    expect(redacted.record).toEqual({
      ...call.record,
      capture: "redacted",
      request: { ...call.record.request, body: new Uint8Array() },
      answer: { ...call.record.answer, body: new Uint8Array() },
    });
  });

  test("ids of digits alone are never taken for something else", () => {
    const { trace, key } = chatRecord();
    const digits = { ...trace, traceId: "4111111111111111".repeat(2) as typeof trace.traceId };
    const redacted = redact(observed({ trace: digits, key: { ...key, hash: "4".repeat(64) } }), "redacted");
    expect(redacted.record.trace.traceId).toBe(digits.traceId);
    expect(redacted.record.key.hash).toBe("4".repeat(64));
  });

  test("a drain that looks for less lets more out", () => {
    const caller = { ip: "203.0.113.7", userAgent: "x ada@example.com" };
    const few = createRedactor({ detectors: ["email"] });
    expect(few(observed({ caller }), "redacted").record.caller).toEqual({
      ip: "203.0.113.7",
      userAgent: "x [email]",
    });
    expect(redact(observed({ caller }), "redacted").record.caller.ip).toBe("[ip]");
  });
});

describe("in metadata", () => {
  const call = observed({
    request: request({
      user: "u-1",
      max_tokens: 5,
      stop: ["x"],
      reasoning_effort: "low",
      service_tier: "my secret tier",
      reasoning: { effort: "high", note: "x" },
      logit_bias: { 50256: -100 },
    }),
    answer: answer(
      completion(
        { content: "Hello", tool_calls: [] },
        { service_tier: "default", system_fingerprint: "fp_1" },
      ),
      { headers: { "content-type": "application/json", "x-request-id": "r-1", "x-note": "n" } },
    ),
    trace: {
      ...chatRecord().trace,
      userId: "u-1",
      sessionId: "s 1",
      tags: ["t"],
      metadata: { a: 1 },
      feature: "search",
    },
    caller: { ip: "203.0.113.7", userAgent: "curl" },
  });
  const shown = redact({ ...call, queuedAtMs: 5 }, "metadata");

  test("what a trace is useful for stays", () => {
    expect(shown).toMatchObject({
      queuedAtMs: 5,
      record: {
        callId: call.record.callId,
        key: call.record.key,
        times: call.record.times,
        capture: "metadata",
      },
    });
    expect(shown.record.trace).toEqual({ ...chatRecord().trace, userId: "u-1", feature: "search" });
    expect(shown.record.answer?.headers).toEqual({
      "content-type": "application/json",
      "x-request-id": "r-1",
    });
    expect(read(shown.answer)).toMatchObject({
      id: "chatcmpl-1",
      model: "gpt-4o-2024-08-06",
      serviceTier: "default",
      systemFingerprint: "fp_1",
      usage: { inputTokens: 9, outputTokens: 3, totalTokens: 12 },
      choices: [{ finishReason: "stop", text: "", toolCalls: [] }],
    });
  });

  test("settings stay where they are numbers, switches or words of the API", () => {
    expect(read(shown.request)).toEqual({
      model: "gpt-4o",
      user: "u-1",
      parameters: { temperature: 0.5, max_tokens: 5, reasoning_effort: "low", reasoning: { effort: "high" } },
    });
  });

  test("nothing of the caller stays, whatever the drain's detectors", () => {
    const blind = createRedactor({ detectors: [] })(call, "metadata");
    expect(blind.record.caller).toEqual({});
    const named = observed({ trace: { ...chatRecord().trace, userId: "ada@example.com" } });
    expect(createRedactor({ detectors: [] })(named, "metadata").record.trace.userId).toBe("[email]");
  });

  test("an error is told by its code alone", () => {
    const failed = redact(
      observed({
        answer: answer('{"error":{"message":"No Ada","type":"invalid_request_error","code":"bad_name"}}', {
          status: 400,
        }),
        outcome: { kind: "refused", status: 429, code: "budget_exceeded", message: "Ada spent it" },
      }),
      "metadata",
    );
    expect(read(failed.answer)?.error).toMatchObject({ type: "invalid_request_error", code: "bad_name" });
    expect(failed.record.outcome).toMatchObject({ status: 429, code: "budget_exceeded" });
    expect(
      JSON.stringify(failed, (_, value: unknown) => (typeof value === "bigint" ? String(value) : value)),
    ).not.toContain("Ada");
  });

  test("a passage is told by the words of its path", () => {
    const passage = { method: "GET", path: "/v1/files/file-Ada1/content" };
    expect(redact(observed({ endpoint: "proxy", passage }), "metadata").record.passage).toEqual({
      method: "GET",
      path: "/v1/files/*/content",
    });
  });
});

describe("users", () => {
  const hashed = createHash("sha256").update("sluice:ada@example.com").digest("hex").slice(0, 32);
  const call = observed({
    request: request({
      user: "ada@example.com",
      safety_identifier: "ada@example.com",
      metadata: { who: "ada@example.com" },
    }),
    trace: {
      ...chatRecord().trace,
      userId: "ada@example.com",
      metadata: { user: "ada@example.com", about: "to ada@example.com" },
    },
  });

  test.each(["full", "redacted", "metadata"] as const)(
    "are shown by their hash on request, in %s",
    (mode) => {
      const shown = createRedactor({ hashUserIds: true })(call, mode);
      expect(shown.record.trace.userId).toBe(hashed);
      expect(read(shown.request)?.user).toBe(hashed);
    },
  );

  test("are so wherever their id is a text of its own", () => {
    const shown = createRedactor({ hashUserIds: true })(call, "full");
    expect(read(shown.request)?.parameters).toMatchObject({
      safety_identifier: hashed,
      metadata: { who: hashed },
    });
    expect(shown.record.trace.metadata).toEqual({ user: hashed, about: "to ada@example.com" });
  });

  test("are so in a body that could not be read", () => {
    const broken = observed({
      request: { contentType: "application/json", body: Buffer.from('{"user":"ada@example.com", broken') },
      trace: { ...chatRecord().trace, userId: "ada@example.com" },
    });
    const shown = createRedactor({ hashUserIds: true })(broken, "full");
    expect(shown.request).toMatchObject({ kind: "unread", raw: { text: `{"user":"${hashed}", broken` } });
  });
});

test("the same call gives the same every time, and is not changed itself", () => {
  const call = observed({ request: request({ user: "ada@example.com" }) });
  const before = JSON.stringify(call);
  for (const mode of ["full", "redacted", "metadata"] as const) {
    expect(redact(call, mode)).toEqual(redact(call, mode));
  }
  expect(JSON.stringify(call)).toBe(before);
});

test("what a cut body ends with is left out, since half of a number is recognised by nothing", () => {
  const body = Buffer.from(`{${"y ".repeat(131_062)} 4111 1111 1111 1111 and so on`);
  const call = observed({ request: { contentType: "application/json", body } });
  const rawText = ({ request: view }: ObservedCall) => (view.kind === "unread" ? view.raw?.text : undefined);
  expect(rawText(call)).toMatch(/4111 1111 1111 1*$/);
  expect(rawText(redact(call, "redacted"))).not.toMatch(/4111|card/);
});

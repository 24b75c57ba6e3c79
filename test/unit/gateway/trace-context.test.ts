import { randomBytes } from "node:crypto";
import type { VirtualKey } from "@sluice/keys";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readTraceContext } from "../../../packages/gateway/src/trace-context/trace-context.ts";

const KEY = { id: "key_1", alias: "a" } as VirtualKey;
const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";

const read = (headers: Record<string, string>, body: unknown = {}, key = KEY) =>
  readTraceContext(headers, body, key, randomBytes);

describe("the trace context of a call", () => {
  it("takes the caller's trace and span from traceparent", () => {
    const context = read({ traceparent: `00-${TRACE}-${SPAN}-01` });
    expect(context).toMatchObject({ traceId: TRACE, parentSpanId: SPAN });
    expect(context.spanId).not.toBe(SPAN);
    expect(context.warnings).toBeUndefined();
  });

  it.each([
    "00-0-0-01",
    `00-${"0".repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${"0".repeat(16)}-01`,
    `ff-${TRACE}-${SPAN}-01`,
    `00-${TRACE.toUpperCase()}-${SPAN}-01`,
  ])("ignores the invalid traceparent %s, says so, and makes ids of its own", (traceparent) => {
    const context = read({ traceparent });
    expect(context.traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(context.parentSpanId).toBeUndefined();
    expect(context.warnings).toHaveLength(1);
  });

  it("reads every header of Sluice's own", () => {
    expect(
      read({
        "x-session-id": "s",
        "x-user-id": "u",
        "x-sluice-trace-name": "n",
        "x-sluice-tags": "a, b,,a",
        "x-sluice-metadata": '{"k":{"deep":1}}',
        "x-sluice-feature": "f",
        "x-sluice-tenant": "t",
        "x-sluice-prompt": "my@prompt@12",
        "x-sluice-environment": "staging",
        "x-sluice-release": "1.2.3",
      }),
    ).toMatchObject({
      sessionId: "s",
      userId: "u",
      name: "n",
      tags: ["a", "b"],
      metadata: { k: { deep: 1 } },
      feature: "f",
      tenant: "t",
      prompt: { name: "my@prompt", version: 12 },
      environment: "staging",
      release: "1.2.3",
    });
  });

  it.each([
    ["snake case", { session_id: "s", user_id: "u", trace_name: "n", trace_id: TRACE, parent_span_id: SPAN }],
    ["camel case", { sessionId: "s", userId: "u", traceName: "n", traceId: TRACE, parentSpanId: SPAN }],
    ["a traceparent", { session_id: "s", user_id: "u", name: "n", traceparent: `00-${TRACE}-${SPAN}-01` }],
  ])("reads the body's trace object in %s", (_what, trace) => {
    expect(read({}, { trace: { ...trace, tags: ["a"], prompt: { name: "p", version: 2 } } })).toMatchObject({
      sessionId: "s",
      userId: "u",
      name: "n",
      traceId: TRACE,
      parentSpanId: SPAN,
      tags: ["a"],
      prompt: { name: "p", version: 2 },
    });
  });

  it("reads LiteLLM's metadata keys and keeps the other keys as metadata", () => {
    const metadata = { trace_user_id: "u", session_id: "s", tags: ["t"], trace_name: "n", order: "17" };
    expect(read({}, { metadata })).toMatchObject({
      userId: "u",
      sessionId: "s",
      tags: ["t"],
      name: "n",
      metadata: { order: "17" },
    });
  });

  it("reads LiteLLM's and Portkey's headers", () => {
    expect(
      read({ langfuse_trace_user_id: "u", langfuse_session_id: "s", "x-litellm-tags": "a,b" }),
    ).toMatchObject({
      userId: "u",
      sessionId: "s",
      tags: ["a", "b"],
    });
    expect(
      read({
        "x-portkey-trace-id": TRACE,
        "x-portkey-span-id": SPAN,
        "x-portkey-metadata": '{"_user":"u","team":"x"}',
      }),
    ).toMatchObject({ traceId: TRACE, parentSpanId: SPAN, userId: "u", metadata: { team: "x" } });
  });

  it("reads user and session from W3C baggage, and nothing else of it", () => {
    const context = read({ baggage: "user.id=al%20ice;p=1, session.id=s1,secret=x" });
    expect(context).toMatchObject({ userId: "al ice", sessionId: "s1" });
    expect(JSON.stringify(context)).not.toContain("secret");
  });

  it("lets headers win over the body, and adds up tags and metadata", () => {
    const context = read(
      { "x-user-id": "header", "x-sluice-tags": "h", "x-sluice-metadata": '{"a":"header"}' },
      { user: "body", trace: { user_id: "trace", tags: ["t"], metadata: { a: "trace", b: 1 } } },
    );
    expect(context).toMatchObject({ userId: "header", tags: ["h", "t"], metadata: { a: "header", b: 1 } });
    expect(read({}, { user: "body" }).userId).toBe("body");
  });

  it("makes a trace id of any other text, always the same, and keeps the text", () => {
    const first = read({ "x-portkey-trace-id": "order 17" });
    expect(first.traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(read({ "x-portkey-trace-id": "order 17" }).traceId).toBe(first.traceId);
    expect(first.metadata).toEqual({ external_trace_id: "order 17" });
    expect(read({ "x-portkey-trace-id": "0AF76519-16cd-43dd-8448-eb211c80319c" }).traceId).toBe(TRACE);
  });

  it("takes tenant and environment of the key unless the call names its own", () => {
    const key = { ...KEY, tenant: "acme", environment: "prod" };
    expect(read({}, {}, key)).toMatchObject({ tenant: "acme", environment: "prod" });
    expect(read({ "x-sluice-tenant": "other" }, {}, key).tenant).toBe("other");
  });

  it("turns whatever cannot be read into a warning, never into an error", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), fc.string(), (trace, metadata, text) => {
        const headers = {
          traceparent: text,
          baggage: text,
          "x-sluice-metadata": text,
          "x-sluice-prompt": text,
        };
        const context = read(headers, { trace, metadata, user: trace });
        expect(context.traceId).toMatch(/^(?!0{32})[0-9a-f]{32}$/);
        expect(context.spanId).toMatch(/^(?!0{16})[0-9a-f]{16}$/);
      }),
    );
    expect(read({ "x-sluice-metadata": "{", "x-sluice-prompt": "p" }, { trace: 1 }).warnings).toHaveLength(3);
  });
});

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

  it.each<[string, Record<string, string>, unknown, object]>([
    [
      "Sluice's names for organisation, version and the observation itself",
      { "x-sluice-organization": "o", "x-sluice-version": "2", "x-sluice-span-name": "answer" },
      {},
      { organization: "o", version: "2", spanName: "answer" },
    ],
    [
      "LiteLLM's headers for customers, sessions and spend",
      {
        "x-litellm-customer-id": "c",
        "x-litellm-session-id": "s",
        "x-litellm-trace-id": TRACE,
        "x-litellm-spend-logs-metadata": '{"project":"p"}',
        langfuse_generation_name: "g",
        langfuse_trace_version: "3",
      },
      {},
      {
        userId: "c",
        sessionId: "s",
        traceId: TRACE,
        metadata: { project: "p" },
        spanName: "g",
        version: "3",
      },
    ],
    [
      "LiteLLM's members of the body",
      {},
      {
        litellm_metadata: { user: "u", generation_name: "g", existing_trace_id: TRACE, team: "x" },
        litellm_session_id: "s",
      },
      { userId: "u", spanName: "g", traceId: TRACE, sessionId: "s" },
    ],
    [
      "OpenRouter's trace object, its other keys as metadata, and its session",
      {},
      {
        session_id: "s",
        trace: { trace_id: TRACE, generation_name: "g", span_name: "x", feature_flag: "on" },
      },
      { sessionId: "s", traceId: TRACE, spanName: "g", metadata: { feature_flag: "on" } },
    ],
    [
      "Portkey's parent, span name and the metadata keys that mean something",
      {
        "x-portkey-trace-id": TRACE,
        "x-portkey-span-id": "1".repeat(16),
        "x-portkey-parent-span-id": SPAN,
        "x-portkey-span-name": "n",
        "x-portkey-metadata": '{"_user":"u","_environment":"prod","_organisation":"o"}',
      },
      {},
      { parentSpanId: SPAN, spanName: "n", userId: "u", environment: "prod", organization: "o" },
    ],
    [
      "what the Langfuse SDKs propagate as baggage",
      { baggage: "langfuse_version=1.2,langfuse_metadata_team=x%20y,langfuse_tags=a%2Cb" },
      {},
      { version: "1.2", metadata: { team: "x y" }, tags: ["a", "b"] },
    ],
  ])("reads %s", (_what, headers, body, expected) => {
    expect(read(headers, body)).toMatchObject(expected);
  });

  it.each<[string, Record<string, string>, unknown, true | undefined]>([
    ["a traceparent alone: nobody knows", { traceparent: `00-${TRACE}-${SPAN}-01` }, {}, undefined],
    [
      "the caller says so",
      { traceparent: `00-${TRACE}-${SPAN}-01`, "x-sluice-parent-in-project": "true" },
      {},
      true,
    ],
    [
      "the baggage of a Langfuse SDK",
      { traceparent: `00-${TRACE}-${SPAN}-01`, baggage: "langfuse_user_id=u" },
      {},
      true,
    ],
    [
      "a span that its tracer does not sample",
      { traceparent: `00-${TRACE}-${SPAN}-00`, baggage: "langfuse_user_id=u" },
      {},
      undefined,
    ],
    ["LiteLLM's observation", {}, { metadata: { trace_id: TRACE, parent_observation_id: SPAN } }, true],
    ["OpenRouter's span", {}, { trace: { trace_id: TRACE, parent_span_id: SPAN } }, true],
    [
      "the caller denies it",
      {},
      { trace: { trace_id: TRACE, parent_span_id: SPAN, parent_in_project: false } },
      undefined,
    ],
    [
      "another source's observation than the parent",
      { traceparent: `00-${TRACE}-${SPAN}-01` },
      { metadata: { trace_id: "x", parent_observation_id: SPAN } },
      undefined,
    ],
    ["no parent at all", { "x-sluice-parent-in-project": "true" }, {}, undefined],
  ])("knows whether the parent is in the project: %s", (_what, headers, body, expected) => {
    expect(read(headers, body).parentInProject).toBe(expected);
  });

  it.each<[string, Record<string, string>, unknown, string | undefined]>([
    ["nothing", {}, {}, undefined],
    ["a header", { "x-sluice-capture": "Redacted" }, {}, "redacted"],
    ["the body", {}, { trace: { capture: "metadata" } }, "metadata"],
    ["both", { "x-sluice-capture": "full" }, { trace: { capture: "redacted" } }, "redacted"],
    ["a word that nobody knows", { "x-sluice-capture": "none" }, {}, "metadata"],
    ["LiteLLM's redaction", { "x-litellm-enable-message-redaction": "true" }, {}, "metadata"],
    ["LiteLLM's mask", {}, { metadata: { mask_input: true } }, "metadata"],
  ])("takes the strictest capture mode of header and body: %s", (_what, headers, body, expected) => {
    expect(read(headers, body).capture).toBe(expected);
  });

  it("has the key's metadata under the call's own", () => {
    const key = { ...KEY, metadata: { team: "core", organization: "o" } };
    expect(read({ "x-sluice-metadata": '{"team":"mine"}' }, {}, key)).toMatchObject({
      metadata: { team: "mine", organization: "o" },
      organization: "o",
    });
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

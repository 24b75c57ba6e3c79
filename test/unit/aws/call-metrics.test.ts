import { createCallMetrics } from "@sluice/aws";
import type { FinishedCall, TracedCall } from "@sluice/gateway";
import { describe, expect, it } from "vitest";
import { metricLines, metricsOf, readMetricLine } from "../../support/metric-lines.ts";

const CALL: TracedCall = {
  traced: true,
  endpoint: "chat.completions",
  requestId: "req_1",
  traceId: "0af7651916cd43dd8448eb211c80319c",
  keyId: "key_1",
  streaming: true,
  outcome: "answered",
  providerStatus: 200,
  provider: "openai",
  model: "gpt-4o",
  attempts: 1,
  fellBack: false,
  durationMs: 900,
  overheadMs: 4,
  firstByteMs: 350,
  enqueueMs: 12,
  fate: "queued",
};

function lineOf(call: FinishedCall) {
  const written: string[] = [];
  createCallMetrics({ write: (line) => written.push(line), stage: "test", nowMs: () => 7 })(call);
  expect(written).toHaveLength(1);
  const line = readMetricLine(written[0] ?? "");
  if (!line) throw new Error(`no metric line: ${written[0]}`);
  return line;
}

/** `Name{dimensions}`, with its value. */
function metricsIn(call: FinishedCall): Readonly<Record<string, number | undefined>> {
  return Object.fromEntries(
    metricsOf(lineOf(call)).map(({ name, dimensions, values }) => {
      const { stage, ...others } = dimensions;
      expect(stage).toBe("test");
      return [[name, ...Object.entries(others).flat()].join(" "), values[0]];
    }),
  );
}

const USUAL = {
  Calls: 1,
  "Calls endpoint chat.completions": 1,
  DurationMs: 900,
  OverheadMs: 4,
  EnqueueMs: 12,
  TimeToFirstTokenMs: 350,
};

describe("the line of a call", () => {
  it("has the ids, and as metrics what a good call has: nothing is counted that did not happen", () => {
    expect(metricsIn(CALL)).toEqual(USUAL);
    expect(lineOf(CALL)).toMatchObject({
      level: "info",
      requestId: "req_1",
      traceId: CALL.traceId,
      keyId: "key_1",
      provider: "openai",
      model: "gpt-4o",
      outcome: "answered",
    });
  });

  it.each<{ name: string; change: Partial<TracedCall>; metrics: Record<string, number> }>([
    { name: "retries", change: { attempts: 3 }, metrics: { Retries: 2 } },
    { name: "a fallback", change: { attempts: 2, fellBack: true }, metrics: { Retries: 1, Fallbacks: 1 } },
    { name: "a spill", change: { fate: "spilled" }, metrics: { Spills: 1 } },
    { name: "a record in the log", change: { fate: "logged" }, metrics: { LogFallbacks: 1 } },
    {
      name: "a provider that failed",
      change: { outcome: "failed", code: "upstream_timeout" },
      metrics: { Errors: 1, "Errors errorKind upstream_timeout": 1, "ProviderErrors provider openai": 1 },
    },
    {
      name: "a provider that is out of order",
      change: { providerStatus: 503 },
      metrics: {
        Errors: 1,
        "Errors errorKind provider_server_error": 1,
        "ProviderErrors provider openai": 1,
      },
    },
    {
      name: "a provider's rate limit",
      change: { providerStatus: 429 },
      metrics: {
        Errors: 1,
        "Errors errorKind provider_rate_limited": 1,
        "ProviderErrors provider openai": 1,
      },
    },
    {
      name: "a provider that refuses our key",
      change: { providerStatus: 401 },
      metrics: { Errors: 1, "Errors errorKind provider_denied": 1, "ProviderErrors provider openai": 1 },
    },
    {
      name: "a provider that does not like the request",
      change: { providerStatus: 400 },
      metrics: { Refusals: 1, "Refusals refusalKind provider_refused": 1 },
    },
    {
      name: "a refusal by a budget",
      change: { outcome: "refused", code: "budget_exceeded" },
      metrics: { Refusals: 1, "Refusals refusalKind budget_exceeded": 1 },
    },
    {
      name: "a code that nobody has heard of",
      change: { outcome: "refused", code: "sk-secret-in-a-code" },
      metrics: { Refusals: 1, "Refusals refusalKind other": 1 },
    },
  ])("counts $name", ({ change, metrics }) => {
    expect(metricsIn({ ...CALL, ...change })).toEqual({ ...USUAL, ...metrics });
  });

  it("counts a fault of ours as an error, and no provider's", () => {
    const { provider: _provider, providerStatus: _status, ...refused } = CALL;
    expect(metricsIn({ ...refused, outcome: "refused", code: "budget_unavailable" })).toEqual({
      ...USUAL,
      Errors: 1,
      "Errors errorKind budget_unavailable": 1,
    });
  });

  it("has no time to a first token when there was no stream", () => {
    expect(metricsIn({ ...CALL, streaming: false })).not.toHaveProperty("TimeToFirstTokenMs");
  });

  it("has no more than a hundred characters of a model's name, which may be the caller's own word", () => {
    expect(lineOf({ ...CALL, model: "x".repeat(5000) })).toMatchObject({ model: "x".repeat(100) });
  });

  it("is short: a million of them are billed by the byte", () => {
    expect(JSON.stringify(lineOf(CALL)).length).toBeLessThan(900);
  });
});

describe("the line of a request without a trace", () => {
  it.each<{ status: number; code: string; metrics: Record<string, number> }>([
    { status: 401, code: "invalid_api_key", metrics: { UnauthenticatedCalls: 1 } },
    { status: 404, code: "unknown_path", metrics: { Refusals: 1, "Refusals refusalKind unknown_path": 1 } },
    {
      status: 503,
      code: "key_store_unavailable",
      metrics: { Errors: 1, "Errors errorKind key_store_unavailable": 1 },
    },
  ])("counts $status $code", ({ status, code, metrics }) => {
    expect(metricsIn({ traced: false, status, code, durationMs: 1 })).toEqual(metrics);
  });
});

it("has the form that Powertools gives its lines", () => {
  const { write, lines } = metricLines("test", () => 7);
  write({
    message: "A call without a valid key was refused.",
    metrics: [{ name: "UnauthenticatedCalls", unit: "Count", value: 1 }],
    properties: { status: 401, code: "invalid_api_key", durationMs: 1 },
  });
  expect(lineOf({ traced: false, status: 401, code: "invalid_api_key", durationMs: 1 })).toEqual(lines()[0]);
});

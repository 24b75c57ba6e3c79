/** The drain to any OpenTelemetry backend, over HTTP, in both encodings. */
import { observe } from "@sluice/flusher";
import {
  CredentialsError,
  createHttpPost,
  type Drain,
  type ExportOutcome,
  encodeSpan,
  type HeaderCredentials,
  type Span,
} from "@sluice/langfuse";
import { createOtlpDrain, MAX_OTLP_BYTES, MAX_OTLP_CALLS, type OtlpDrainOptions } from "@sluice/otlp";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PROTOBUF_SPANS, protobufBody } from "../../../packages/otlp/src/protobuf-spans.ts";
import { completion } from "../../support/chat-bodies.ts";
import { attributesOf } from "../../support/langfuse-endpoint.ts";
import { partialSuccess, startOtlpCollector } from "../../support/otlp-collector.ts";
import { answer, chatRecord, numberedRecord, spanId, traceId } from "../../support/records.ts";

const post = createHttpPost(5_000);
const PROTOCOLS = ["http/protobuf", "http/json"] as const;

function drainTo(baseUrl: string, options: Partial<OtlpDrainOptions> = {}): Drain {
  return createOtlpDrain({
    name: "tempo",
    baseUrl,
    protocol: "http/protobuf",
    headers: {},
    credentials: { headers: async () => ({}), refreshedHeaders: async () => ({}) },
    post,
    nowMs: () => 0,
    ...options,
  });
}

function traces(drain: Drain, count: number, answerBytes = 10): Uint8Array[] {
  return Array.from({ length: count }, (_, number) => {
    const body = completion({ content: "x".repeat(answerBytes) });
    return drain.encode(observe(numberedRecord(number, { answer: answer(body) })));
  });
}

const kinds = (outcomes: readonly ExportOutcome[]) => outcomes.map(({ kind }) => kind);

describe.each(PROTOCOLS)("an export over %s", (protocol) => {
  const type = protocol === "http/json" ? "application/json" : "application/x-protobuf";

  it("is one gzipped request with the drain's own headers, secret ones before plain ones", async () => {
    await using collector = await startOtlpCollector();
    const credentials: HeaderCredentials = {
      headers: async () => ({ authorization: "Bearer secret", "x-scope": "of the secret" }),
      refreshedHeaders: () => Promise.reject(new Error("not asked for")),
    };
    const headers = { "x-scope": "of the config", "x-team": "ai" };
    const drain = drainTo(`${collector.baseUrl}/otlp`, { protocol, headers, credentials });
    expect(kinds(await drain.export(traces(drain, 3)))).toEqual(["delivered", "delivered", "delivered"]);
    expect(collector.requests).toHaveLength(1);
    expect(collector.requests[0]).toMatchObject({
      path: "/otlp/v1/traces",
      headers: {
        authorization: "Bearer secret",
        "x-scope": "of the secret",
        "x-team": "ai",
        "content-type": type,
        "content-encoding": "gzip",
      },
      resource: [{ key: "service.name", value: { stringValue: "sluice" } }],
    });
  });

  it("shows a call by the semantic conventions", async () => {
    await using collector = await startOtlpCollector();
    const drain = drainTo(collector.baseUrl, { protocol });
    await drain.export([drain.encode(observe(chatRecord()))]);
    const [span] = collector.stored;
    expect(span).toMatchObject({ traceId: "1".repeat(32), spanId: "2".repeat(16) });
    expect(span?.startTimeUnixNano).toBe("1760000000000000000");
    expect(attributesOf(span ?? { attributes: [] })).toMatchObject({
      "gen_ai.operation.name": "chat",
      "gen_ai.request.model": "gpt-4o",
      "gen_ai.request.temperature": 0.5,
    });
  });

  it("never is larger than backends take, and cuts a span that is", async () => {
    await using collector = await startOtlpCollector();
    const drain = drainTo(collector.baseUrl, { protocol });
    const outcomes = await drain.export([...traces(drain, 5, 1_500_000), ...traces(drain, 1, 6_000_000)]);
    expect(new Set(kinds(outcomes))).toEqual(new Set(["delivered"]));
    expect(collector.requests.length).toBeGreaterThan(1);
    for (const { bytes } of collector.requests) expect(bytes).toBeLessThanOrEqual(MAX_OTLP_BYTES);
  });

  it("that is taken in part is not sent again: its calls are rejected with the backend's reason", async () => {
    await using collector = await startOtlpCollector((request) =>
      request.spans.some((span) => span.spanId.endsWith("3"))
        ? partialSuccess(type, 1, "span too old")
        : undefined,
    );
    const drain = drainTo(collector.baseUrl, { protocol });
    const whole = await drain.export(traces(drain, 4));
    expect(collector.requests).toHaveLength(1);
    expect(new Set(kinds(whole))).toEqual(new Set(["rejected"]));
    expect(whole[0]).toMatchObject({
      reason: expect.stringMatching(/1 of its spans.+4 calls.+span too old/),
    });

    const alone = traces(drain, 4);
    for (const [index, trace] of alone.entries()) {
      const [outcome] = await drain.export([trace]);
      expect(outcome?.kind).toBe(index === 2 ? "rejected" : "delivered");
    }
  });

  it("that is taken with a warning is taken", async () => {
    await using collector = await startOtlpCollector(() => partialSuccess(type, 0, "use gRPC"));
    const drain = drainTo(collector.baseUrl, { protocol });
    expect(kinds(await drain.export(traces(drain, 2)))).toEqual(["delivered", "delivered"]);
  });

  it.each([429, 502, 503, 504])("that meets %i is tried again when the backend says", async (status) => {
    await using collector = await startOtlpCollector(() => ({ status, headers: { "retry-after": "30" } }));
    const drain = drainTo(collector.baseUrl, { protocol });
    const outcomes = await drain.export(traces(drain, MAX_OTLP_CALLS + 1));
    expect(outcomes).toHaveLength(MAX_OTLP_CALLS + 1);
    for (const outcome of outcomes) expect(outcome).toMatchObject({ kind: "retry", retryAfterMs: 30_000 });
    expect(collector.requests).toHaveLength(1);
  });

  it("of which one span is refused (400) loses no other", async () => {
    await using collector = await startOtlpCollector(({ spans }) =>
      spans.some((span) => span.spanId.endsWith("2")) ? { status: 400 } : undefined,
    );
    const drain = drainTo(collector.baseUrl, { protocol });
    expect(kinds(await drain.export(traces(drain, 4)))).toEqual([
      "delivered",
      "rejected",
      "delivered",
      "delivered",
    ]);
    expect(collector.stored.map((span) => span.spanId)).not.toContain(numberedRecord(1).trace.spanId);
  });

  it("of many calls holds no more than may be parked together", async () => {
    await using collector = await startOtlpCollector();
    const drain = drainTo(collector.baseUrl, { protocol });
    await drain.export(traces(drain, 2 * MAX_OTLP_CALLS + 1));
    expect(collector.requests.map(({ spans }) => spans.length)).toEqual([MAX_OTLP_CALLS, MAX_OTLP_CALLS, 1]);
  });
});

describe("credentials", () => {
  it.each([401, 403])(
    "that are refused (%i) are read anew once, and then the traces wait",
    async (status) => {
      await using collector = await startOtlpCollector(({ headers }) =>
        headers.authorization === "new" ? undefined : { status },
      );
      const rotated = drainTo(collector.baseUrl, {
        credentials: {
          headers: async () => ({ authorization: "old" }),
          refreshedHeaders: async () => ({ authorization: "new" }),
        },
      });
      expect(kinds(await rotated.export(traces(rotated, 1)))).toEqual(["delivered"]);
      const stale = drainTo(collector.baseUrl);
      expect(await stale.export(traces(stale, 1))).toMatchObject([
        { kind: "retry", retryAfterMs: 600_000, refusal: status === 401 ? "keys_refused" : "access_denied" },
      ]);
    },
  );

  it("that cannot be right are told, and sent nowhere", async () => {
    await using collector = await startOtlpCollector();
    const malformed = () => Promise.reject(new CredentialsError("keys_malformed", "No object."));
    const drain = drainTo(collector.baseUrl, {
      credentials: { headers: malformed, refreshedHeaders: malformed },
    });
    expect(await drain.export(traces(drain, 1))).toEqual([
      { kind: "retry", reason: "No object.", refusal: "keys_malformed" },
    ]);
    expect(collector.requests).toEqual([]);
  });

  it("of a backend that explains itself in protobuf are refused with its words", async () => {
    const message = "unknown tenant";
    const status = Buffer.concat([Buffer.from([0x08, 0x10, 0x12, message.length]), Buffer.from(message)]);
    await using collector = await startOtlpCollector(() => ({ status: 401, body: status }));
    const drain = drainTo(collector.baseUrl);
    const [outcome] = await drain.export(traces(drain, 1));
    expect(outcome).toMatchObject({ reason: expect.stringMatching(/status 401: unknown tenant$/) });
  });
});

describe("a span in protobuf", () => {
  const text = fc.string({ unit: "binary" });
  const value = fc.oneof(
    text,
    fc.boolean(),
    fc.maxSafeInteger(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((double) => ({ double })),
    fc.array(text),
  );
  const span: fc.Arbitrary<Span> = fc
    .record({
      id: fc.stringMatching(/^[1-9a-f]{16}$/),
      parent: fc.option(fc.stringMatching(/^[1-9a-f]{16}$/), { nil: undefined }),
      name: text,
      startedAtMs: fc.nat({ max: 2 ** 44 }),
      durationMs: fc.integer({ min: -10, max: 10_000 }),
      attributes: fc.dictionary(text, fc.option(value, { nil: undefined })),
      error: fc.option(text, { nil: undefined }),
    })
    .map(({ id, parent, name, startedAtMs, durationMs, attributes, error }) => ({
      traceId: traceId(id + id),
      spanId: spanId(id),
      ...(parent !== undefined && { parentSpanId: spanId(parent) }),
      name,
      startedAtMs,
      endedAtMs: startedAtMs + durationMs,
      attributes,
      ...(error !== undefined && { error }),
    }));

  it("says what it says in JSON, to a reader that is not ours", async () => {
    await using collector = await startOtlpCollector();
    const send = async (body: Uint8Array, type: string) => {
      const url = new URL(`${collector.baseUrl}/v1/traces`);
      await post(url, { "content-type": type }, body);
      return collector.requests.at(-1)?.spans;
    };
    await fc.assert(
      fc.asyncProperty(fc.array(span, { minLength: 1, maxLength: 3 }), async (spans) => {
        const inProtobuf = await send(
          protobufBody(spans.map(PROTOBUF_SPANS.encode)),
          "application/x-protobuf",
        );
        const json = spans.map((one) => JSON.parse(Buffer.from(encodeSpan(one)).toString()) as unknown);
        expect(inProtobuf?.map(asJson)).toEqual(json.map(asJson));
      }),
      { numRuns: 60 },
    );
  });
});

const KINDS: Readonly<Record<string, number>> = { SPAN_KIND_CLIENT: 3 };

/** A span with what either encoding may leave out, or write in another way, made the same. */
function asJson(span: unknown): unknown {
  const {
    kind,
    attributes = [],
    status,
    name = "",
    startTimeUnixNano = "0",
    endTimeUnixNano = "0",
    ...rest
  } = span as Record<string, unknown>;
  const { message = "", code } = (status ?? {}) as { message?: string; code?: unknown };
  return {
    ...rest,
    name,
    startTimeUnixNano,
    endTimeUnixNano,
    kind: KINDS[String(kind)] ?? kind,
    attributes: (attributes as { key?: string; value?: object }[]).map(({ key = "", value }) => ({
      key,
      value: plainValue(value),
    })),
    status: code === undefined ? undefined : { message, code: code === "STATUS_CODE_ERROR" ? 2 : code },
  };
}

function plainValue(value: object = {}): unknown {
  if ("arrayValue" in value) {
    const { values = [] } = value.arrayValue as { values?: { stringValue?: string }[] };
    return values.map(({ stringValue }) => stringValue ?? "");
  }
  return value;
}

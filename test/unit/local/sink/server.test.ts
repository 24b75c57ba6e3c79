import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it, onTestFinished } from "vitest";
import { type SinkOptions, startSink } from "../../../../packages/local/src/sink/server.ts";
import { temporaryDirectory } from "../../../support/local-lambda.ts";

const keys = { publicKey: "pk-lf-1", secretKey: "sk-lf-1" };
const AUTHORIZATION = `Basic ${Buffer.from("pk-lf-1:sk-lf-1").toString("base64")}`;

async function start(options: Partial<SinkOptions> = {}) {
  const sink = await startSink({ keys, ...options });
  onTestFinished(() => sink.close());
  const post = (body: string | Buffer, headers: Record<string, string> = {}) =>
    fetch(`${sink.url}/api/public/otel/v1/traces`, {
      method: "POST",
      headers: { authorization: AUTHORIZATION, "content-type": "application/json", ...headers },
      body,
    });
  return { sink, post };
}

interface Span {
  readonly traceId?: string;
  readonly spanId?: string;
  readonly startMs?: number;
  readonly attributes?: unknown;
  readonly more?: object;
}

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";

function span({
  traceId = TRACE,
  spanId = SPAN,
  startMs = 1_800_000_000_123,
  attributes = [],
  more = {},
}: Span = {}) {
  return {
    traceId,
    spanId,
    name: "chat",
    startTimeUnixNano: `${startMs}456789`,
    endTimeUnixNano: `${startMs + 1000}000000`,
    attributes,
    ...more,
  };
}

const exportOf = (...spans: object[]) =>
  JSON.stringify({
    resourceSpans: [
      {
        resource: { attributes: [{ key: "service.name", value: { stringValue: "sluice" } }] },
        scopeSpans: [{ scope: { name: "sluice" }, spans }],
      },
    ],
  });

const text = (key: string, stringValue: string) => ({ key, value: { stringValue } });

describe("an export", () => {
  it("becomes a trace that shows Langfuse's fields", async () => {
    const { sink, post } = await start();
    const attributes = [
      text("langfuse.observation.type", "generation"),
      text("langfuse.observation.level", "WARNING"),
      text("langfuse.observation.status_message", "cut off"),
      text("langfuse.observation.model.name", "gpt-4o"),
      text("langfuse.observation.model.parameters", '{"temperature":0}'),
      text("langfuse.observation.input", '{"messages":[{"role":"user","content":"hi"}]}'),
      text("langfuse.observation.output", "plain text"),
      text("langfuse.observation.usage_details", '{"input":3,"output":5,"total":8}'),
      text("langfuse.observation.cost_details", '{"total":0.25}'),
      text("langfuse.observation.completion_start_time", "2027-01-15T08:00:00.500Z"),
      text("langfuse.trace.name", "answer"),
      text("langfuse.trace.metadata.plan", "pro"),
      text("langfuse.observation.metadata.sizes", "[1,2]"),
      text("user.id", "u1"),
      text("session.id", "s1"),
      text("langfuse.environment", "staging"),
      {
        key: "langfuse.trace.tags",
        value: { arrayValue: { values: [{ stringValue: "a" }, { stringValue: "b" }] } },
      },
      { key: "count", value: { intValue: "12" } },
      { key: "share", value: { doubleValue: 0.5 } },
      { key: "final", value: { boolValue: false } },
      { key: "unknown", value: { kvlistValue: {} } },
    ];

    expect((await post(exportOf(span({ attributes })))).status).toBe(200);
    const trace = await (await fetch(`${sink.url}/traces/${TRACE}`)).json();

    expect(trace).toEqual({
      id: TRACE,
      name: "answer",
      user: "u1",
      session: "s1",
      tags: ["a", "b"],
      environment: "staging",
      startTime: "2027-01-15T08:00:00.123Z",
      endTime: "2027-01-15T08:00:01.123Z",
      spans: [
        {
          id: SPAN,
          traceId: TRACE,
          name: "chat",
          type: "generation",
          level: "WARNING",
          statusMessage: "cut off",
          model: "gpt-4o",
          modelParameters: { temperature: 0 },
          input: { messages: [{ role: "user", content: "hi" }] },
          output: "plain text",
          usage: { input: 3, output: 5, total: 8 },
          cost: { total: 0.25 },
          traceName: "answer",
          user: "u1",
          session: "s1",
          tags: ["a", "b"],
          environment: "staging",
          completionStartTime: "2027-01-15T08:00:00.500Z",
          metadata: { plan: "pro", sizes: [1, 2] },
          startTime: "2027-01-15T08:00:00.123Z",
          endTime: "2027-01-15T08:00:01.123Z",
          attributes: expect.objectContaining({ count: 12, share: 0.5, final: false, unknown: null }),
          resource: { "service.name": "sluice" },
        },
      ],
    });
  });

  it("takes the level from the status code when no attribute names one", async () => {
    const { sink, post } = await start();

    await post(exportOf(span({ more: { status: { code: 2, message: "no upstream" } } })));

    expect(sink.trace(TRACE)?.spans).toMatchObject([
      { level: "ERROR", statusMessage: "no upstream", type: "span" },
    ]);
  });

  it("may be compressed", async () => {
    const { sink, post } = await start();

    const { status } = await post(gzipSync(exportOf(span())), { "content-encoding": "gzip" });

    expect(status).toBe(200);
    expect(sink.counts()).toEqual({ received: 1, stored: 1 });
  });

  it("may be empty", async () => {
    const { post } = await start();

    const answer = await post('{"resourceSpans":[]}');

    expect([answer.status, await answer.json()]).toEqual([200, {}]);
  });

  it("is refused as a whole when one span has no id", async () => {
    const { sink, post } = await start();

    for (const bad of [span({ traceId: "" }), span({ spanId: "" }), { ...span(), traceId: undefined }]) {
      expect((await post(exportOf(span(), bad))).status).toBe(400);
    }

    expect(sink.counts()).toEqual({ received: 0, stored: 0 });
  });

  it.each([
    ["a wrong key", 401, { authorization: "Basic d3Jvbmc6a2V5" }, exportOf(span())],
    ["no key", 401, { authorization: "" }, exportOf(span())],
    ["a bearer key", 403, { authorization: "Bearer sk-lf-1" }, exportOf(span())],
    ["another content type", 400, { "content-type": "text/plain" }, exportOf(span())],
    ["what is not gzip", 400, { "content-encoding": "gzip" }, exportOf(span())],
    ["an unknown coding", 400, { "content-encoding": "br" }, exportOf(span())],
    ["what is not JSON", 400, {}, "{"],
    ["what is no object", 400, {}, '"spans"'],
    ["a version of the future", 400, { "x-langfuse-ingestion-version": "5" }, exportOf(span())],
    ["attributes that are no list", 400, {}, exportOf(span({ attributes: { a: 1 } }))],
    ["a time that is none", 400, {}, exportOf({ ...span(), startTimeUnixNano: "yesterday" })],
  ])("is refused with %s", async (_what, status, headers, body) => {
    const { sink, post } = await start();

    expect((await post(body, headers)).status).toBe(status);
    expect(sink.counts().received).toBe(0);
  });

  it("is refused above the limit, compressed or not", async () => {
    const { post } = await start({ maxBytes: 10_000 });
    const large = exportOf(span({ attributes: [text("a", "x".repeat(10_000))] }));

    expect((await post(large)).status).toBe(413);
    expect((await post(gzipSync(large), { "content-encoding": "gzip" })).status).toBe(413);
    expect((await post(exportOf(span()))).status).toBe(200);
  });

  it("is accepted with the newest ingestion version", async () => {
    const { post } = await start();

    expect((await post(exportOf(span()), { "x-langfuse-ingestion-version": "4" })).status).toBe(200);
  });
});

describe("a span that comes again", () => {
  it("replaces the first one, and is counted", async () => {
    const { sink, post } = await start();

    await post(exportOf(span({ attributes: [text("user.id", "first")] })));
    await post(exportOf(span({ attributes: [text("user.id", "second")] })));

    expect(sink.counts()).toEqual({ received: 2, stored: 1 });
    expect(sink.trace(TRACE)?.spans).toMatchObject([{ user: "second" }]);
  });

  it("is a second observation when it has another start time", async () => {
    const { sink, post } = await start();

    await post(exportOf(span({ startMs: 1_800_000_000_000 }), span({ startMs: 1_800_000_000_001 })));

    expect(sink.trace(TRACE)?.spans).toHaveLength(2);
  });
});

describe("the list of traces", () => {
  it("has the newest first, as many as asked for", async () => {
    const { sink, post } = await start();
    await post(
      exportOf(
        span({ traceId: "2".repeat(32), startMs: 2000 }),
        span({ traceId: "3".repeat(32), startMs: 3000 }),
        span({ traceId: "1".repeat(32), startMs: 1000 }),
      ),
    );

    const list = (await (await fetch(`${sink.url}/traces?limit=2`)).json()) as {
      traces: { id: string }[];
      receivedSpans: number;
    };

    expect(list.traces.map(({ id }) => id[0])).toEqual(["3", "2"]);
    expect(list.receivedSpans).toBe(3);
  });

  it.each(["0", "-1", "many"])("refuses the limit %j", async (limit) => {
    const { sink } = await start();

    expect((await fetch(`${sink.url}/traces?limit=${limit}`)).status).toBe(400);
  });
});

it("knows no trace that never came", async () => {
  const { sink } = await start();

  expect((await fetch(`${sink.url}/traces/${TRACE}`)).status).toBe(404);
});

it("is healthy without a key", async () => {
  const { sink } = await start();

  expect(await (await fetch(`${sink.url}/api/public/health`)).json()).toMatchObject({ status: "OK" });
});

it("keeps its spans and its count across a restart", async () => {
  const file = join(await temporaryDirectory(), "sink.db");
  const first = await startSink({ keys, file });
  await fetch(`${first.url}/api/public/otel/v1/traces`, {
    method: "POST",
    headers: { authorization: AUTHORIZATION, "content-type": "application/json" },
    body: exportOf(span()),
  });
  await first.close();

  const { sink } = await start({ file });

  expect(sink.trace(TRACE)?.spans).toHaveLength(1);
  expect(sink.counts()).toEqual({ received: 1, stored: 1 });
});

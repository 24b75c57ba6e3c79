/** An app with an OpenTelemetry SDK of its own, which sends its spans to the same Langfuse project as Sluice. */
import { context, propagation, trace } from "@opentelemetry/api";
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from "@opentelemetry/core";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { BatchSpanProcessor, NodeTracerProvider } from "@opentelemetry/sdk-trace-node";
import { createFlusher } from "@sluice/flusher";
import { createHttpPost, createLangfuseDrain } from "@sluice/langfuse";
import { loadCatalogue } from "@sluice/prices";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startGateway, type TestGateway } from "../../support/gateway.ts";
import {
  attributesOf,
  type LangfuseEndpoint,
  type ReceivedSpan,
  startLangfuseEndpoint,
} from "../../support/langfuse-endpoint.ts";
import { memoryAccounts, memoryDeliveries, memorySettlements } from "../../support/ledger.ts";
import { messageBody } from "../../support/records.ts";
import { chatCompletion, json, startUpstream, type Upstream } from "../../support/upstream.ts";

let upstream: Upstream;
let langfuse: LangfuseEndpoint;
let gateway: TestGateway;
let provider: NodeTracerProvider;

beforeAll(async () => {
  upstream = await startUpstream(json(chatCompletion("Fine.")));
  langfuse = await startLangfuseEndpoint();
  gateway = await startGateway({ config: { providers: { openai: { baseUrl: upstream.baseUrl } } } });
  const exporter = new OTLPTraceExporter({ url: `${langfuse.baseUrl}/api/public/otel/v1/traces` });
  provider = new NodeTracerProvider({ spanProcessors: [new BatchSpanProcessor(exporter)] });
  provider.register({
    propagator: new CompositePropagator({
      propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()],
    }),
  });
  await session();
  await provider.forceFlush();
  await flushRecords();
});

afterAll(async () => {
  await provider.shutdown();
  for (const api of [trace, context, propagation]) api.disable();
  await gateway.stop();
  await upstream.stop();
  await langfuse[Symbol.asyncDispose]();
});

/** Runs `work` inside of a span. */
async function within<T>(name: string, work: () => T | Promise<T>): Promise<T> {
  return await trace.getTracer("app").startActiveSpan(name, async (span) => {
    try {
      return await work();
    } finally {
      span.end();
    }
  });
}

/** Three turns; the second one looks things up, and the third one calls two tools. */
async function session(): Promise<void> {
  const client = new OpenAI({ apiKey: gateway.secret, baseURL: `${gateway.url}/v1`, maxRetries: 0 });
  const ask = async (content: string) => {
    const headers: Record<string, string> = {};
    propagation.inject(context.active(), headers);
    await client.chat.completions.create(
      { model: "openai/gpt-4o", messages: [{ role: "user", content }] },
      { headers },
    );
  };
  const baggage = propagation.createBaggage({
    "session.id": { value: "s-1" },
    "user.id": { value: "ana lima" },
    secret: { value: "not ours" },
  });
  await context.with(propagation.setBaggage(context.active(), baggage), async () => {
    await within("session", async () => {
      await within("turn 1", async () => {
        await ask("one");
      });
      await within("turn 2", async () => {
        await within("retrieve", async () => {
          await ask("rewrite the question");
        });
        await ask("two");
      });
      await within("turn 3", async () => {
        await ask("three");
        await within("tool weather", () => undefined);
        await within("tool clock", () => undefined);
      });
    });
  });
}

/** Brings what the gateway recorded to the project. */
async function flushRecords(): Promise<void> {
  const keys = async () => await Promise.resolve({ publicKey: "pk", secretKey: "sk" });
  const nowMs = () => Date.now();
  const accounts = memoryAccounts();
  const drain = createLangfuseDrain({
    name: "main",
    baseUrl: langfuse.baseUrl,
    credentials: { keys, refreshedKeys: keys },
    post: createHttpPost(30_000),
    nowMs,
  });
  const flush = createFlusher({
    claims: { fetch: async () => await Promise.resolve(undefined) },
    park: async (_message, reason) => await Promise.reject(new Error(reason)),
    drains: [drain],
    loadPrices: () => loadCatalogue(),
    deliveries: memoryDeliveries(nowMs),
    settlements: memorySettlements(accounts),
    accounts,
    announce: async () => {
      await Promise.resolve();
    },
    log: { error: () => undefined, warn: () => undefined },
    nowMs,
  });
  await Promise.all(gateway.invocations);
  await flush(
    gateway.records.map((record, index) => ({
      id: `m${index}`,
      body: messageBody(record),
      sentAtMs: nowMs(),
      receiveCount: 1,
    })),
  );
}

interface Node {
  readonly name: string;
  readonly children: readonly Node[];
}

/** The spans below a parent as a tree, in the order of their beginning. */
function below(parentSpanId: string | undefined, spans: readonly ReceivedSpan[]): readonly Node[] {
  return spans
    .filter((span) => (span.parentSpanId || undefined) === parentSpanId)
    .toSorted((a, b) => Number(BigInt(a.startTimeUnixNano) - BigInt(b.startTimeUnixNano)))
    .map(({ name, spanId }) => ({ name, children: below(spanId, spans) }));
}

describe("a session of an app that has an OpenTelemetry SDK", () => {
  const generation = { name: "chat gpt-4o", children: [] };
  const ours = () => langfuse.stored.filter(({ name }) => name === generation.name);

  it("is one trace", () => {
    expect(langfuse.stored).toHaveLength(11);
    expect(new Set(langfuse.stored.map(({ traceId }) => traceId)).size).toBe(1);
    expect(new Set(langfuse.stored.map(({ spanId }) => spanId)).size).toBe(11);
  });

  it("has every call where the app made it", () => {
    expect(below(undefined, langfuse.stored)).toEqual([
      {
        name: "session",
        children: [
          { name: "turn 1", children: [generation] },
          { name: "turn 2", children: [{ name: "retrieve", children: [generation] }, generation] },
          {
            name: "turn 3",
            children: [
              generation,
              { name: "tool weather", children: [] },
              { name: "tool clock", children: [] },
            ],
          },
        ],
      },
    ]);
  });

  it("has session and user of the baggage on every call, and nothing else of it", () => {
    expect(ours()).toHaveLength(4);
    for (const span of ours()) {
      expect(attributesOf(span)).toMatchObject({ "session.id": "s-1", "user.id": "ana lima" });
      expect(JSON.stringify(span)).not.toContain("not ours");
    }
  });

  it("leaves the trace's name to the app, and each call to be found if the app's spans never come", () => {
    for (const span of ours()) {
      expect(attributesOf(span)).not.toHaveProperty(["langfuse.trace.name"]);
      expect(attributesOf(span)).toMatchObject({ "langfuse.internal.is_app_root": true });
    }
  });

  it("keeps its trace context from the provider", () => {
    for (const { headers } of upstream.requests) {
      expect(Object.keys(headers).filter((name) => /traceparent|tracestate|baggage/.test(name))).toEqual([]);
    }
  });
});

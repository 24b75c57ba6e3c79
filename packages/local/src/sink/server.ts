/**
 * The sink: takes traces like Langfuse when nobody has one, and shows them as JSON.
 * `POST /api/public/otel/v1/traces`, `GET /api/public/health`, `GET /traces?limit=`, `GET /traces/<id>`.
 */
import { createServer, type IncomingMessage } from "node:http";
import { closeNow, listenOnLoopback } from "../loopback.ts";
import { readBody } from "../request-body.ts";
import { admit, refuseKey, type SinkKeys } from "./admission.ts";
import { openSpanStore, type SpanCounts, type SpanStore } from "./span-store.ts";
import { type TraceView, viewTrace } from "./span-view.ts";

/** Where and how it runs. */
export interface SinkOptions {
  /** Default 0: a free port. */
  readonly port?: number;
  /** SQLite file that keeps the spans; in memory without it. */
  readonly file?: string;
  readonly keys: SinkKeys;
  /** Largest export, bytes before and after gzip. Default 5,000,000, as Langfuse Cloud documents. */
  readonly maxBytes?: number;
}

/** A sink that listens. */
export interface Sink {
  /** The Langfuse base URL, without a slash at its end. */
  readonly url: string;
  /** A trace by its id, or undefined. */
  trace(id: string): TraceView | undefined;
  /** The newest traces, the one that began last first. */
  traces(limit: number): readonly TraceView[];
  counts(): SpanCounts;
  close(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

const DEFAULT_MAX_BYTES = 5_000_000;
const DEFAULT_LIMIT = 50;
const TRACE_PATH = /^\/traces\/([^/]+)$/;

/** Starts it on a loopback port. */
export async function startSink(options: SinkOptions): Promise<Sink> {
  const { port = 0, file = ":memory:" } = options;
  const store = openSpanStore(file);
  const server = createServer((request, response) => {
    void answer(request, store, options)
      .catch((error: unknown): Answer => ({ status: 500, body: { message: String(error) } }))
      .then(({ status, body }) => {
        response.writeHead(status, { "content-type": "application/json" });
        return response.end(JSON.stringify(body, undefined, 2));
      });
  });
  const url = await listenOnLoopback(server, port);
  return {
    url,
    trace: (id) => viewOf(store, id),
    traces: (limit) => newestTraces(store, limit),
    counts: () => store.counts(),
    close: async () => {
      await closeNow(server);
      store.close();
    },
  };
}

async function answer(request: IncomingMessage, store: SpanStore, options: SinkOptions): Promise<Answer> {
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
  if (pathname === "/api/public/otel/v1/traces") {
    if (request.method !== "POST") return { status: 405, body: { message: "Method not allowed" } };
    return await receive(request, store, options);
  }
  if (request.method !== "GET") return { status: 405, body: { message: "Method not allowed" } };
  if (pathname === "/api/public/health")
    return { status: 200, body: { status: "OK", version: "4.0.0-sluice" } };
  if (pathname === "/traces") {
    const limit = Number(searchParams.get("limit") ?? DEFAULT_LIMIT);
    if (!Number.isInteger(limit) || limit < 1) {
      return { status: 400, body: { message: "limit must be a whole number above 0" } };
    }
    const { received, stored } = store.counts();
    const traces = newestTraces(store, limit);
    return { status: 200, body: { traces, receivedSpans: received, storedSpans: stored } };
  }
  const trace = viewOf(store, TRACE_PATH.exec(pathname)?.[1] ?? "");
  return trace ? { status: 200, body: trace } : { status: 404, body: { message: "Not found" } };
}

async function receive(
  request: IncomingMessage,
  store: SpanStore,
  { keys, maxBytes = DEFAULT_MAX_BYTES }: SinkOptions,
): Promise<Answer> {
  const body = await readBody(request, maxBytes);
  const refused = refuseKey(request.headers, keys);
  const admission = refused ?? admit(request.headers, body, maxBytes);
  if ("status" in admission) return { status: admission.status, body: { message: admission.message } };
  if (admission.spans.length === 0) return { status: 200, body: {} };
  store.add(admission.spans);
  // Langfuse answers with the description of a job; only the status means anything.
  return { status: 200, body: { name: "otel-ingestion-job" } };
}

function newestTraces(store: SpanStore, limit: number): TraceView[] {
  return store.newest(limit).flatMap((id) => viewOf(store, id) ?? []);
}

function viewOf(store: SpanStore, id: string): TraceView | undefined {
  const spans = store.trace(id);
  return spans.length > 0 ? viewTrace(spans) : undefined;
}

/**
 * The sink: takes traces like Langfuse when nobody has one, and shows them as JSON.
 * `POST /api/public/otel/v1/traces`, `POST /api/public/ingestion`, `GET /api/public/health`, `GET /api/public/projects`,
 * `GET /traces?limit=`, `GET /traces/<id>`, `GET /media/<id>`, and the media API.
 */
import { createServer, type IncomingMessage } from "node:http";
import { closeNow, listenOnLoopback } from "../loopback.ts";
import { readBody } from "../request-body.ts";
import { admit, refuseKey, type SinkKeys } from "./admission.ts";
import { readBatch } from "./ingestion.ts";
import { answerMedia, type MediaAnswer, mediaRoute } from "./media-api.ts";
import { type MediaStore, openMediaStore } from "./media-store.ts";
import { MalformedExportError } from "./otlp.ts";
import { openSpanStore, type SpanCounts, type SpanStore } from "./span-store.ts";
import { type SpanView, type TraceView, viewTrace } from "./span-view.ts";

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
  /** How many files were uploaded. */
  mediaCount(): number;
  close(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** What the sink keeps, and where it is. */
interface Kept {
  readonly spans: SpanStore;
  readonly media: MediaStore;
  readonly url: string;
}

const DEFAULT_MAX_BYTES = 5_000_000;
const DEFAULT_LIMIT = 50;
/** Largest file, bytes. */
const MAX_MEDIA_BYTES = 50_000_000;
const TRACE_PATH = /^\/traces\/([^/]+)$/;

/** Starts it on a loopback port. */
export async function startSink(options: SinkOptions): Promise<Sink> {
  const { port = 0, file = ":memory:" } = options;
  const spans = openSpanStore(file);
  const media = openMediaStore(file);
  const server = createServer((request, response) => {
    void answer(request, { spans, media, url }, options)
      .catch((error: unknown): Answer => ({ status: 500, body: { message: String(error) } }))
      .then((given) => {
        response.writeHead(given.status, headersOf(given));
        return response.end("content" in given ? given.content : JSON.stringify(given.body, undefined, 2));
      });
  });
  const url = await listenOnLoopback(server, port);
  const kept: Kept = { spans, media, url };
  return {
    url,
    trace: (id) => viewOf(kept, id),
    traces: (limit) => newestTraces(kept, limit),
    counts: () => spans.counts(),
    mediaCount: () => media.count(),
    close: async () => {
      await closeNow(server);
      spans.close();
      media.close();
    },
  };
}

/** A file comes from anybody: it is shown, and nothing in it is run. */
function headersOf(answer: MediaAnswer): Readonly<Record<string, string>> {
  if (!("content" in answer)) return { "content-type": "application/json" };
  return {
    "content-type": answer.contentType,
    "content-security-policy": "sandbox",
    "x-content-type-options": "nosniff",
  };
}

async function answer(request: IncomingMessage, kept: Kept, options: SinkOptions): Promise<MediaAnswer> {
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
  const route = mediaRoute(pathname);
  if (route) {
    const body = await readBody(request, MAX_MEDIA_BYTES);
    const refused = route === "keys" && refuseKey(request.headers, options.keys);
    if (refused) return { status: refused.status, body: { message: refused.message } };
    const asked = { method: request.method ?? "GET", path: pathname, body };
    return answerMedia(asked, kept.media, kept.url, Date.now());
  }
  if (pathname === "/api/public/otel/v1/traces") {
    if (request.method !== "POST") return { status: 405, body: { message: "Method not allowed" } };
    return await receive(request, kept.spans, options);
  }
  if (pathname === "/api/public/ingestion" && request.method === "POST") {
    return await receiveBatch(request, kept.spans, options);
  }
  if (request.method !== "GET") return { status: 405, body: { message: "Method not allowed" } };
  if (pathname === "/api/public/health")
    return { status: 200, body: { status: "OK", version: "4.0.0-sluice" } };
  if (pathname === "/api/public/projects") {
    const refused = refuseKey(request.headers, options.keys);
    if (refused) return { status: refused.status, body: { message: refused.message } };
    return { status: 200, body: { data: [{ id: "local", name: "local" }] } };
  }
  if (pathname === "/traces") {
    const limit = Number(searchParams.get("limit") ?? DEFAULT_LIMIT);
    if (!Number.isInteger(limit) || limit < 1) {
      return { status: 400, body: { message: "limit must be a whole number above 0" } };
    }
    const { received, stored } = kept.spans.counts();
    const traces = newestTraces(kept, limit);
    return { status: 200, body: { traces, receivedSpans: received, storedSpans: stored } };
  }
  const trace = viewOf(kept, TRACE_PATH.exec(pathname)?.[1] ?? "");
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

/** As a Langfuse of version 2 or 3. */
async function receiveBatch(
  request: IncomingMessage,
  store: SpanStore,
  { keys, maxBytes = DEFAULT_MAX_BYTES }: SinkOptions,
): Promise<Answer> {
  const body = await readBody(request, maxBytes);
  const refused = refuseKey(request.headers, keys);
  if (refused) return { status: refused.status, body: { message: refused.message } };
  if (!body) return { status: 413, body: { message: `The batch is larger than ${maxBytes} bytes` } };
  try {
    const { spans, answer } = readBatch(body.toString());
    store.add(spans);
    return { status: 207, body: answer };
  } catch (error) {
    if (error instanceof MalformedExportError) return { status: 400, body: { message: error.message } };
    throw error;
  }
}

function newestTraces(kept: Kept, limit: number): TraceView[] {
  return kept.spans.newest(limit).flatMap((id) => viewOf(kept, id) ?? []);
}

function viewOf({ spans: store, media, url }: Kept, id: string): TraceView | undefined {
  const spans = store.trace(id);
  if (spans.length === 0) return undefined;
  const view = viewTrace(spans);
  const withMedia = (span: SpanView): SpanView => {
    const files = media.ofSpan(span.traceId, span.id);
    if (files.length === 0) return span;
    return { ...span, media: files.map((file) => ({ ...file, url: `${url}/media/${file.id}` })) };
  };
  return { ...view, spans: view.spans.map(withMedia) };
}

/** A real HTTP server that speaks Langfuse's OTLP endpoint as far as an exporter can tell. */
import type { IncomingHttpHeaders, ServerResponse } from "node:http";
import { serveWhole } from "./whole-requests.ts";

/** A span as it arrived. */
export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly status?: { readonly code: number; readonly message: string };
  readonly attributes: readonly { readonly key: string; readonly value: ReceivedValue }[];
}

interface ReceivedValue {
  readonly stringValue?: string;
  readonly intValue?: string;
  readonly doubleValue?: number;
  readonly boolValue?: boolean;
  readonly arrayValue?: { readonly values: readonly ReceivedValue[] };
}

/** A request as it arrived. `bytes` is its size before compression. */
export interface ReceivedExport {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: number;
  readonly body: string;
  readonly spans: readonly ReceivedSpan[];
}

/** Decides on a request: a status, or something done to the connection. Undefined means 200. */
export type Decide = (
  request: ReceivedExport,
) =>
  | { status: number; headers?: Record<string, string>; body?: string }
  | ((response: ServerResponse) => void)
  | undefined;

/** A running endpoint. */
export interface LangfuseEndpoint extends AsyncDisposable {
  readonly baseUrl: string;
  /** Every request, in order. */
  readonly requests: readonly ReceivedExport[];
  /** The spans of all requests that were answered with 200. */
  readonly stored: readonly ReceivedSpan[];
}

/** Starts an endpoint on a free port of this machine. */
export async function startLangfuseEndpoint(decide: Decide = () => undefined): Promise<LangfuseEndpoint> {
  const requests: ReceivedExport[] = [];
  const stored: ReceivedSpan[] = [];
  const server = await serveWhole((request, body, response) => {
    const received = {
      path: request.url ?? "",
      headers: request.headers,
      bytes: body.byteLength,
      body: body.toString(),
      spans: request.url?.endsWith("/v1/traces") ? spansOf(body.toString()) : [],
    };
    requests.push(received);
    const decision = decide(received);
    if (typeof decision === "function") {
      decision(response);
      return;
    }
    if (!decision) stored.push(...received.spans);
    response.writeHead(decision?.status ?? 200, decision?.headers);
    response.end(decision?.body ?? "{}");
  });
  return { ...server, baseUrl: server.url, requests, stored };
}

function spansOf(body: string): ReceivedSpan[] {
  const { resourceSpans } = JSON.parse(body) as {
    resourceSpans: { scopeSpans: { spans: ReceivedSpan[] }[] }[];
  };
  return resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));
}

/** A span's attributes as plain values: numbers for both kinds of number, lists of texts for arrays. */
export function attributesOf(span: Pick<ReceivedSpan, "attributes">): Record<string, unknown> {
  return Object.fromEntries(span.attributes.map(({ key, value }) => [key, plain(value)]));
}

function plain({ stringValue, intValue, doubleValue, boolValue, arrayValue }: ReceivedValue): unknown {
  if (intValue !== undefined) return Number(intValue);
  return stringValue ?? doubleValue ?? boolValue ?? arrayValue?.values.map(plain);
}

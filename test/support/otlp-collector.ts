/** A real HTTP server that takes OTLP in both encodings, read with protobufjs and the project's own message definitions. */
import { readFileSync } from "node:fs";
import type { IncomingHttpHeaders } from "node:http";
import protobuf from "protobufjs";
import type { ReceivedSpan } from "./langfuse-endpoint.ts";
import { serveWhole } from "./whole-requests.ts";

const definitions = new URL("../fixtures/opentelemetry/trace_service.proto", import.meta.url);
const { root } = protobuf.parse(readFileSync(definitions, "utf8"));
const requestType = root.lookupType("ExportTraceServiceRequest");
const responseType = root.lookupType("ExportTraceServiceResponse");

/** A request as it arrived. */
export interface CollectedExport {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly spans: readonly ReceivedSpan[];
  /** Size before compression. */
  readonly bytes: number;
  /** Attributes of the resource, as they came. */
  readonly resource: unknown;
}

/** What the collector answers. Undefined: 200 with an empty response. */
export interface CollectorAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** A running collector. */
export interface OtlpCollector extends AsyncDisposable {
  /** As `baseUrl` of a drain. */
  readonly baseUrl: string;
  readonly requests: readonly CollectedExport[];
  /** Spans of the requests that were answered with 200. */
  readonly stored: readonly ReceivedSpan[];
}

/** Starts a collector on a free port of this machine. */
export async function startOtlpCollector(
  decide: (request: CollectedExport) => CollectorAnswer | undefined = () => undefined,
): Promise<OtlpCollector> {
  const requests: CollectedExport[] = [];
  const stored: ReceivedSpan[] = [];
  const server = await serveWhole((request, body, response) => {
    const type = request.headers["content-type"] ?? "";
    const collected = {
      path: request.url ?? "",
      headers: request.headers,
      bytes: body.byteLength,
      ...read(body, type),
    };
    requests.push(collected);
    const { status = 200, headers = {}, body: answer } = decide(collected) ?? {};
    if (status === 200) stored.push(...collected.spans);
    response.writeHead(status, { "content-type": type, ...headers });
    response.end(answer ?? (type.includes("json") ? "{}" : ""));
  });
  return { ...server, baseUrl: server.url, requests, stored };
}

/** The answer of a collector that takes a request in part, in either encoding. */
export function partialSuccess(type: string, rejectedSpans: number, errorMessage: string): CollectorAnswer {
  const partial = { partialSuccess: { rejectedSpans: String(rejectedSpans), errorMessage } };
  return {
    body: type.includes("json")
      ? JSON.stringify(partial)
      : responseType.encode(responseType.fromObject(partial)).finish(),
  };
}

interface ExportJson {
  /** Absent in an empty export by protobuf. */
  readonly resourceSpans?: readonly {
    readonly resource: { readonly attributes: unknown };
    readonly scopeSpans: readonly { readonly spans: readonly ReceivedSpan[] }[];
  }[];
}

function read(body: Buffer, type: string): { spans: readonly ReceivedSpan[]; resource: unknown } {
  const { resourceSpans = [] } = (
    type.includes("json") ? JSON.parse(body.toString()) : fromProtobuf(body)
  ) as ExportJson;
  return {
    spans: resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)),
    resource: resourceSpans[0]?.resource.attributes,
  };
}

/** As OTLP JSON would write it: 64-bit numbers as texts, ids in hex. */
function fromProtobuf(body: Buffer): unknown {
  const plain = requestType.toObject(requestType.decode(body), {
    longs: String,
    bytes: String,
    arrays: false,
  });
  return JSON.parse(JSON.stringify(plain), (name, value: unknown) =>
    ["traceId", "spanId", "parentSpanId"].includes(name)
      ? Buffer.from(String(value), "base64").toString("hex")
      : value,
  );
}

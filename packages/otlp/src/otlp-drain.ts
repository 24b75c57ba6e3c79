/** The drain to any OpenTelemetry backend: OTLP over HTTP, `POST {base}/v1/traces`. */
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import {
  createSender,
  type Drain,
  ENVELOPE_BYTES,
  encodeCall,
  exportBody,
  exportInRequests,
  type HeaderCredentials,
  JSON_SPANS,
  type Post,
  type SpanFormat,
  type SpanOptions,
} from "@sluice/langfuse";
import { judgeExport } from "./export-answer.ts";
import { PROTOBUF_ENVELOPE_BYTES, PROTOBUF_SPANS, protobufBody } from "./protobuf-spans.ts";

/** Largest export request before compression, bytes. Backends allow 4 MB (gRPC's default, which many have for HTTP too) and more. */
export const MAX_OTLP_BYTES = 4_000_000;
/**
 * Most calls of one request. A backend that takes a request in part does not say which spans it rejects, so that all calls of the
 * request are parked: this bounds how many.
 */
export const MAX_OTLP_CALLS = 100;

/** Backends say both for a key that they do not know. */
const REFUSED_STATUSES = [401, 403];

const compress = promisify(gzip);

/** How a protocol writes a request. */
interface Protocol {
  readonly format: SpanFormat;
  readonly contentType: string;
  /** Bytes around the spans. */
  readonly envelopeBytes: number;
  body(spans: readonly Uint8Array[]): Uint8Array;
}

const PROTOCOLS: Readonly<Record<OtlpDrainOptions["protocol"], Protocol>> = {
  "http/protobuf": {
    format: PROTOBUF_SPANS,
    contentType: "application/x-protobuf",
    envelopeBytes: PROTOBUF_ENVELOPE_BYTES,
    body: protobufBody,
  },
  "http/json": {
    format: JSON_SPANS,
    contentType: "application/json",
    envelopeBytes: ENVELOPE_BYTES,
    body: exportBody,
  },
};

/** What a drain to an OpenTelemetry backend is made of. */
export interface OtlpDrainOptions {
  readonly name: string;
  /** Everything before `/v1/traces`, without a slash at the end. */
  readonly baseUrl: string;
  readonly protocol: "http/protobuf" | "http/json";
  /** Headers of each request, names in lower case; secret ones of the same name win. */
  readonly headers: Readonly<Record<string, string>>;
  readonly credentials: HeaderCredentials;
  readonly post: Post;
  /** What of the caller goes along. Default: everything. */
  readonly keep?: SpanOptions["keep"];
  /** Unix time, ms. */
  readonly nowMs: () => number;
}

/** A drain to one backend. It has no limit of its own on a span but that of a request. */
export function createOtlpDrain(options: OtlpDrainOptions): Drain {
  const { name, baseUrl, credentials, post, keep, nowMs } = options;
  const { format, contentType, envelopeBytes, body } = PROTOCOLS[options.protocol];
  const url = new URL(`${baseUrl}/v1/traces`);
  const bytes = MAX_OTLP_BYTES - envelopeBytes;
  const headers = async (fresh: boolean) => ({
    ...options.headers,
    ...(await (fresh ? credentials.refreshedHeaders(name) : credentials.headers(name))),
    "content-type": contentType,
    "content-encoding": "gzip",
  });
  return {
    name,
    encode: (call, keepWhole) =>
      encodeCall(call, bytes, { drain: "otlp", format, keepWhole, ...(keep && { keep }) }),
    export: (traces) => {
      const send = createSender({ url, post, headers, refusedStatuses: REFUSED_STATUSES });
      return exportInRequests(
        traces,
        { bytes, traces: MAX_OTLP_CALLS },
        (some) =>
          send(compress(body(some)), (result) =>
            judgeExport(result, { count: some.length, nowMs: nowMs(), server: url.host }),
          ),
        url.host,
      );
    },
  };
}

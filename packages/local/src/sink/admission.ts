/** Whether an export is let in, in the order in which Langfuse looks: key, size, type, coding, version, spans. */
import type { IncomingHttpHeaders } from "node:http";
import { gunzipSync } from "node:zlib";
import { MalformedExportError, type OtlpSpan, readExport } from "./otlp.ts";

/** The pair that an exporter authenticates with. */
export interface SinkKeys {
  readonly publicKey: string;
  readonly secretKey: string;
}

/** An export that was let in, or the answer that refuses it. */
export type Admission =
  | { readonly spans: readonly OtlpSpan[] }
  | { readonly status: number; readonly message: string };

/** Newest ingestion version that Langfuse 4 knows. */
const NEWEST_VERSION = 4;

/** Checks the key alone. Undefined when it is right. */
export function refuseKey(headers: IncomingHttpHeaders, keys: SinkKeys) {
  const { authorization = "" } = headers;
  if (/^bearer /i.test(authorization)) {
    return { status: 403, message: "Bearer keys cannot ingest: use Basic auth with the project's keys" };
  }
  const expected = Buffer.from(`${keys.publicKey}:${keys.secretKey}`).toString("base64");
  return authorization === `Basic ${expected}` ? undefined : { status: 401, message: "Invalid credentials" };
}

/** Checks and reads everything behind the key. `body` is undefined when it was above `maxBytes` already. */
export function admit(headers: IncomingHttpHeaders, body: Buffer | undefined, maxBytes: number): Admission {
  const json = body && decompress(headers, body, maxBytes);
  if (json === "malformed") return { status: 400, message: "The body is not gzip" };
  if (!json) return { status: 413, message: `The export is larger than ${maxBytes} bytes` };
  if (!headers["content-type"]?.includes("application/json")) {
    // Langfuse takes protobuf too.
    return { status: 400, message: "This sink reads application/json only" };
  }
  const version = headers["x-langfuse-ingestion-version"];
  if (version !== undefined && !(Number(version) <= NEWEST_VERSION)) {
    return { status: 400, message: `Unknown x-langfuse-ingestion-version, the newest is ${NEWEST_VERSION}` };
  }
  try {
    return { spans: readExport(json.toString()) };
  } catch (error) {
    if (error instanceof MalformedExportError) return { status: 400, message: error.message };
    throw error;
  }
}

/** Undefined: it is larger than allowed. */
function decompress(headers: IncomingHttpHeaders, body: Buffer, maxBytes: number) {
  const coding = headers["content-encoding"];
  if (coding === undefined) return body;
  if (coding !== "gzip") return "malformed";
  try {
    return gunzipSync(body, { maxOutputLength: maxBytes });
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE" ? undefined : "malformed";
  }
}

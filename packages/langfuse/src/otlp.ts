/**
 * Spans as OTLP JSON (opentelemetry-proto 1.x, "JSON Protobuf Encoding"): hex ids, 64-bit integers as decimal
 * strings, times in nanoseconds. Only the attribute types that Langfuse decodes are here: it reads neither
 * `kvlistValue` nor `bytesValue`, so structured values travel as JSON text.
 */
import type { SpanId, TraceId } from "@sluice/trace";

/** A number that the semantic conventions want as a double, also when it is whole. */
export interface Double {
  readonly double: number;
}

/** An attribute's value. A whole number becomes an `intValue`, any other a `doubleValue`. */
export type AttributeValue = string | number | boolean | Double | readonly string[];

/** Attributes by name. An undefined value is left out. */
export type Attributes = Readonly<Record<string, AttributeValue | undefined>>;

/** A finished span of kind client, before it is written as JSON. */
export interface Span {
  readonly traceId: TraceId;
  readonly spanId: SpanId;
  readonly parentSpanId?: SpanId;
  readonly name: string;
  /** Unix time, ms; a fraction is cut, as Langfuse would. */
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly attributes: Attributes;
  /** Set for a call that failed; the text may be empty. */
  readonly error?: string;
}

const KIND_CLIENT = 3;
const STATUS_ERROR = 2;

/** The span as UTF-8 JSON. The same span always gives the same bytes. */
export function encodeSpan(span: Span): Uint8Array {
  return Buffer.from(
    JSON.stringify({
      traceId: span.traceId,
      spanId: span.spanId,
      parentSpanId: span.parentSpanId,
      name: span.name.toWellFormed(),
      kind: KIND_CLIENT,
      startTimeUnixNano: nanoseconds(span.startedAtMs),
      endTimeUnixNano: nanoseconds(Math.max(span.startedAtMs, span.endedAtMs)),
      attributes: Object.entries(span.attributes).flatMap(([key, value]) =>
        value === undefined ? [] : [{ key: key.toWellFormed(), value: encodeValue(value) }],
      ),
      status:
        span.error === undefined ? undefined : { code: STATUS_ERROR, message: span.error.toWellFormed() },
    }),
  );
}

function encodeValue(value: AttributeValue) {
  if (typeof value === "string") return { stringValue: value.toWellFormed() };
  if (typeof value === "boolean") return { boolValue: value };
  if (typeof value === "number") {
    return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  }
  if ("double" in value) return { doubleValue: value.double };
  return { arrayValue: { values: value.map((text) => ({ stringValue: text.toWellFormed() })) } };
}

function nanoseconds(atMs: number): string {
  return String(BigInt(Math.trunc(atMs)) * 1_000_000n);
}

const ENVELOPE_START = Buffer.from(
  JSON.stringify({
    resourceSpans: [
      {
        resource: { attributes: [{ key: "service.name", value: { stringValue: "sluice" } }] },
        scopeSpans: [{ scope: { name: "sluice" }, spans: [] }],
      },
    ],
  }).replace("]}]}]}", ""),
);
const ENVELOPE_END = Buffer.from("]}]}]}");
const COMMA = Buffer.from(",");

/** Bytes of an export request around its spans. */
export const ENVELOPE_BYTES = ENVELOPE_START.byteLength + ENVELOPE_END.byteLength;

/** The body of an export request (`ExportTraceServiceRequest`) for encoded spans. */
export function exportBody(spans: readonly Uint8Array[]): Uint8Array {
  const parts = spans.flatMap((span, index) => (index === 0 ? [span] : [COMMA, span]));
  return Buffer.concat([ENVELOPE_START, ...parts, ENVELOPE_END]);
}

/** Spans as OTLP protobuf (opentelemetry-proto 1.x, trace.proto, common.proto and trace_service.proto): the field numbers are theirs. */
import type { AttributeValue, Span, SpanFormat } from "@sluice/langfuse";
import { bytesField, doubleField, fixed64Field, message, stringField, varintField } from "./protobuf.ts";

const KIND_CLIENT = 3n;
const STATUS_ERROR = 2n;

/** A span as an entry of `ScopeSpans.spans`: entries one after the other are a list, with nothing in between. */
export const PROTOBUF_SPANS: SpanFormat = { encode: encodeSpan, separator: new Uint8Array() };

function encodeSpan(span: Span): Uint8Array {
  const { traceId, spanId, parentSpanId, name, startedAtMs, endedAtMs, attributes, error } = span;
  const fields = [
    bytesField(1, Buffer.from(traceId, "hex")),
    bytesField(2, Buffer.from(spanId, "hex")),
    ...(parentSpanId === undefined ? [] : [bytesField(4, Buffer.from(parentSpanId, "hex"))]),
    stringField(5, name),
    varintField(6, KIND_CLIENT),
    fixed64Field(7, nanoseconds(startedAtMs)),
    fixed64Field(8, nanoseconds(Math.max(startedAtMs, endedAtMs))),
    ...Object.entries(attributes).flatMap(([key, value]) =>
      value === undefined ? [] : [bytesField(9, keyValue(key, value))],
    ),
    ...(error === undefined
      ? []
      : [bytesField(15, message([stringField(2, error), varintField(3, STATUS_ERROR)]))]),
  ];
  return bytesField(2, message(fields));
}

function keyValue(key: string, value: AttributeValue): Uint8Array {
  return message([stringField(1, key), bytesField(2, anyValue(value))]);
}

function anyValue(value: AttributeValue): Uint8Array {
  if (typeof value === "string") return stringField(1, value);
  if (typeof value === "boolean") return varintField(2, value ? 1n : 0n);
  if (typeof value === "number") {
    return Number.isSafeInteger(value) ? varintField(3, BigInt(value)) : doubleField(4, value);
  }
  if ("double" in value) return doubleField(4, value.double);
  const entries = value.map((text) => bytesField(1, stringField(1, text)));
  return bytesField(5, message(entries));
}

function nanoseconds(atMs: number): bigint {
  return BigInt(Math.trunc(atMs)) * 1_000_000n;
}

const RESOURCE = bytesField(1, bytesField(1, keyValue("service.name", "sluice")));
const SCOPE = bytesField(1, stringField(1, "sluice"));

/** Bytes of a request around its spans, at most: tags, and lengths of up to five bytes. */
export const PROTOBUF_ENVELOPE_BYTES = RESOURCE.byteLength + SCOPE.byteLength + 12;

/** The body of an export request (`ExportTraceServiceRequest`) for encoded spans. */
export function protobufBody(spans: readonly Uint8Array[]): Uint8Array {
  const scopeSpans = bytesField(2, message([SCOPE, ...spans]));
  return bytesField(1, message([RESOURCE, scopeSpans]));
}

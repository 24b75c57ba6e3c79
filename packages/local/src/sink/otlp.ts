/**
 * Reads an OTLP/HTTP JSON trace export the way Langfuse does.
 * https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
 */

/** A decoded attribute value. */
export type AttributeValue = string | number | boolean | null | readonly AttributeValue[];
/** Attributes by key. */
export type Attributes = Readonly<Record<string, AttributeValue>>;

/** A span, decoded. */
export interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Absent for a root. */
  readonly parentSpanId?: string;
  readonly name: string;
  /** Unix time, ms: Langfuse cuts the nanoseconds. */
  readonly startMs: number;
  /** Unix time, ms. */
  readonly endMs: number;
  /** 2 means error. */
  readonly statusCode: number;
  readonly statusMessage?: string;
  readonly attributes: Attributes;
  /** Attributes of the resource, for example `service.name`. */
  readonly resource: Attributes;
}

/** The export cannot be accepted; Langfuse answers 400 and takes none of its spans. */
export class MalformedExportError extends Error {
  override readonly name = "MalformedExportError";
}

interface RawExport {
  readonly resourceSpans?: readonly {
    readonly resource?: { readonly attributes?: unknown };
    readonly scopeSpans?: readonly { readonly spans?: readonly RawSpan[] }[];
  }[];
}

interface RawSpan {
  readonly traceId?: unknown;
  readonly spanId?: unknown;
  readonly parentSpanId?: unknown;
  readonly name?: unknown;
  readonly startTimeUnixNano?: unknown;
  readonly endTimeUnixNano?: unknown;
  readonly attributes?: unknown;
  readonly status?: { readonly code?: unknown; readonly message?: unknown };
}

/** All spans of an export. Throws `MalformedExportError` when one of them is not acceptable. */
export function readExport(json: string): OtlpSpan[] {
  const { resourceSpans = [] } = parseObject(json) as RawExport;
  if (!Array.isArray(resourceSpans)) throw new MalformedExportError("resourceSpans is not a list");
  return (resourceSpans as NonNullable<RawExport["resourceSpans"]>).flatMap(
    ({ resource, scopeSpans = [] }) => {
      const resourceAttributes = readAttributes(resource?.attributes, "a resource");
      return scopeSpans.flatMap(({ spans = [] }) => spans.map((span) => readSpan(span, resourceAttributes)));
    },
  );
}

function parseObject(json: string): object {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw new MalformedExportError("the body is not JSON");
  }
  if (typeof value !== "object" || value === null) throw new MalformedExportError("the body is no object");
  return value;
}

function readSpan(span: RawSpan, resource: Attributes): OtlpSpan {
  const { traceId, spanId, parentSpanId, status } = span;
  if (typeof traceId !== "string" || traceId === "" || typeof spanId !== "string" || spanId === "") {
    throw new MalformedExportError("a span has no traceId or no spanId");
  }
  return {
    traceId,
    spanId,
    ...(typeof parentSpanId === "string" && parentSpanId !== "" && { parentSpanId }),
    name: typeof span.name === "string" ? span.name : "",
    startMs: readTime(span.startTimeUnixNano),
    endMs: readTime(span.endTimeUnixNano),
    statusCode: typeof status?.code === "number" ? status.code : 0,
    ...(typeof status?.message === "string" && { statusMessage: status.message }),
    attributes: readAttributes(span.attributes, `span ${spanId}`),
    resource,
  };
}

/** Nanoseconds as a decimal string or a number, to whole milliseconds. */
function readTime(nanoseconds: unknown): number {
  const text = typeof nanoseconds === "number" ? nanoseconds.toFixed(0) : nanoseconds;
  if (typeof text !== "string" || !/^\d+$/.test(text)) {
    throw new MalformedExportError(`${JSON.stringify(nanoseconds)} is no time in nanoseconds`);
  }
  return Number(BigInt(text) / 1_000_000n);
}

function readAttributes(list: unknown, owner: string): Attributes {
  if (list === undefined) return {};
  if (!Array.isArray(list)) throw new MalformedExportError(`the attributes of ${owner} are no list`);
  return Object.fromEntries(
    (list as readonly { readonly key?: unknown; readonly value?: unknown }[]).map(({ key, value }) => [
      String(key),
      readValue(value),
    ]),
  );
}

/** Langfuse decodes no `kvlistValue` and no `bytesValue`. */
function readValue(value: unknown): AttributeValue {
  const { stringValue, intValue, doubleValue, boolValue, arrayValue } = (value ?? {}) as {
    readonly stringValue?: string;
    readonly intValue?: string | number;
    readonly doubleValue?: number;
    readonly boolValue?: boolean;
    readonly arrayValue?: { readonly values?: readonly unknown[] };
  };
  if (stringValue !== undefined) return stringValue;
  if (intValue !== undefined) return Number(intValue);
  if (doubleValue !== undefined) return doubleValue;
  if (boolValue !== undefined) return boolValue;
  return arrayValue ? (arrayValue.values ?? []).map(readValue) : null;
}

/** What the events of the ingestion API say of a span, in the forms of the `langfuse` package (3.39). */
import { asList, asObject, asText, type JsonObject, parseJson } from "@sluice/wire";
import type { ApiCreateGenerationBody, ApiCreateSpanBody, ApiObservationLevel, ApiTraceBody } from "langfuse";
import { INPUT, LEVEL, METADATA, OUTPUT, STATUS_MESSAGE, TRACE_METADATA } from "../attributes/names.ts";
import type { AttributeValue, Span } from "../otlp.ts";

/** The trace that a span belongs to. Each call of a trace says what it knows of it. */
export function traceBody(span: Span): ApiTraceBody {
  const field = textFields(span);
  const tags = span.attributes["langfuse.trace.tags"];
  return {
    id: span.traceId,
    timestamp: iso(span.startedAtMs),
    ...field("name", "langfuse.trace.name"),
    ...field("userId", "user.id"),
    ...field("sessionId", "session.id"),
    ...field("release", "langfuse.release"),
    ...field("version", "langfuse.version"),
    ...field("environment", "langfuse.environment"),
    ...(Array.isArray(tags) && { tags: tags.map(String) }),
    metadata: withPrefix(span, TRACE_METADATA),
  };
}

/** Whether an observation is one that has a model, usage and cost: v2 has no other types for that. */
export function isGeneration({ attributes }: Span): boolean {
  const type = attributes["langfuse.observation.type"];
  return type === "generation" || type === "embedding";
}

/** What every observation has. */
export function observationBody(span: Span): ApiCreateSpanBody {
  const field = textFields(span);
  const { traceId, spanId, parentSpanId, name, startedAtMs, endedAtMs, attributes } = span;
  return {
    id: spanId,
    traceId,
    ...(parentSpanId !== undefined && { parentObservationId: parentSpanId }),
    name,
    startTime: iso(startedAtMs),
    endTime: iso(Math.max(startedAtMs, endedAtMs)),
    ...(attributes[INPUT] !== undefined && { input: content(attributes[INPUT]) }),
    ...(attributes[OUTPUT] !== undefined && { output: content(attributes[OUTPUT]) }),
    level: levelOf(attributes[LEVEL]),
    ...field("statusMessage", STATUS_MESSAGE),
    ...field("version", "langfuse.version"),
    ...field("environment", "langfuse.environment"),
    metadata: withPrefix(span, METADATA),
  };
}

/** What a generation has beside that. */
export function generationFields(span: Span): Omit<ApiCreateGenerationBody, keyof ApiCreateSpanBody> {
  const field = textFields(span);
  const { attributes } = span;
  const version = attributes["langfuse.observation.prompt.version"];
  const usage = numbers(attributes["langfuse.observation.usage_details"]);
  const cost = numbers(attributes["langfuse.observation.cost_details"]);
  const parameters = jsonObject(attributes["langfuse.observation.model.parameters"]);
  return {
    ...field("completionStartTime", "langfuse.observation.completion_start_time"),
    ...field("model", "langfuse.observation.model.name"),
    ...(parameters && {
      modelParameters: Object.fromEntries(Object.entries(parameters).flatMap(asMapValue)),
    }),
    ...field("promptName", "langfuse.observation.prompt.name"),
    ...(typeof version === "number" && { promptVersion: version }),
    // v2 knows `usage` alone; v3 takes the details over it.
    ...(usage && {
      usage: {
        input: sumOf(usage, "input"),
        output: sumOf(usage, "output"),
        total: usage["total"] ?? null,
        unit: "TOKENS" as const,
        ...(cost?.["total"] !== undefined && { totalCost: cost["total"] }),
      },
      usageDetails: usage,
    }),
    ...(cost && { costDetails: cost }),
  };
}

/** Reads an attribute into a field of that name, where the span has it. */
function textFields({ attributes }: Span) {
  return <Name extends string>(name: Name, attribute: string): Partial<Record<Name, string>> => {
    const value = asText(attributes[attribute]);
    const field: Partial<Record<Name, string>> = {};
    if (value !== undefined) field[name] = value;
    return field;
  };
}

/** The attributes below a prefix, without it. Texts that hold JSON stay texts, as in the spans of v4. */
function withPrefix({ attributes }: Span, prefix: string): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(attributes).flatMap(([name, value]) =>
      value !== undefined && name.startsWith(prefix) ? [[name.slice(prefix.length), plain(value)]] : [],
    ),
  );
}

/** Content is JSON text in a span and JSON itself in an event; text that is no JSON stays text. */
function content(value: AttributeValue): unknown {
  const text = asText(value);
  if (text === undefined || !/^\s*[[{]/.test(text)) return plain(value);
  return parseJson(text) ?? text;
}

function plain(value: AttributeValue): unknown {
  return typeof value === "object" && "double" in value ? value.double : value;
}

function numbers(value: AttributeValue | undefined): Record<string, number> | undefined {
  const fields = jsonObject(value);
  return (
    fields &&
    Object.fromEntries(
      Object.entries(fields).flatMap(([name, count]) => (typeof count === "number" ? [[name, count]] : [])),
    )
  );
}

function jsonObject(value: AttributeValue | undefined): JsonObject | undefined {
  return asObject(parseJson(asText(value) ?? ""));
}

/** Details are disjoint: their sum is what v2 calls input, or output. */
function sumOf(usage: Readonly<Record<string, number>>, side: "input" | "output"): number {
  return Object.entries(usage)
    .filter(([name]) => name.startsWith(side))
    .reduce((sum, [, count]) => sum + count, 0);
}

/** A model parameter in one of the forms that the API takes. */
function asMapValue([name, value]: [string, unknown]): [string, string | number | boolean | string[]][] {
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean")
    return [[name, value]];
  const list = asList(value);
  if (list.length > 0 && list.every((item) => typeof item === "string")) return [[name, list.map(String)]];
  return value === undefined || value === null ? [] : [[name, JSON.stringify(value)]];
}

const LEVELS: readonly ApiObservationLevel[] = ["DEBUG", "DEFAULT", "WARNING", "ERROR"];

function levelOf(value: AttributeValue | undefined): ApiObservationLevel {
  return LEVELS.find((level) => level === value) ?? "DEFAULT";
}

/** A time (Unix time, ms) as the API takes it. */
export function iso(atMs: number): string {
  return new Date(atMs).toISOString();
}

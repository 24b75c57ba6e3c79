/** A span and a trace as a person wants to read them: Langfuse's fields instead of attribute names. */
import type { Attributes, AttributeValue, OtlpSpan } from "./otlp.ts";

/** One observation. Fields that the span does not have are absent. */
export interface SpanView {
  readonly id: string;
  readonly traceId: string;
  readonly parentId?: string;
  readonly name: string;
  /** `generation`, `embedding`, `span` and so on. */
  readonly type: string;
  /** `DEFAULT`, `DEBUG`, `WARNING` or `ERROR`. */
  readonly level: string;
  readonly statusMessage?: string;
  readonly model?: unknown;
  readonly modelParameters?: unknown;
  /** JSON where it is JSON, text where it is not. */
  readonly input?: unknown;
  readonly output?: unknown;
  /** Tokens by kind. */
  readonly usage?: unknown;
  /** USD by kind. */
  readonly cost?: unknown;
  readonly traceName?: unknown;
  readonly user?: unknown;
  readonly session?: unknown;
  readonly tags?: unknown;
  readonly environment?: unknown;
  readonly release?: unknown;
  readonly version?: unknown;
  readonly prompt?: { readonly name: unknown; readonly version: unknown };
  /** Of the observation and of its trace. */
  readonly metadata: Readonly<Record<string, unknown>>;
  /** ISO 8601. */
  readonly startTime: string;
  /** ISO 8601. */
  readonly endTime: string;
  /** ISO 8601: when the first token came. */
  readonly completionStartTime?: unknown;
  /** Files that it refers to, and where they can be seen. */
  readonly media?: readonly { readonly id: string; readonly field: string; readonly url: string }[];
  /** As they came. */
  readonly attributes: Attributes;
  /** Attributes of the resource. */
  readonly resource: Attributes;
}

/** A trace with all its spans, oldest first. */
export interface TraceView {
  readonly id: string;
  readonly name: string;
  readonly user?: unknown;
  readonly session?: unknown;
  readonly tags?: unknown;
  readonly environment?: unknown;
  /** ISO 8601. */
  readonly startTime: string;
  /** ISO 8601. */
  readonly endTime: string;
  readonly spans: readonly SpanView[];
}

const METADATA_PREFIXES = ["langfuse.trace.metadata.", "langfuse.observation.metadata."];

/** Makes a span readable. */
export function viewSpan(span: OtlpSpan): SpanView {
  const { attributes } = span;
  const text = (key: string) => attributes[key];
  const json = (key: string) => parsed(attributes[key]);
  const statusMessage = text("langfuse.observation.status_message") ?? span.statusMessage;
  const promptName = text("langfuse.observation.prompt.name");
  return {
    id: span.spanId,
    traceId: span.traceId,
    ...(span.parentSpanId !== undefined && { parentId: span.parentSpanId }),
    name: span.name,
    type: String(text("langfuse.observation.type") ?? "span"),
    level: String(text("langfuse.observation.level") ?? (span.statusCode === 2 ? "ERROR" : "DEFAULT")),
    ...(statusMessage !== undefined && { statusMessage: String(statusMessage) }),
    ...present({
      model:
        text("langfuse.observation.model.name") ??
        text("gen_ai.response.model") ??
        text("gen_ai.request.model"),
      modelParameters: json("langfuse.observation.model.parameters"),
      input: json("langfuse.observation.input"),
      output: json("langfuse.observation.output"),
      usage: json("langfuse.observation.usage_details"),
      cost: json("langfuse.observation.cost_details"),
      traceName: text("langfuse.trace.name"),
      user: text("user.id"),
      session: text("session.id") ?? text("gen_ai.conversation.id"),
      tags: text("langfuse.trace.tags"),
      environment: text("langfuse.environment"),
      release: text("langfuse.release"),
      version: text("langfuse.version"),
      completionStartTime: text("langfuse.observation.completion_start_time"),
    }),
    ...(promptName !== undefined && {
      prompt: { name: promptName, version: text("langfuse.observation.prompt.version") },
    }),
    metadata: metadataOf(attributes),
    startTime: new Date(span.startMs).toISOString(),
    endTime: new Date(span.endMs).toISOString(),
    attributes,
    resource: span.resource,
  };
}

/** Puts the spans of one trace together. There must be at least one. */
export function viewTrace(spans: readonly OtlpSpan[]): TraceView {
  const views = spans.toSorted((a, b) => a.startMs - b.startMs).map(viewSpan);
  const first = views[0];
  if (!first) throw new Error("a trace has at least one span");
  const { traceName = first.name, user, session, tags, environment } = first;
  return {
    id: first.traceId,
    name: String(traceName),
    ...present({ user, session, tags, environment }),
    startTime: first.startTime,
    endTime: new Date(Math.max(...spans.map(({ endMs }) => endMs))).toISOString(),
    spans: views,
  };
}

/** Values that were put into a string attribute as JSON; other strings stay what they are. */
function parsed(value: AttributeValue | undefined): unknown {
  if (typeof value !== "string") return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

function metadataOf(attributes: Attributes): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(attributes).flatMap(([key, value]) => {
      const prefix = METADATA_PREFIXES.find((prefix) => key.startsWith(prefix));
      return prefix ? [[key.slice(prefix.length), parsed(value)]] : [];
    }),
  );
}

function present<T extends object>(fields: T): Partial<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<T>;
}

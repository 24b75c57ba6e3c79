/**
 * Reads the ingestion batches of Langfuse v2 and v3 into spans, so that a drain to such a server can be tried without one. What
 * these servers do and this does not: update a thing with several events.
 */
import { type Attributes, type AttributeValue, MalformedExportError, type OtlpSpan } from "./otlp.ts";

type Json = Readonly<Record<string, unknown>>;

/** A batch: its spans, and the answer, which speaks of each event. */
export interface ReadBatch {
  readonly spans: readonly OtlpSpan[];
  readonly answer: {
    readonly successes: readonly { readonly id: string; readonly status: number }[];
    readonly errors: readonly { readonly id: string; readonly status: number; readonly message: string }[];
  };
}

const TYPES: Readonly<Record<string, string>> = { "generation-create": "generation", "span-create": "span" };

/** Fields of a trace, and the attributes that say the same. */
const OF_TRACE = {
  name: "langfuse.trace.name",
  userId: "user.id",
  sessionId: "session.id",
  tags: "langfuse.trace.tags",
  release: "langfuse.release",
  version: "langfuse.version",
  environment: "langfuse.environment",
} as const;

/** Fields of an observation; the same. */
const OF_OBSERVATION = {
  level: "langfuse.observation.level",
  statusMessage: "langfuse.observation.status_message",
  model: "langfuse.observation.model.name",
  modelParameters: "langfuse.observation.model.parameters",
  completionStartTime: "langfuse.observation.completion_start_time",
  promptName: "langfuse.observation.prompt.name",
  promptVersion: "langfuse.observation.prompt.version",
  usageDetails: "langfuse.observation.usage_details",
  costDetails: "langfuse.observation.cost_details",
  input: "langfuse.observation.input",
  output: "langfuse.observation.output",
} as const;

/** The spans of a batch. Throws `MalformedExportError` when it is none. */
export function readBatch(json: string): ReadBatch {
  const events = listOf(objectOf(parse(json))["batch"]).map(objectOf);
  const traces = new Map<unknown, Attributes>();
  for (const { type, body } of events) {
    const trace = objectOf(body);
    if (type === "trace-create") traces.set(trace["id"], traceAttributes(trace));
  }
  const read = events.map((event) => ({ id: String(event["id"]), ...readEvent(event, traces) }));
  return {
    spans: read.flatMap(({ span }) => span ?? []),
    answer: {
      successes: read.flatMap(({ id, problem }) => (problem === undefined ? [{ id, status: 201 }] : [])),
      errors: read.flatMap(({ id, problem }) =>
        problem === undefined ? [] : [{ id, status: 400, message: problem }],
      ),
    },
  };
}

function readEvent({ type, body }: Json, traces: ReadonlyMap<unknown, Attributes>) {
  if (type === "trace-create") return {};
  const kind = TYPES[String(type)];
  if (kind === undefined) return { problem: `This sink takes no events of type ${String(type)}` };
  const { id, traceId, parentObservationId, name, startTime, endTime, level, statusMessage, ...rest } =
    objectOf(body);
  const startMs = Date.parse(String(startTime));
  if (typeof id !== "string" || typeof traceId !== "string" || Number.isNaN(startMs)) {
    return { problem: "Invalid request data: an observation needs id, traceId and startTime" };
  }
  const endMs = Date.parse(String(endTime));
  const span: OtlpSpan = {
    traceId,
    spanId: id,
    ...(typeof parentObservationId === "string" && { parentSpanId: parentObservationId }),
    name: typeof name === "string" ? name : "",
    startMs,
    endMs: Number.isNaN(endMs) ? startMs : endMs,
    statusCode: level === "ERROR" ? 2 : 0,
    ...(typeof statusMessage === "string" && { statusMessage }),
    attributes: {
      "langfuse.observation.type": kind,
      ...traces.get(traceId),
      ...renamed({ ...rest, level, statusMessage }, OF_OBSERVATION),
      ...prefixed(rest["metadata"], "langfuse.observation.metadata."),
    },
    resource: {},
  };
  return { span };
}

function traceAttributes(trace: Json): Attributes {
  return { ...renamed(trace, OF_TRACE), ...prefixed(trace["metadata"], "langfuse.trace.metadata.") };
}

function renamed(fields: Json, names: Readonly<Record<string, string>>): Attributes {
  return Object.fromEntries(
    Object.entries(names).flatMap(([field, attribute]) => {
      const value = fields[field];
      return value === undefined || value === null ? [] : [[attribute, asAttribute(value)]];
    }),
  );
}

function prefixed(metadata: unknown, prefix: string): Attributes {
  const fields = Object.entries(objectOf(metadata ?? {}));
  return Object.fromEntries(fields.map(([key, value]) => [prefix + key, asAttribute(value)]));
}

/** Plain values and lists of texts as they are, anything else as JSON. */
function asAttribute(value: unknown): AttributeValue {
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return value;
  if (Array.isArray(value) && value.every((item) => typeof item === "string")) return value;
  return JSON.stringify(value) ?? null;
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    throw new MalformedExportError("the body is not JSON");
  }
}

function objectOf(value: unknown): Json {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Json;
  throw new MalformedExportError("an event, or what it is about, is no object");
}

function listOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new MalformedExportError("batch is not a list");
}

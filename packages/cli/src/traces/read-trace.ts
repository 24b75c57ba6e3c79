/**
 * Reads traces as their stores answer: the local sink, and Langfuse's public API in its two forms. Version 4 has observations
 * alone (`GET /api/public/v2/observations`); earlier ones have traces (`GET /api/public/traces/{id}`).
 */
import * as z from "zod";
import type { SpanDocument, TraceDocument } from "./trace-document.ts";

const text = z
  .string()
  .nullish()
  .transform((value) => (value === null || value === "" ? undefined : value))
  .catch(undefined);
const metadata = z.record(z.string(), z.unknown()).catch({});
const usage = z
  .record(z.string(), z.unknown())
  .catch({})
  .transform((kinds) => Object.fromEntries(Object.entries(kinds).filter(isCount)));
const tags = z.array(z.string()).optional().catch(undefined);

function isCount(entry: [string, unknown]): entry is [string, number] {
  return typeof entry[1] === "number";
}

const sinkSpan = z.object({
  id: z.string(),
  parentId: text,
  name: z.string(),
  type: z.string(),
  level: z.string(),
  statusMessage: text,
  model: text,
  startTime: z.string(),
  endTime: text,
  completionStartTime: text,
  usage,
  cost: z.record(z.string(), z.number()).catch({}),
  metadata,
  input: z.unknown().optional(),
  output: z.unknown().optional(),
});

const sinkTrace = z.object({
  id: z.string(),
  name: z.string(),
  user: text,
  session: text,
  tags,
  environment: text,
  spans: z.array(sinkSpan),
});

const sinkTraces = z.object({ traces: z.array(sinkTrace) });

/** Members of both forms: `model` is the earlier one's, `providedModelName` the later one's. */
const observation = z.object({
  id: z.string(),
  parentObservationId: text,
  name: text,
  type: z.string(),
  level: text,
  statusMessage: text,
  model: text,
  providedModelName: text,
  startTime: z.string(),
  endTime: text,
  completionStartTime: text,
  usageDetails: usage,
  costDetails: z.record(z.string(), z.number()).catch({}),
  totalCost: z.number().nullish().catch(undefined),
  metadata,
  input: z.unknown().optional(),
  output: z.unknown().optional(),
  traceName: text,
  userId: text,
  sessionId: text,
  tags,
  environment: text,
});

const observationsPage = z.object({
  data: z.array(observation),
  meta: z.object({ cursor: text }).catch({ cursor: undefined }),
});

const langfuseTrace = z.object({
  id: z.string(),
  name: text,
  userId: text,
  sessionId: text,
  tags,
  environment: text,
  observations: z.array(observation),
});

/** A trace of the local sink: the answer of `GET /traces/<id>`. Throws for anything else. */
export function readSinkTrace(answer: unknown): TraceDocument {
  return fromSink(sinkTrace.parse(answer));
}

/** The traces of the local sink: the answer of `GET /traces`. Throws for anything else. */
export function readSinkTraces(answer: unknown): readonly TraceDocument[] {
  return sinkTraces.parse(answer).traces.map(fromSink);
}

function fromSink({ spans, ...trace }: z.infer<typeof sinkTrace>): TraceDocument {
  return {
    ...defined(trace),
    id: trace.id,
    name: trace.name,
    spans: spans.map(({ cost, ...span }) => spanOf({ ...span, costUsd: cost["total"] })),
  };
}

/** One page of Langfuse's observations, and where the next one begins. Throws for anything else. */
export function readObservationsPage(answer: unknown): {
  readonly observations: readonly ReadObservation[];
  readonly cursor: string | undefined;
} {
  const { data, meta } = observationsPage.parse(answer);
  return { observations: data, cursor: meta.cursor };
}

/** An observation of Langfuse, checked. */
export type ReadObservation = z.infer<typeof observation>;

/** Observations of one trace put together; undefined when there are none. */
export function traceOf(id: string, observations: readonly ReadObservation[]): TraceDocument | undefined {
  const [first] = observations;
  if (!first) return undefined;
  return {
    ...defined({
      user: first.userId,
      session: first.sessionId,
      tags: first.tags,
      environment: first.environment,
    }),
    id,
    name: first.traceName ?? first.name ?? id,
    spans: inOrder(observations.map(fromObservation)),
  };
}

/** A trace of Langfuse v2 or v3. Throws for anything else. */
export function readLangfuseTrace(answer: unknown): TraceDocument {
  const { id, name, userId, sessionId, tags, environment, observations } = langfuseTrace.parse(answer);
  return {
    ...defined({ user: userId, session: sessionId, tags, environment }),
    id,
    name: name ?? id,
    spans: inOrder(observations.map(fromObservation)),
  };
}

function fromObservation(read: ReadObservation): SpanDocument {
  return spanOf({
    id: read.id,
    parentId: read.parentObservationId,
    name: read.name ?? read.id,
    type: read.type.toLowerCase(),
    level: read.level ?? "DEFAULT",
    statusMessage: read.statusMessage,
    model: read.model ?? read.providedModelName,
    startTime: read.startTime,
    endTime: read.endTime,
    completionStartTime: read.completionStartTime,
    usage: read.usageDetails,
    costUsd: read.totalCost ?? read.costDetails["total"],
    metadata: read.metadata,
    input: parsed(read.input),
    output: parsed(read.output),
  });
}

type Loose<T> = { [K in keyof T]: T[K] | undefined };
type Known = Pick<SpanDocument, "id" | "name" | "type" | "level" | "startTime" | "usage" | "metadata">;

/** Leaves out what is undefined or null. */
function spanOf(span: Known & Loose<Omit<SpanDocument, keyof Known>>): SpanDocument {
  const { id, name, type, level, startTime, usage, metadata, ...rest } = span;
  return { id, name, type, level, startTime, usage, metadata, ...defined(rest) };
}

type Defined<T> = { [K in keyof T]?: NonNullable<T[K]> };

function defined<T extends object>(members: T): Defined<T> {
  const kept = Object.entries(members).filter(([, value]) => value !== undefined && value !== null);
  return Object.fromEntries(kept) as Defined<T>;
}

function inOrder(spans: readonly SpanDocument[]): readonly SpanDocument[] {
  return spans.toSorted((one, other) => Date.parse(one.startTime) - Date.parse(other.startTime));
}

/** Langfuse gives content as it was sent, which for ours is JSON text. */
function parsed(content: unknown): unknown {
  if (typeof content !== "string") return content;
  try {
    return JSON.parse(content);
  } catch {
    return content;
  }
}

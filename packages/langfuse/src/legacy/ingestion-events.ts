/**
 * Spans as events of Langfuse's ingestion API, which self-hosted v2 and v3 take: a `trace-create` for the trace, and a
 * `generation-create` or `span-create` for the observation.
 */
import { createHash } from "node:crypto";
import type { ApiIngestionEvent } from "langfuse";
import { METADATA } from "../attributes/names.ts";
import type { SpanFormat } from "../encode-call.ts";
import type { Span } from "../otlp.ts";
import { generationFields, isGeneration, iso, observationBody, traceBody } from "./event-bodies.ts";

/** Events of a call, as members of a list: those of its own span begin with the call's id. */
export const INGESTION_EVENTS: SpanFormat = {
  encode: (span) => encodeEvents([traceEvent(span), observationEvent(span, callIdOf(span))]),
  encodeChild: (span) => encodeEvents([observationEvent(span, childOf(span))]),
  separator: Buffer.from(","),
};

/** Events of a call's own span: when the server has all of them, it has the call. */
export const EVENTS_OF_A_CALL = 2;

const START = '{"id":"';
/** `<trace id>-<span id>`. */
const ID_LENGTH = 32 + 1 + 16;

/** What the ids of all events of an encoded call begin with. */
export function eventPrefix(encoded: Uint8Array): string {
  return Buffer.from(encoded.subarray(START.length, START.length + ID_LENGTH)).toString();
}

/** The body of a request for encoded calls (`ApiIngestionBatchPayload`). */
export function ingestionBody(calls: readonly Uint8Array[]): Uint8Array {
  const parts = calls.flatMap((call, index) => (index === 0 ? [call] : [INGESTION_EVENTS.separator, call]));
  return Buffer.concat([BATCH_START, ...parts, BATCH_END]);
}

const BATCH_START = Buffer.from('{"batch":[');
const BATCH_END = Buffer.from("]}");

/** Bytes of a request around its events. */
export const BATCH_BYTES = BATCH_START.byteLength + BATCH_END.byteLength;

function encodeEvents(events: readonly ApiIngestionEvent[]): Uint8Array {
  return Buffer.from(events.map((event) => JSON.stringify(event)).join(","));
}

function callIdOf({ traceId, spanId }: Span): string {
  return `${traceId}-${spanId}`;
}

function childOf({ traceId, parentSpanId, spanId }: Span): string {
  return `${traceId}-${parentSpanId ?? spanId}`;
}

/**
 * The id of an event follows from what it says: a retry has the same and is taken once, and the call of a span that was shown
 * as dead before has another, so that it is not taken for the same.
 */
function eventId(callId: string, body: object): string {
  return `${callId}-${createHash("sha256").update(JSON.stringify(body)).digest("hex").slice(0, 16)}`;
}

function traceEvent(span: Span): ApiIngestionEvent {
  const body = traceBody(span);
  const id = eventId(callIdOf(span), body);
  return { id, type: "trace-create", timestamp: eventTime(span), body };
}

function observationEvent(span: Span, callId: string): ApiIngestionEvent {
  const body = observationBody(span);
  const timestamp = eventTime(span);
  if (!isGeneration(span)) return { id: eventId(callId, body), type: "span-create", timestamp, body };
  const generation = { ...body, ...generationFields(span) };
  return { id: eventId(callId, generation), type: "generation-create", timestamp, body: generation };
}

/**
 * When the event was made: of two about the same thing the server takes the later one over the other. A call that is given up
 * for dead knows least of itself.
 */
function eventTime(span: Span): string {
  const isDead = span.attributes[`${METADATA}outcome_code`] === "function_killed";
  return iso(isDead ? span.startedAtMs : Math.max(span.startedAtMs, span.endedAtMs));
}

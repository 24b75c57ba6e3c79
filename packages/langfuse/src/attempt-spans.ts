/**
 * The attempts of a call that failed, when there was more than one: children of its span. Their ids follow from the call's own,
 * so that a retry of the export is byte-identical.
 */
import { createHash } from "node:crypto";
import { type Attempt, parseSpanId, type SpanId } from "@sluice/trace";
import {
  type Attribute,
  type AttributeTable,
  FOREIGN_DRAINS,
  fill,
  LANGFUSE_DRAINS,
  OTLP_DRAINS,
} from "./attributes/attribute.ts";
import type { CallFacts } from "./attributes/call-facts.ts";
import { LEVEL, METADATA, SLUICE, STATUS_MESSAGE } from "./attributes/names.ts";
import { callerMetadata, TRACE } from "./attributes/trace.ts";
import type { AttributeValue, Span } from "./otlp.ts";

/** A failed attempt and its call. */
interface AttemptFacts extends CallFacts {
  readonly failed: Attempt;
  /** From 0. */
  readonly index: number;
  /** A word for what went wrong: Sluice's code, else the status. */
  readonly errorType: string;
  readonly message: string;
}

const source = "attempt";

const FIELDS: readonly (readonly [
  key: string,
  meaning: string,
  value: (facts: AttemptFacts) => AttributeValue | undefined,
])[] = [
  ["request_id", "The call.", ({ record }) => record.callId],
  ["attempt", "Which attempt it was, from 1.", ({ index }) => index + 1],
  ["provider", "The provider that was tried.", ({ failed }) => failed.provider],
  ["routed_model", "The model that it was asked for.", ({ failed }) => failed.model || undefined],
  ["http_status", "Its status, when it gave one.", ({ failed }) => failed.status],
  ["outcome_code", "Why it failed.", ({ errorType }) => errorType],
];

/** What a child says beside the trace's fields. */
export const ATTEMPT: AttributeTable<AttemptFacts> = {
  title: "A failed attempt",
  about:
    "When there was more than one attempt, each that failed is a child of the call's span, with the trace's fields above and these. Its id is the beginning of the SHA-256 of the call's span id and the attempt's place. What it cost, if anything, is on the call.",
  attributes: [
    {
      name: "langfuse.observation.type",
      meaning: "`span`.",
      source,
      drains: LANGFUSE_DRAINS,
      value: () => "span",
    },
    { name: LEVEL, meaning: "`ERROR`.", source, drains: LANGFUSE_DRAINS, value: () => "ERROR" },
    {
      name: STATUS_MESSAGE,
      meaning: "What went wrong.",
      source,
      drains: LANGFUSE_DRAINS,
      value: ({ message }) => message,
    },
    {
      name: "error.type",
      meaning: "Sluice's code of the error, else the status.",
      source,
      drains: OTLP_DRAINS,
      value: ({ errorType }) => errorType,
    },
    {
      name: "http.response.status_code",
      meaning: "The provider's status.",
      source,
      drains: OTLP_DRAINS,
      value: ({ failed }) => failed.status,
    },
    ...FIELDS.flatMap(([key, meaning, value]): Attribute<AttemptFacts>[] => [
      { name: METADATA + key, meaning, source, drains: LANGFUSE_DRAINS, value },
      { name: SLUICE + key, meaning, source, drains: FOREIGN_DRAINS, value },
    ]),
  ],
};

/** The spans of the attempts that failed; none for a call with one attempt, which its own span tells of. */
export function attemptSpans(facts: CallFacts): readonly Span[] {
  const { attempts } = facts.record;
  if (attempts.length < 2) return [];
  return attempts.flatMap((attempt, index) =>
    hasFailed(attempt) ? [attemptSpan(facts, attempt, index)] : [],
  );
}

function hasFailed({ error, status }: Attempt): boolean {
  return error !== undefined || (status !== undefined && status >= 400);
}

function attemptSpan(call: CallFacts, failed: Attempt, index: number): Span {
  const { status, error, startedAtMs, endedAtMs, provider } = failed;
  const { traceId, spanId } = call.record.trace;
  const message = error ? `${error.code}: ${error.message}` : `The provider answered with status ${status}.`;
  const facts = { ...call, failed, index, message, errorType: error?.code ?? String(status) };
  return {
    traceId,
    spanId: attemptSpanId(spanId, index),
    parentSpanId: spanId,
    name: `attempt ${index + 1} ${provider}`,
    startedAtMs,
    endedAtMs,
    attributes: {
      ...fill(ATTEMPT, facts),
      ...fill(TRACE, call),
      // Its parent is the call, which arrives with it.
      "langfuse.internal.is_app_root": undefined,
      ...callerMetadata(call),
    },
    error: message,
  };
}

/** The first sixteen hex digits of the hash that are a span id: all zero is none. */
function attemptSpanId(callSpanId: SpanId, index: number): SpanId {
  const hash = createHash("sha256").update(`${callSpanId}/attempt/${index}`).digest("hex");
  for (let from = 0; from < hash.length; from += 16) {
    const id = parseSpanId(hash.slice(from, from + 16));
    if (id) return id;
  }
  throw new Error("SHA-256 gave nothing but zeros.");
}

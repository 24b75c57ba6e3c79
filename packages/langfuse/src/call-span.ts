/** A call as complete spans. Ids and times are the record's, so that a retry is byte-identical. */
import { attemptSpans } from "./attempt-spans.ts";
import { fill } from "./attributes/attribute.ts";
import { type CallFacts, factsOf, type SpanOptions } from "./attributes/call-facts.ts";
import { GEN_AI } from "./attributes/gen-ai.ts";
import { OBSERVATION } from "./attributes/observation.ts";
import { SLUICE_FIELDS } from "./attributes/sluice.ts";
import { callerMetadata, TRACE } from "./attributes/trace.ts";
import type { ObservedCall } from "./observed-call.ts";
import type { Span } from "./otlp.ts";

/** All spans of a call: its own first, then its children. They belong into one export. */
export function callSpans(call: ObservedCall, options?: SpanOptions): readonly [Span, ...Span[]] {
  const facts = factsOf(call, options);
  return [rootSpan(facts), ...attemptSpans(facts)];
}

/** The span of a call itself: Langfuse's attributes, and beside them those of the semantic conventions. */
export function callSpan(call: ObservedCall, options?: SpanOptions): Span {
  return rootSpan(factsOf(call, options));
}

function rootSpan(facts: CallFacts): Span {
  const { name, verdict } = facts;
  const { trace, times } = facts.record;
  return {
    traceId: trace.traceId,
    spanId: trace.spanId,
    ...(trace.parentSpanId !== undefined && { parentSpanId: trace.parentSpanId }),
    name,
    startedAtMs: times.startedAtMs,
    endedAtMs: times.endedAtMs,
    attributes: {
      ...fill(OBSERVATION, facts),
      ...fill(TRACE, facts),
      ...fill(GEN_AI, facts),
      ...fill(SLUICE_FIELDS, facts),
      ...callerMetadata(facts),
    },
    ...(verdict.level === "ERROR" && { error: verdict.message ?? "" }),
  };
}

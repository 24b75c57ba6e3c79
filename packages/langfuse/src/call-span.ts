/** A call as one complete span. Ids and times are the record's, so that a retry is byte-identical. */
import { genAiAttributes, spanName } from "./gen-ai-attributes.ts";
import { metadataAttributes } from "./metadata-attributes.ts";
import { observationAttributes } from "./observation-attributes.ts";
import type { ObservedCall } from "./observed-call.ts";
import type { Span } from "./otlp.ts";
import { callerMetadata, traceAttributes } from "./trace-attributes.ts";
import { verdictOn } from "./verdict.ts";

/** The span of a call: Langfuse's attributes, and beside them those of the semantic conventions. */
export function callSpan(call: ObservedCall): Span {
  const { trace, times } = call.record;
  const name = spanName(call);
  const verdict = verdictOn(call);
  return {
    traceId: trace.traceId,
    spanId: trace.spanId,
    ...(trace.parentSpanId !== undefined && { parentSpanId: trace.parentSpanId }),
    name,
    startedAtMs: times.startedAtMs,
    endedAtMs: times.endedAtMs,
    attributes: {
      ...observationAttributes(call, verdict),
      ...traceAttributes(call, name),
      ...genAiAttributes(call, verdict),
      ...metadataAttributes(call),
      ...callerMetadata(call),
    },
    ...(verdict.level === "ERROR" && { error: verdict.message ?? "" }),
  };
}

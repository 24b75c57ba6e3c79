/** What belongs to the trace. Langfuse keeps no record of a trace, so every span carries it. */
import { fittingEnvironment } from "./environment.ts";
import { assembledRequest, type ObservedCall } from "./observed-call.ts";
import type { Attributes } from "./otlp.ts";

/** The environment that the call names, else its key, as they wrote it. */
export function namedEnvironment({ record }: ObservedCall): string | undefined {
  return record.trace.environment || record.key.environment || undefined;
}

/**
 * Trace fields of the call. `spanName` names the trace too, but only when the call begins it: a trace that
 * an app began has a name of its own.
 */
export function traceAttributes(call: ObservedCall, spanName: string): Attributes {
  const { trace, gatewayVersion } = call.record;
  const environment = namedEnvironment(call);
  return {
    "langfuse.trace.name": trace.name ?? (trace.parentSpanId === undefined ? spanName : undefined),
    "user.id": trace.userId ?? assembledRequest(call)?.user,
    "session.id": trace.sessionId,
    "langfuse.trace.tags": trace.tags && trace.tags.length > 0 ? trace.tags : undefined,
    "langfuse.environment": environment === undefined ? undefined : fittingEnvironment(environment),
    "langfuse.release": trace.release,
    "langfuse.version": gatewayVersion,
    // The app's own span may never reach this project: without this the call would hang under nothing.
    "langfuse.internal.is_app_root": trace.parentSpanId === undefined ? undefined : true,
  };
}

/** The caller's own metadata. It may be of any size, so it comes last in a span: what is cut, is cut here. */
export function callerMetadata({ record }: ObservedCall): Attributes {
  const fields = Object.entries(record.trace.metadata ?? {});
  return Object.fromEntries(fields.map(([key, value]) => [`langfuse.trace.metadata.${key}`, asText(value)]));
}

/** Langfuse stores metadata as text; what is none is shown as JSON. */
function asText(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}

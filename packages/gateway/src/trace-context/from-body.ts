/** Trace fields in a call's JSON body. */
import { asMetadata, asObject, asPrompt, asTags, asText, type TraceFields, type Warn } from "./fields.ts";
import { fromTraceparent } from "./from-headers.ts";

type Body = Readonly<Record<string, unknown>>;

/**
 * The `trace` object: Sluice's fields in snake case or camel case, and the ones that OpenRouter documents for
 * its own `trace` object (`trace_id`, `trace_name`, `parent_span_id`). It is removed before forwarding.
 */
export function fromTraceObject(body: Body, warn: Warn): TraceFields {
  const trace = asObject(body["trace"]);
  if (!trace) {
    if (body["trace"] !== undefined) warn("The body's trace is not an object.");
    return {};
  }
  const parent = fromTraceparent(asText(trace["traceparent"]), warn);
  return {
    traceId: parent.traceId ?? asText(trace["trace_id"] ?? trace["traceId"]),
    parentSpanId: parent.parentSpanId ?? asText(trace["parent_span_id"] ?? trace["parentSpanId"]),
    name: asText(trace["name"] ?? trace["trace_name"] ?? trace["traceName"]),
    userId: asText(trace["user_id"] ?? trace["userId"]),
    sessionId: asText(trace["session_id"] ?? trace["sessionId"]),
    tags: asTags(trace["tags"]),
    metadata: asMetadata(trace["metadata"], "The body's trace.metadata", warn),
    feature: asText(trace["feature"]),
    tenant: asText(trace["tenant"]),
    prompt: asPrompt(trace["prompt"], "The body's trace.prompt", warn),
    environment: asText(trace["environment"]),
    release: asText(trace["release"]),
  };
}

/** The names that LiteLLM's Langfuse integration reads from `metadata`, and the field that each one sets. */
const LITELLM_NAMES: ReadonlySet<string> = new Set([
  "trace_id",
  "existing_trace_id",
  "parent_observation_id",
  "trace_name",
  "trace_user_id",
  "session_id",
  "tags",
  "trace_metadata",
  "trace_release",
  "environment",
]);

/**
 * OpenAI's `metadata`, in which LiteLLM's users put trace fields. It is forwarded as it stands: it is a field
 * of OpenAI's own. What is no trace field is metadata of the trace.
 */
export function fromMetadata(body: Body, warn: Warn): TraceFields {
  const metadata = asObject(body["metadata"]);
  if (!metadata) return {};
  const free = Object.fromEntries(Object.entries(metadata).filter(([name]) => !LITELLM_NAMES.has(name)));
  const all = { ...free, ...asMetadata(metadata["trace_metadata"], "metadata.trace_metadata", warn) };
  return {
    traceId: asText(metadata["existing_trace_id"] ?? metadata["trace_id"]),
    parentSpanId: asText(metadata["parent_observation_id"]),
    name: asText(metadata["trace_name"]),
    userId: asText(metadata["trace_user_id"]),
    sessionId: asText(metadata["session_id"]),
    tags: asTags(metadata["tags"]),
    metadata: Object.keys(all).length > 0 ? all : undefined,
    environment: asText(metadata["environment"]),
    release: asText(metadata["trace_release"]),
  };
}

/** OpenAI's own field for the end user. */
export function fromUser(body: Body): TraceFields {
  return { userId: asText(body["user"]) };
}

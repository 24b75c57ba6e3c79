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
  const free = Object.fromEntries(
    Object.entries(metadata).filter(([name]) => !LITELLM_NAMES.has(name) && name !== "user_id"),
  );
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

/** The formats' own fields for the end user: OpenAI's `user` and `safety_identifier`, Anthropic's `metadata.user_id`. */
export function fromUser(body: Body): TraceFields {
  const user = asText(body["user"]) ?? asText(body["safety_identifier"]);
  const anthropicUser = asText(asObject(body["metadata"])?.["user_id"]);
  if (user !== undefined || anthropicUser === undefined) return { userId: user };
  return fromClaudeCode(anthropicUser) ?? { userId: anthropicUser };
}

/**
 * Claude Code puts its session into `metadata.user_id`, as JSON or as `user_<hash>_account_<id>_session_<id>` (seen in its
 * traffic; not documented).
 */
function fromClaudeCode(userId: string): TraceFields | undefined {
  const [, user, session] = /^(user_.+)_session_([\w-]+)$/.exec(userId) ?? [];
  if (session !== undefined) return { userId: user, sessionId: session };
  if (!userId.startsWith("{")) return undefined;
  try {
    const json = asObject(JSON.parse(userId));
    const sessionId = asText(json?.["session_id"]);
    const id = asText(json?.["account_uuid"]) ?? asText(json?.["device_id"]);
    return sessionId === undefined && id === undefined ? undefined : { userId: id, sessionId };
  } catch {
    return undefined;
  }
}

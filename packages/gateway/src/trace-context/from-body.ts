/** Trace fields in a call's JSON body. */
import {
  asBoolean,
  asCapture,
  asMetadata,
  asObject,
  asPrompt,
  asTags,
  asText,
  type TraceFields,
  type Warn,
} from "./fields.ts";
import { fromTraceparent } from "./from-headers.ts";

type Body = Readonly<Record<string, unknown>>;

/** Members of `trace` that have a field of their own, in either spelling; OpenRouter takes all others for metadata. */
const TRACE_NAMES: ReadonlySet<string> = new Set(
  [
    "traceparent",
    "trace_id",
    "parent_span_id",
    "parent_in_project",
    "name",
    "trace_name",
    "span_name",
    "generation_name",
    "user_id",
    "session_id",
    "tags",
    "metadata",
    "feature",
    "tenant",
    "prompt",
    "environment",
    "organization",
    "release",
    "version",
    "capture",
  ].flatMap((name) => [name, camelCase(name)]),
);

/**
 * The `trace` object: Sluice's fields in snake case or camel case, and those that OpenRouter documents for its own
 * (`trace_id`, `trace_name`, `span_name`, `generation_name`, `parent_span_id`, a span that is in the project, and any other as
 * metadata). It is removed before forwarding.
 */
export function fromTraceObject(body: Body, warn: Warn): TraceFields {
  const trace = asObject(body["trace"]);
  if (!trace) {
    if (body["trace"] !== undefined) warn("The body's trace is not an object.");
    return {};
  }
  const text = (name: string) => asText(trace[name] ?? trace[camelCase(name)]);
  const parent = fromTraceparent(asText(trace["traceparent"]), warn);
  const parentSpanId = text("parent_span_id");
  const inProject = asBoolean(trace["parent_in_project"] ?? trace["parentInProject"]);
  const free = Object.entries(trace).filter(([name]) => !TRACE_NAMES.has(name));
  const metadata = {
    ...Object.fromEntries(free),
    ...asMetadata(trace["metadata"], "The body's trace.metadata", warn),
  };
  return {
    traceId: parent.traceId ?? text("trace_id"),
    parentSpanId: parent.parentSpanId ?? parentSpanId,
    parentInProject:
      inProject ?? (parent.traceId === undefined && parentSpanId !== undefined ? true : undefined),
    name: text("name") ?? text("trace_name"),
    spanName: text("generation_name") ?? text("span_name"),
    userId: text("user_id"),
    sessionId: text("session_id"),
    tags: asTags(trace["tags"]),
    metadata: Object.keys(metadata).length > 0 ? metadata : undefined,
    feature: text("feature"),
    tenant: text("tenant"),
    prompt: asPrompt(trace["prompt"], "The body's trace.prompt", warn),
    environment: text("environment"),
    organization: text("organization"),
    release: text("release"),
    capture: asCapture(trace["capture"]),
    version: text("version"),
  };
}

function camelCase(name: string): string {
  return name.replaceAll(/_(\w)/g, (_match, letter: string) => letter.toUpperCase());
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
  "trace_version",
  "version",
  "generation_name",
  "environment",
  // Switches of the integration itself.
  "generation_id",
  "mask_input",
  "mask_output",
  "update_trace_keys",
  "debug_langfuse",
]);

/**
 * OpenAI's `metadata`, in which LiteLLM's users put trace fields. It is forwarded as it stands: it is a field
 * of OpenAI's own. What is no trace field is metadata of the trace.
 */
export function fromMetadata(body: Body, warn: Warn): TraceFields {
  return fromLiteLlm(asObject(body["metadata"]), "metadata", warn);
}

/**
 * LiteLLM's own members of a body: `litellm_metadata`, for formats whose `metadata` is taken, `litellm_session_id` and
 * `litellm_trace_id`; and OpenRouter's `session_id`.
 */
export function fromLiteLlmBody(body: Body, warn: Warn): TraceFields {
  const fields = fromLiteLlm(asObject(body["litellm_metadata"]), "litellm_metadata", warn);
  return {
    ...fields,
    traceId: fields.traceId ?? asText(body["litellm_trace_id"]),
    userId: fields.userId ?? asText(asObject(body["litellm_metadata"])?.["user"]),
    sessionId: fields.sessionId ?? asText(body["litellm_session_id"]) ?? asText(body["session_id"]),
  };
}

function fromLiteLlm(metadata: Body | undefined, source: string, warn: Warn): TraceFields {
  if (!metadata) return {};
  const free = Object.fromEntries(
    Object.entries(metadata).filter(([name]) => !LITELLM_NAMES.has(name) && name !== "user_id"),
  );
  const all = { ...free, ...asMetadata(metadata["trace_metadata"], `${source}.trace_metadata`, warn) };
  const parentSpanId = asText(metadata["parent_observation_id"]);
  return {
    traceId: asText(metadata["existing_trace_id"] ?? metadata["trace_id"]),
    parentSpanId,
    parentInProject: parentSpanId === undefined ? undefined : true,
    name: asText(metadata["trace_name"]),
    spanName: asText(metadata["generation_name"]),
    userId: asText(metadata["trace_user_id"]),
    sessionId: asText(metadata["session_id"]),
    tags: asTags(metadata["tags"]),
    metadata: Object.keys(all).length > 0 ? all : undefined,
    environment: asText(metadata["environment"]),
    release: asText(metadata["trace_release"]),
    // LiteLLM masks one or the other; what must not be seen of one cannot be told from the other.
    capture: asBoolean(metadata["mask_input"]) || asBoolean(metadata["mask_output"]) ? "metadata" : undefined,
    version: asText(metadata["trace_version"] ?? metadata["version"]),
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

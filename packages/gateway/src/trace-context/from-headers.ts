/** Trace fields in a call's headers: Sluice's own, the W3C's, and those of gateways that people come from. */
import type { GatewayRequest } from "../http.ts";
import {
  asBoolean,
  asCapture,
  asMetadata,
  asPrompt,
  asTags,
  asText,
  type TraceFields,
  type Warn,
} from "./fields.ts";

type Headers = GatewayRequest["headers"];

/** `traceparent` (W3C Trace Context) and Sluice's own headers. */
export function fromOwnHeaders(headers: Headers, warn: Warn): TraceFields {
  const parent = fromTraceparent(headers["traceparent"], warn);
  return {
    ...parent,
    parentInProject: asBoolean(headers["x-sluice-parent-in-project"]) ?? parent.parentInProject,
    name: asText(headers["x-sluice-trace-name"]),
    spanName: asText(headers["x-sluice-span-name"]),
    userId: asText(headers["x-user-id"]),
    sessionId: asText(headers["x-session-id"]),
    tags: asTags(headers["x-sluice-tags"]),
    metadata: asMetadata(headers["x-sluice-metadata"], "x-sluice-metadata", warn),
    feature: asText(headers["x-sluice-feature"]),
    tenant: asText(headers["x-sluice-tenant"]),
    prompt: asPrompt(headers["x-sluice-prompt"], "x-sluice-prompt", warn),
    environment: asText(headers["x-sluice-environment"]),
    organization: asText(headers["x-sluice-organization"]),
    release: asText(headers["x-sluice-release"]),
    capture: asCapture(headers["x-sluice-capture"]),
    version: asText(headers["x-sluice-version"]),
  };
}

/**
 * W3C Trace Context, section 3.2: `version-traceid-parentid-flags`. A later version may have more parts;
 * all zero is invalid, and so is version ff.
 */
export function fromTraceparent(header: string | undefined, warn: Warn): TraceFields {
  if (header === undefined) return {};
  const match =
    /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/.exec(
      header.trim(),
    );
  if (!match) {
    warn("traceparent is not of the form that W3C Trace Context gives it.");
    return {};
  }
  // A span that its own tracer does not sample goes nowhere.
  const isSampled = (Number.parseInt(match[3] ?? "", 16) & 1) === 1;
  return { traceId: match[1], parentSpanId: match[2], parentInProject: isSampled ? undefined : false };
}

/** What the Langfuse SDKs put before the members that they propagate (`propagateAttributes` with `asBaggage`). */
const LANGFUSE_MEMBER = "langfuse_";
const LANGFUSE_METADATA = "langfuse_metadata_";

/**
 * W3C Baggage. Read are `user.id`, `session.id` and `gen_ai.conversation.id` (OpenTelemetry's attribute names) and the members
 * that the Langfuse SDKs propagate (`langfuse_user_id`, `_session_id`, `_trace_name`, `_tags`, `_version`, `_metadata_<key>`).
 * An app that sends these traces to Langfuse itself. Other members are not ours to keep.
 */
export function fromBaggage(header: string | undefined): TraceFields {
  const members = new Map<string, string>();
  for (const member of header?.split(",") ?? []) {
    const [pair = ""] = member.split(";");
    const at = pair.indexOf("=");
    if (at > 0) members.set(pair.slice(0, at).trim(), decode(pair.slice(at + 1).trim()));
  }
  const names = [...members.keys()];
  const metadata = names
    .filter((name) => name.startsWith(LANGFUSE_METADATA))
    .map((name) => [name.slice(LANGFUSE_METADATA.length), members.get(name)] as const);
  return {
    userId: asText(members.get("user.id") ?? members.get("langfuse_user_id")),
    sessionId: asText(
      members.get("session.id") ??
        members.get("langfuse_session_id") ??
        members.get("gen_ai.conversation.id"),
    ),
    name: asText(members.get("langfuse_trace_name")),
    tags: asTags(members.get("langfuse_tags")),
    version: asText(members.get("langfuse_version")),
    metadata: metadata.length > 0 ? Object.fromEntries(metadata) : undefined,
    parentInProject: names.some((name) => name.startsWith(LANGFUSE_MEMBER)) || undefined,
  };
}

/**
 * The headers of LiteLLM: `langfuse_*` is every key that its Langfuse integration reads from `metadata`; `x-litellm-*` are of its
 * pages "Request Headers" and "Session Logs". What names an existing observation is in the project.
 */
export function fromLiteLlmHeaders(headers: Headers, warn: Warn): TraceFields {
  const ofTrace = asMetadata(headers["langfuse_trace_metadata"], "langfuse_trace_metadata", warn);
  const name = "x-litellm-spend-logs-metadata";
  const ofSpend = asMetadata(headers[name], name, warn);
  const metadata = { ...ofSpend, ...ofTrace };
  const parentSpanId = asText(headers["langfuse_parent_observation_id"]);
  return {
    traceId: asText(
      headers["langfuse_existing_trace_id"] ?? headers["langfuse_trace_id"] ?? headers["x-litellm-trace-id"],
    ),
    parentSpanId,
    parentInProject: parentSpanId === undefined ? undefined : true,
    name: asText(headers["langfuse_trace_name"]),
    spanName: asText(headers["langfuse_generation_name"]),
    userId: asText(
      headers["langfuse_trace_user_id"] ??
        headers["x-litellm-customer-id"] ??
        headers["x-litellm-end-user-id"],
    ),
    sessionId: asText(headers["langfuse_session_id"] ?? headers["x-litellm-session-id"]),
    tags: asTags(headers["langfuse_tags"] ?? headers["x-litellm-tags"]),
    metadata: Object.keys(metadata).length > 0 ? metadata : undefined,
    environment: asText(headers["langfuse_environment"]),
    release: asText(headers["langfuse_trace_release"]),
    capture: asBoolean(headers["x-litellm-enable-message-redaction"]) ? "metadata" : undefined,
    version: asText(headers["langfuse_trace_version"] ?? headers["langfuse_version"]),
  };
}

/**
 * The headers of Portkey (its pages "Headers", "Tracing" and "Metadata", whose `_user`, `_environment` and `_organisation` have a
 * meaning). Its span id would be our own span's; ours are made here, so that it can only be the parent's.
 */
export function fromPortkeyHeaders(headers: Headers, warn: Warn): TraceFields {
  const metadata = asMetadata(headers["x-portkey-metadata"], "x-portkey-metadata", warn);
  return {
    traceId: asText(headers["x-portkey-trace-id"]),
    parentSpanId: asText(headers["x-portkey-parent-span-id"] ?? headers["x-portkey-span-id"]),
    spanName: asText(headers["x-portkey-span-name"]),
    userId: asText(headers["x-portkey-user-id"] ?? metadata?.["_user"]),
    sessionId: asText(headers["x-portkey-session-id"]),
    environment: asText(metadata?.["_environment"]),
    organization: asText(metadata?.["_organisation"]),
    metadata,
  };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // A stray percent sign: taken as it stands, as W3C Baggage allows.
  }
}

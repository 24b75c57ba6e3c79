/** Trace fields in a call's headers: Sluice's own, the W3C's, and those of gateways that people come from. */
import type { GatewayRequest } from "../http.ts";
import { asMetadata, asPrompt, asTags, asText, type TraceFields, type Warn } from "./fields.ts";

type Headers = GatewayRequest["headers"];

/** `traceparent` (W3C Trace Context) and Sluice's own headers. */
export function fromOwnHeaders(headers: Headers, warn: Warn): TraceFields {
  return {
    ...fromTraceparent(headers["traceparent"], warn),
    name: asText(headers["x-sluice-trace-name"]),
    userId: asText(headers["x-user-id"]),
    sessionId: asText(headers["x-session-id"]),
    tags: asTags(headers["x-sluice-tags"]),
    metadata: asMetadata(headers["x-sluice-metadata"], "x-sluice-metadata", warn),
    feature: asText(headers["x-sluice-feature"]),
    tenant: asText(headers["x-sluice-tenant"]),
    prompt: asPrompt(headers["x-sluice-prompt"], "x-sluice-prompt", warn),
    environment: asText(headers["x-sluice-environment"]),
    release: asText(headers["x-sluice-release"]),
  };
}

/**
 * W3C Trace Context, section 3.2: `version-traceid-parentid-flags`. A later version may have more parts;
 * all zero is invalid, and so is version ff.
 */
export function fromTraceparent(header: string | undefined, warn: Warn): TraceFields {
  if (header === undefined) return {};
  const match = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}(-.*)?$/.exec(
    header.trim(),
  );
  if (!match) {
    warn("traceparent is not of the form that W3C Trace Context gives it.");
    return {};
  }
  return { traceId: match[1], parentSpanId: match[2] };
}

/**
 * W3C Baggage. Read are `user.id` and `session.id` (OpenTelemetry's attribute names) and the members that
 * the Langfuse SDKs propagate (`langfuse_user_id`, `langfuse_session_id`, `langfuse_trace_name`, `langfuse_tags`).
 * Other members are not ours to keep.
 */
export function fromBaggage(header: string | undefined): TraceFields {
  const members = new Map<string, string>();
  for (const member of header?.split(",") ?? []) {
    const [pair = ""] = member.split(";");
    const at = pair.indexOf("=");
    if (at > 0) members.set(pair.slice(0, at).trim(), decode(pair.slice(at + 1).trim()));
  }
  return {
    userId: asText(members.get("user.id") ?? members.get("langfuse_user_id")),
    sessionId: asText(members.get("session.id") ?? members.get("langfuse_session_id")),
    name: asText(members.get("langfuse_trace_name")),
    tags: asTags(members.get("langfuse_tags")),
  };
}

/**
 * The headers of LiteLLM (`langfuse_*` and `x-litellm-tags`, its Langfuse integration's page) and of
 * Portkey (`x-portkey-*`, its "Headers" and "Metadata" pages, where `_user` names the user).
 */
export function fromForeignHeaders(headers: Headers, warn: Warn): TraceFields {
  const portkey = asMetadata(headers["x-portkey-metadata"], "x-portkey-metadata", warn);
  const litellm = asMetadata(headers["langfuse_trace_metadata"], "langfuse_trace_metadata", warn);
  const metadata = { ...portkey, ...litellm };
  return {
    traceId: asText(headers["langfuse_trace_id"] ?? headers["x-portkey-trace-id"]),
    parentSpanId: asText(headers["langfuse_parent_observation_id"] ?? headers["x-portkey-span-id"]),
    name: asText(headers["langfuse_trace_name"]),
    userId: asText(headers["langfuse_trace_user_id"] ?? headers["x-portkey-user-id"] ?? portkey?.["_user"]),
    sessionId: asText(headers["langfuse_session_id"] ?? headers["x-portkey-session-id"]),
    tags: asTags(headers["langfuse_tags"] ?? headers["x-litellm-tags"]),
    metadata: Object.keys(metadata).length > 0 ? metadata : undefined,
    environment: asText(headers["langfuse_environment"]),
    release: asText(headers["langfuse_trace_release"]),
  };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // A stray percent sign: taken as it stands, as W3C Baggage allows.
  }
}

/** Of Sluice's own: whose call it was, and what was asked. */
import { fittingEnvironment } from "../environment.ts";
import type { CallFacts } from "./call-facts.ts";
import { routeOf } from "./operation.ts";
import { omittedBytes, type SluiceField } from "./sluice-field.ts";
import { namedEnvironment } from "./trace.ts";

/** See the module. */
export const CALL_FIELDS: readonly SluiceField[] = [
  [
    "request_id",
    "",
    "gateway",
    "This call; the `x-sluice-request-id` of its answer.",
    ({ record }) => record.callId,
  ],
  [
    "endpoint",
    "",
    "path",
    "What the caller asked for, for example `chat.completions`.",
    ({ record }) => record.endpoint,
  ],
  [
    "route",
    "",
    "path",
    "The path that callers use; of a passage the provider's own.",
    ({ call }) => routeOf(call),
  ],
  ["passage_method", "", "request", "Of a passage: the HTTP method.", ({ record }) => record.passage?.method],
  [
    "passage_path",
    "",
    "request",
    "Of a passage: the path at the provider, without the query.",
    ({ record }) => record.passage?.path,
  ],
  ["streaming", "", "request", "Whether the caller asked for a stream.", ({ record }) => record.streaming],
  [
    "organization_id",
    "",
    "caller, else the key's metadata `organization`",
    "The organisation.",
    ({ record }) => record.trace.organization,
  ],
  ["environment_id", "", "caller, else the key", "The environment, as on the trace.", environmentId],
  [
    "environment_given",
    "",
    "caller, key",
    "The environment as it was written, where Langfuse would not take it so.",
    environmentGiven,
  ],
  [
    "tenant",
    "",
    "caller, else the key",
    "The tenant.",
    ({ record }) => record.trace.tenant ?? record.key.tenant,
  ],
  [
    "feature",
    "",
    "caller",
    "The feature of the app that made the call.",
    ({ record }) => record.trace.feature,
  ],
  ["key_id", "", "key", "Public id of the virtual key.", ({ record }) => record.key.id],
  [
    "key_hash",
    "hex",
    "key",
    "SHA-256 of the virtual key, under which it is stored. The key cannot be had from it.",
    ({ record }) => record.key.hash,
  ],
  ["key_alias", "", "key", "The key's name.", ({ record }) => record.key.alias],
  ["key_owner", "", "key", "Whose key it is.", ({ record }) => record.key.owner],
  [
    "client_ip",
    "",
    "connection",
    "The caller's address. Off with `keep.clientIp: false`.",
    ({ record, keep }) => (keep.clientIp ? record.caller.ip : undefined),
  ],
  [
    "user_agent",
    "",
    "request",
    "The caller's `user-agent`. Off with `keep.userAgent: false`.",
    ({ record, keep }) => (keep.userAgent ? record.caller.userAgent : undefined),
  ],
  [
    "request_headers",
    "JSON",
    "request",
    "The caller's headers that `keep.requestHeaders` names; never credentials.",
    requestHeaders,
  ],
  [
    "requested_model",
    "",
    "request",
    "The model or the alias (model group) that the caller named.",
    ({ record }) => record.requestedModel,
  ],
  [
    "dropped_params",
    "",
    "gateway",
    "Fields of the request that the provider's format has no word for, and that were left out.",
    ({ record }) => record.droppedParams?.join(",") || undefined,
  ],
  [
    "capture",
    "",
    "key, caller",
    "The most that the key and the call let out.",
    ({ record }) => record.capture,
  ],
  [
    "caller_warnings",
    "",
    "gateway",
    "What could not be read of what the caller said about the trace.",
    ({ record }) => record.trace.warnings?.join(" ") || undefined,
  ],
  [
    "sluice_version",
    "",
    "deployment",
    "The version of the gateway that served the call.",
    ({ record }) => record.gatewayVersion,
  ],
  [
    "request_omitted_bytes",
    "bytes",
    "flusher",
    "Bytes of an unreadable request that are not shown.",
    ({ call }) => omittedBytes(call.request),
  ],
];

function environmentId({ call }: CallFacts): string | undefined {
  const named = namedEnvironment(call);
  return named === undefined ? undefined : fittingEnvironment(named);
}

function environmentGiven({ call }: CallFacts): string | undefined {
  const named = namedEnvironment(call);
  return named === undefined || fittingEnvironment(named) === named ? undefined : named;
}

/** A drain shows those that it keeps itself; the record may have more, for others. */
function requestHeaders({ record: { caller }, keep }: CallFacts): string | undefined {
  const kept = Object.entries(caller.headers ?? {}).filter(([name]) => keep.requestHeaders.includes(name));
  return kept.length === 0 ? undefined : JSON.stringify(Object.fromEntries(kept));
}

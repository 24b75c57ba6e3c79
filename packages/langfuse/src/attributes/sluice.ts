/** Sluice's own knowledge of a call, as metadata of the observation: its top-level keys can be filtered. */
import { formatUsd } from "@sluice/prices";
import type { Attempt } from "@sluice/trace";
import { fittingEnvironment } from "../environment.ts";
import type { ObservedCall } from "../observed-call.ts";
import type { AttributeValue } from "../otlp.ts";
import { type Attribute, type AttributeTable, FOREIGN_DRAINS, LANGFUSE_DRAINS } from "./attribute.ts";
import type { CallFacts } from "./call-facts.ts";
import { METADATA, SLUICE } from "./names.ts";
import { routeOf } from "./operation.ts";
import { namedEnvironment } from "./trace.ts";

/** Headers in which providers name their own request. */
const PROVIDER_REQUEST_IDS = ["x-request-id", "request-id", "apim-request-id", "x-amzn-requestid", "cf-ray"];

/** A row of the table: key, unit, source, meaning, value. */
type Field = readonly [
  key: string,
  unit: string,
  source: string,
  meaning: string,
  value: (facts: CallFacts) => AttributeValue | undefined,
];

const FIELDS: readonly Field[] = [
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
    "provider",
    "",
    "last attempt",
    "The provider, as the config names it.",
    ({ attempt }) => attempt?.provider,
  ],
  [
    "requested_model",
    "",
    "request",
    "The model or the alias (model group) that the caller named.",
    ({ record }) => record.requestedModel,
  ],
  [
    "routed_model",
    "",
    "last attempt",
    "The model that the provider was asked for.",
    ({ attempt }) => attempt?.model || undefined,
  ],
  [
    "response_model",
    "",
    "answer",
    "The model that answered, by its own word.",
    ({ answer }) => answer?.model,
  ],
  ["attempts", "JSON", "gateway", "Each attempt: provider, model, status, `duration_ms`, error.", attempts],
  ["attempt_count", "", "gateway", "How many there were.", ({ record }) => record.attempts.length],
  [
    "cache",
    "",
    "gateway",
    "`hit`, `miss`, or `off` when no cache was asked.",
    ({ record }) => record.cache ?? "off",
  ],
  ["outcome", "", "gateway", "`answered`, `refused` or `failed`.", ({ record }) => record.outcome.kind],
  [
    "outcome_code",
    "",
    "gateway",
    "Why it was not answered.",
    ({ record: { outcome } }) => (outcome.kind === "answered" ? undefined : outcome.code),
  ],
  ["http_status", "", "answer", "The provider's status.", ({ record }) => record.answer?.status],
  [
    "finish_reason",
    "",
    "answer",
    "Why the model stopped, in the provider's word; of several choices separated by commas.",
    finishReasons,
  ],
  [
    "prompt_feedback",
    "JSON",
    "answer",
    "What the provider's filters said of the prompt (Gemini).",
    ({ answer }) => json(answer?.promptFeedback),
  ],
  [
    "counted_input_tokens",
    "tokens",
    "answer",
    "Of an operation that only counts them.",
    ({ answer }) => answer?.countedInputTokens,
  ],
  ["logprob_count", "tokens", "answer", "For how many tokens log probabilities came.", logprobCount],
  [
    "duration_ms",
    "ms",
    "gateway's clock",
    "The whole call.",
    ({ record: { times } }) => since(times.startedAtMs, times.endedAtMs),
  ],
  [
    "time_to_first_token_ms",
    "ms",
    "gateway's clock",
    "Of a stream: from the call's start to the first byte of the provider's body.",
    timeToFirstToken,
  ],
  [
    "overhead_ms",
    "ms",
    "gateway's clock",
    "The gateway's own time before the provider was called.",
    ({ record }) => record.times.overheadMs,
  ],
  [
    "queue_ms",
    "ms",
    "queue's `SentTimestamp`",
    "From the call's end until the queue had its record.",
    queueTime,
  ],
  [
    "provider_request_id",
    "",
    "answer's headers",
    "The provider's name for its request.",
    ({ headers }) => PROVIDER_REQUEST_IDS.map((name) => headers[name]).find((value) => value),
  ],
  [
    "provider_organization",
    "",
    "answer's headers",
    "The provider's account that was billed (OpenAI).",
    ({ headers }) => headers["openai-organization"],
  ],
  [
    "provider_processing_ms",
    "ms",
    "answer's headers",
    "The provider's own time (OpenAI).",
    ({ headers }) => count(headers["openai-processing-ms"]),
  ],
  [
    "rate_limit",
    "JSON",
    "answer's headers",
    "The provider's rate-limit headers, by their names.",
    ({ headers }) => rateLimit(headers),
  ],
  ["service_tier", "", "answer", "The tier that served the call.", ({ answer }) => answer?.serviceTier],
  ["cost_usd", "USD, decimal text", "ledger", "The exact cost.", costUsd],
  [
    "cost_unknown",
    "",
    "price catalogue",
    "Why there is no cost.",
    ({ call }) => (call.billing?.cost.status === "unpriced" ? call.billing.cost.reason : undefined),
  ],
  [
    "price_source",
    "",
    "price catalogue",
    "Where the price is from.",
    ({ call }) => (call.billing?.cost.status === "priced" ? call.billing.cost.source : undefined),
  ],
  [
    "usage_estimated",
    "",
    "flusher",
    "The provider reported no usage: tokens were counted from the text.",
    ({ call }) => (call.billing?.usageEstimated ? true : undefined),
  ],
  [
    "billed_calls",
    "JSON",
    "answer",
    "The model calls that the provider billed, when there were several: kind, model, tokens.",
    billedCalls,
  ],
  [
    "key_spend_usd",
    "USD, decimal text",
    "ledger",
    "What the key had spent of its budget when the call was admitted.",
    (facts) => budgetOf(facts, "key")?.spentUsd,
  ],
  [
    "budget_limit_usd",
    "USD, decimal text",
    "key",
    "The key's budget.",
    (facts) => budgetOf(facts, "key")?.limitUsd,
  ],
  [
    "budget_resets_at",
    "ISO 8601",
    "key",
    "When the key's budget begins anew.",
    (facts) => resetOf(facts, "key"),
  ],
  [
    "tenant_spend_usd",
    "USD, decimal text",
    "ledger",
    "The same of the tenant's budget.",
    (facts) => budgetOf(facts, "tenant")?.spentUsd,
  ],
  [
    "tenant_budget_limit_usd",
    "USD, decimal text",
    "tenant",
    "The tenant's budget.",
    (facts) => budgetOf(facts, "tenant")?.limitUsd,
  ],
  [
    "tenant_budget_resets_at",
    "ISO 8601",
    "tenant",
    "When the tenant's budget begins anew.",
    (facts) => resetOf(facts, "tenant"),
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
  [
    "answer_omitted_bytes",
    "bytes",
    "gateway, flusher",
    "Bytes of the answer that are not shown: above the capture limit, or of an unreadable one.",
    ({ call, record }) => (record.answer?.omittedBytes ?? 0) + (omittedBytes(call.answer) ?? 0) || undefined,
  ],
];

/** See the module. Langfuse gets each key as metadata, other backends under Sluice's own name. */
export const SLUICE_FIELDS: AttributeTable = {
  title: "Sluice's own",
  about: `Metadata of the observation, \`${METADATA}<key>\`, which Langfuse can filter by; \`${SLUICE}<key>\` in drains of type \`otlp\`.`,
  attributes: FIELDS.flatMap(([key, unit, source, meaning, value]): Attribute[] => [
    { name: METADATA + key, meaning, ...(unit !== "" && { unit }), source, drains: LANGFUSE_DRAINS, value },
    { name: SLUICE + key, meaning, ...(unit !== "" && { unit }), source, drains: FOREIGN_DRAINS, value },
  ]),
};

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

function attempts({ record }: CallFacts): string | undefined {
  return record.attempts.length === 0 ? undefined : JSON.stringify(record.attempts.map(attemptSummary));
}

function attemptSummary({ provider, model, status, startedAtMs, endedAtMs, error }: Attempt) {
  return {
    provider,
    model,
    ...(status !== undefined && { status }),
    duration_ms: since(startedAtMs, endedAtMs),
    ...(error && { error: error.code }),
  };
}

function finishReasons({ answer }: CallFacts): string | undefined {
  const reasons = answer?.choices.flatMap(({ finishReason }) => finishReason ?? []) ?? [];
  return reasons.length === 0 ? undefined : reasons.join(",");
}

function logprobCount({ answer }: CallFacts): number | undefined {
  return answer?.choices.reduce((sum, { logprobs }) => sum + logprobs, 0) || undefined;
}

function timeToFirstToken({ record: { streaming, times } }: CallFacts): number | undefined {
  if (!streaming || times.firstByteAtMs === undefined) return undefined;
  return since(times.startedAtMs, times.firstByteAtMs);
}

/** Both times are the message's and the record's own, so that they are the same however often it is delivered. */
function queueTime({ call, record: { outcome, times } }: CallFacts): number | undefined {
  // A killed function put nothing on the queue when its call ended.
  if (outcome.kind === "failed" && outcome.code === "function_killed") return undefined;
  return call.queuedAtMs === undefined ? undefined : since(times.endedAtMs, call.queuedAtMs);
}

/** Clocks of two machines may differ by more than the time between. */
function since(fromMs: number, untilMs: number): number {
  return Math.max(untilMs - fromMs, 0);
}

function costUsd({ call: { billing } }: CallFacts): string | undefined {
  return billing?.cost.status === "priced" ? formatUsd(billing.cost.total) : undefined;
}

function billedCalls({ answer }: CallFacts): string | undefined {
  return json(
    answer?.billedCalls?.map(({ kind, model, usage }) => ({
      kind,
      ...(model !== undefined && { model }),
      input_tokens: usage.inputTokens,
      output_tokens: usage.outputTokens,
    })),
  );
}

function budgetOf({ record }: CallFacts, owner: "key" | "tenant") {
  return record.accounts.find(({ ownerKind }) => ownerKind === owner)?.budget;
}

function resetOf(facts: CallFacts, owner: "key" | "tenant"): string | undefined {
  const atMs = budgetOf(facts, owner)?.resetsAtMs;
  return atMs === undefined ? undefined : new Date(atMs).toISOString();
}

function rateLimit(headers: CallFacts["headers"]): string | undefined {
  const limits = Object.entries(headers).filter(([name]) => /ratelimit|^retry-after/.test(name));
  return limits.length === 0 ? undefined : JSON.stringify(Object.fromEntries(limits.sort(byName)));
}

function byName([a]: readonly [string, string], [b]: readonly [string, string]): number {
  return a < b ? -1 : 1;
}

function count(header: string | undefined): number | undefined {
  return header !== undefined && /^\d{1,9}$/.test(header) ? Number(header) : undefined;
}

function json(value: unknown): string | undefined {
  return value === undefined ? undefined : JSON.stringify(value);
}

function omittedBytes(view: ObservedCall["request"] | ObservedCall["answer"]): number | undefined {
  return (view?.kind === "unread" && view.raw?.omittedBytes) || undefined;
}

/** Sluice's own knowledge of a call, as metadata of the observation: its top-level keys can be filtered. */
import { formatUsd } from "@sluice/prices";
import type { Attempt } from "@sluice/trace";
import { fittingEnvironment } from "./environment.ts";
import { METADATA } from "./observation-attributes.ts";
import { assembledAnswer, type ObservedCall } from "./observed-call.ts";
import type { Attributes, AttributeValue } from "./otlp.ts";
import { namedEnvironment } from "./trace-attributes.ts";

/** Headers in which providers name their own request. */
const PROVIDER_REQUEST_IDS = ["x-request-id", "request-id", "apim-request-id", "cf-ray"];

/** The metadata of a call. Times are in ms. */
export function metadataAttributes(call: ObservedCall): Attributes {
  const { record } = call;
  const { key, trace, times, answer, attempts, outcome } = record;
  const headers = answer?.headers ?? {};
  const environment = namedEnvironment(call);
  const assembled = assembledAnswer(call);
  const fields: Record<string, AttributeValue | undefined> = {
    request_id: record.callId,
    endpoint: record.endpoint,
    streaming: record.streaming,
    key_id: key.id,
    key_alias: key.alias,
    key_owner: key.owner,
    tenant: trace.tenant ?? key.tenant,
    feature: trace.feature,
    provider: attempts.at(-1)?.provider,
    requested_model: record.requestedModel,
    attempts: attempts.length === 0 ? undefined : JSON.stringify(attempts.map(attemptSummary)),
    attempt_count: attempts.length,
    outcome: outcome.kind,
    outcome_code: outcome.kind === "answered" ? undefined : outcome.code,
    http_status: answer?.status,
    finish_reason: finishReasons(assembled?.choices ?? []),
    time_to_first_token_ms: record.streaming ? sinceStart(times.startedAtMs, times.firstByteAtMs) : undefined,
    overhead_ms: times.overheadMs,
    provider_request_id: PROVIDER_REQUEST_IDS.map((name) => headers[name]).find((value) => value),
    rate_limit: rateLimit(headers),
    service_tier: assembled?.serviceTier,
    caller_warnings: trace.warnings && trace.warnings.length > 0 ? trace.warnings.join(" ") : undefined,
    environment_given:
      environment === undefined || fittingEnvironment(environment) === environment ? undefined : environment,
    ...moneyFields(call),
    user_agent: record.caller.userAgent,
    sluice_version: record.gatewayVersion,
    request_omitted_bytes: omittedBytes(call.request),
    answer_omitted_bytes: (answer?.omittedBytes ?? 0) + (omittedBytes(call.answer) ?? 0) || undefined,
  };
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [METADATA + name, value]));
}

/** The exact cost, and the key's budget as it stood when the call was admitted. USD as decimal text. */
function moneyFields({ record, billing }: ObservedCall): Record<string, AttributeValue | undefined> {
  const budget = record.accounts.find(({ ownerKind }) => ownerKind === "key")?.budget;
  const cost = billing?.cost;
  return {
    cost_usd: cost?.status === "priced" ? formatUsd(cost.total) : undefined,
    cost_unknown: cost?.status === "unpriced" ? cost.reason : undefined,
    price_source: cost?.status === "priced" ? cost.source : undefined,
    usage_estimated: billing?.usageEstimated ? true : undefined,
    key_spend_usd: budget?.spentUsd,
    budget_limit_usd: budget?.limitUsd,
    budget_resets_at:
      budget?.resetsAtMs === undefined ? undefined : new Date(budget.resetsAtMs).toISOString(),
  };
}

function attemptSummary({ provider, model, status, startedAtMs, endedAtMs, error }: Attempt) {
  return {
    provider,
    model,
    ...(status !== undefined && { status }),
    duration_ms: Math.max(endedAtMs - startedAtMs, 0),
    ...(error && { error: error.code }),
  };
}

function finishReasons(choices: readonly { readonly finishReason?: string }[]): string | undefined {
  const reasons = choices.flatMap(({ finishReason }) => finishReason ?? []);
  return reasons.length === 0 ? undefined : reasons.join(",");
}

function sinceStart(startedAtMs: number, atMs: number | undefined): number | undefined {
  return atMs === undefined ? undefined : Math.max(atMs - startedAtMs, 0);
}

/** The provider's rate-limit headers as JSON, by their own names. */
function rateLimit(headers: Readonly<Record<string, string>>): string | undefined {
  const limits = Object.entries(headers).filter(([name]) => /ratelimit|^retry-after/.test(name));
  return limits.length === 0 ? undefined : JSON.stringify(Object.fromEntries(limits.sort(byName)));
}

function byName([a]: readonly [string, string], [b]: readonly [string, string]): number {
  return a < b ? -1 : 1;
}

function omittedBytes(view: ObservedCall["request"] | ObservedCall["answer"]): number | undefined {
  return (view?.kind === "unread" && view.raw?.omittedBytes) || undefined;
}

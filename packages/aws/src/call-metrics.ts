/**
 * The gateway's metrics: one line of its log for each call, which CloudWatch reads as metrics (embedded metric format). Written by
 * hand and not by Powertools, which the flusher uses: it is on the gateway's start-up path, and Powertools gives all metrics of
 * a line the same dimensions (docs/decisions/metrics.md). A test holds it against Powertools' lines.
 */
import type { FinishedCall, TracedCall, UntracedCall } from "@sluice/gateway";
import { METRIC_NAMESPACE } from "./metric-namespace.ts";

/** A metric's name and value. Those without a value are left out, since CloudWatch charges for hours with data. */
type Value = readonly [name: string, unit: "Count" | "Milliseconds", value: number | undefined];

/** Metrics that have the same dimensions; each set is a metric of its own, and paid as such. */
interface Directive {
  readonly dimensions: readonly (readonly string[])[];
  readonly values: readonly Value[];
}

/** What the caller was told, as far as it is a dimension: a word that is not here counts as `other`. No more than thirty. */
const KNOWN_CODES: ReadonlySet<string> = new Set([
  // Failures.
  "upstream_unreachable",
  "upstream_timeout",
  "upstream_broken",
  "upstream_unreadable",
  "deadline_exceeded",
  "internal_error",
  "provider_not_configured",
  "key_store_unavailable",
  "secrets_unavailable",
  "budget_unavailable",
  // Refusals.
  "budget_exceeded",
  "rate_limit_exceeded",
  "model_not_allowed",
  "model_not_found",
  "model_unpriced",
  "unknown_model",
  "unknown_provider",
  "missing_model",
  "invalid_request",
  "invalid_json",
  "request_too_large",
  "unsupported_parameter",
  "endpoint_not_offered",
  "method_not_allowed",
  "unknown_path",
]);

/** Longest name of a model in the log, characters: it may be the caller's own word. */
const MAX_MODEL_CHARACTERS = 100;

/** Writes the line of a request whose answer has ended, at every level of the log: alarms stand on it. */
export function createCallMetrics({
  write,
  stage,
  nowMs,
}: {
  readonly write: (line: string) => void;
  readonly stage: string;
  /** Unix time, ms. */
  readonly nowMs: () => number;
}): (call: FinishedCall) => void {
  return (call) => {
    const [directives, dimensions, message, properties] = call.traced ? ofTraced(call) : ofUntraced(call);
    const atMs = nowMs();
    const written = directives.flatMap(({ dimensions: sets, values }) => {
      const known = values.filter(([, , value]) => value !== undefined);
      const Metrics = known.map(([Name, Unit]) => ({ Name, Unit }));
      return known.length === 0 ? [] : [{ Namespace: METRIC_NAMESPACE, Dimensions: sets, Metrics }];
    });
    const line = {
      time: new Date(atMs).toISOString(),
      level: "info",
      message,
      ...properties,
      _aws: { Timestamp: atMs, CloudWatchMetrics: written },
      stage,
      ...dimensions,
      ...Object.fromEntries(
        directives.flatMap(({ values }) => values.map(([name, , value]) => [name, value])),
      ),
    };
    write(`${JSON.stringify(line)}\n`);
  };
}

type Line = readonly [
  directives: readonly Directive[],
  dimensions: Readonly<Record<string, string | undefined>>,
  message: string,
  properties: Readonly<Record<string, unknown>>,
];

function ofTraced(call: TracedCall): Line {
  const { endpoint, provider, outcome, code, providerStatus, attempts, fate, firstByteMs } = call;
  const errorKind = errorKindOf(call);
  const refusalKind = errorKind === undefined ? refusalKindOf(call) : undefined;
  const directives: readonly Directive[] = [
    { dimensions: [["stage"], ["stage", "endpoint"]], values: [["Calls", "Count", 1]] },
    {
      dimensions: [["stage"]],
      values: [
        ["DurationMs", "Milliseconds", call.durationMs],
        ["OverheadMs", "Milliseconds", call.overheadMs],
        ["EnqueueMs", "Milliseconds", call.enqueueMs],
        ["TimeToFirstTokenMs", "Milliseconds", call.streaming ? firstByteMs : undefined],
        ["Retries", "Count", attempts > 1 ? attempts - 1 : undefined],
        ["Fallbacks", "Count", call.fellBack ? 1 : undefined],
        ["Spills", "Count", fate === "spilled" ? 1 : undefined],
        ["LogFallbacks", "Count", fate === "logged" ? 1 : undefined],
      ],
    },
    ...countOf("Errors", "errorKind", errorKind),
    ...(errorKind !== undefined && provider !== undefined
      ? [{ dimensions: [["stage", "provider"]], values: [["ProviderErrors", "Count", 1]] } as const]
      : []),
    ...countOf("Refusals", "refusalKind", refusalKind),
  ];
  const { requestId, traceId, keyId, model } = call;
  return [
    directives,
    { endpoint, provider, errorKind, refusalKind },
    "A call has ended.",
    {
      requestId,
      traceId,
      keyId,
      model: model?.slice(0, MAX_MODEL_CHARACTERS),
      outcome,
      code,
      providerStatus,
      attempts: attempts > 1 ? attempts : undefined,
    },
  ];
}

/** Calls without a valid key, which have no trace, and requests that are no calls. */
function ofUntraced({ status, code, durationMs }: UntracedCall): Line {
  const properties = { status, code, durationMs };
  if (status === 401) {
    const values = [["UnauthenticatedCalls", "Count", 1]] as const;
    return [[{ dimensions: [["stage"]], values }], {}, "A call without a valid key was refused.", properties];
  }
  const message = "A request was refused before it was a call.";
  return status >= 500
    ? [countOf("Errors", "errorKind", known(code)), { errorKind: known(code) }, message, properties]
    : [countOf("Refusals", "refusalKind", known(code)), { refusalKind: known(code) }, message, properties];
}

/** Nothing when there is no kind; else one of that kind, and one of all. */
function countOf(
  name: string,
  dimension: "errorKind" | "refusalKind",
  kind: string | undefined,
): readonly Directive[] {
  if (kind === undefined) return [];
  return [{ dimensions: [["stage"], ["stage", dimension]], values: [[name, "Count", 1]] }];
}

/** Failures, refusals that no caller can help, and those of a provider's answers that are no caller's doing. */
function errorKindOf({ outcome, code, providerStatus = 0 }: TracedCall): string | undefined {
  if (outcome === "failed") return known(code);
  if (outcome === "refused") return OUR_FAULT.has(code ?? "") ? known(code) : undefined;
  if (providerStatus === 429) return "provider_rate_limited";
  if (providerStatus === 401 || providerStatus === 403) return "provider_denied";
  return providerStatus >= 500 ? "provider_server_error" : undefined;
}

/** Refusals of ours, and of a provider that does not like the request: `provider_refused`. */
function refusalKindOf({ outcome, code, providerStatus = 0 }: TracedCall): string | undefined {
  if (outcome === "refused") return known(code);
  return providerStatus >= 400 ? "provider_refused" : undefined;
}

/** Refusals that no caller can help. */
const OUR_FAULT: ReadonlySet<string> = new Set([
  "internal_error",
  "provider_not_configured",
  "secrets_unavailable",
  "budget_unavailable",
]);

function known(code: string | undefined): string {
  return code !== undefined && KNOWN_CODES.has(code) ? code : "other";
}

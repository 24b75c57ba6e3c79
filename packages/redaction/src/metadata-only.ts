/**
 * The mode `metadata`: a call without anything that was said in it. Every field that stays is named here, so that a new one is
 * not shown until somebody says so.
 */
import type { BodyView, ObservedCall } from "@sluice/langfuse";
import type { Attempt, ExchangeRecord, KeyIdentity, Outcome, TraceContext } from "@sluice/trace";
import type { AnswerError, AssembledAnswer, AssembledRequest, Choice } from "@sluice/wire";
import { metadataParameters } from "./metadata-parameters.ts";
import { code, keepNumbers, label, route } from "./metadata-values.ts";

/** Stands for a text that is not shown. */
const WITHHELD = "The text is not shown in capture mode metadata.";
const NO_BYTES = new Uint8Array();
/** Headers that tell of a provider's limits and its own name for the call. */
const KEPT_HEADERS =
  /^(?:x-request-id|request-id|apim-request-id|x-amzn-requestid|cf-ray|content-type|openai-organization|openai-processing-ms|openai-version|retry-after(?:-ms)?|(?:[a-z-]{0,40}-)?ratelimit-[a-z-]{1,60})$/;

/** The call with its ids, times, counts, money, model and names, and no content. */
export function metadataOnly(call: ObservedCall): ObservedCall {
  const { queuedAtMs, billing } = call;
  return {
    record: recordOf(call.record),
    ...(queuedAtMs !== undefined && { queuedAtMs }),
    request: viewOf(call.request, requestOf),
    ...(call.answer && { answer: viewOf(call.answer, answerOf) }),
    ...(billing && { billing }),
  };
}

function recordOf(record: ExchangeRecord): ExchangeRecord {
  const { version, kind, callId, endpoint, streaming, passage, drains, cache, answer } = record;
  const requestedModel = label(record.requestedModel);
  return {
    version,
    kind,
    callId,
    endpoint,
    streaming,
    key: keyOf(record.key),
    trace: traceOf(record.trace),
    ...(requestedModel !== undefined && { requestedModel }),
    request: { contentType: "", body: NO_BYTES },
    ...(passage && { passage: { method: code(passage.method) ?? "", path: route(passage.path) } }),
    ...(drains && { drains }),
    capture: "metadata",
    accounts: record.accounts,
    caller: {},
    gatewayVersion: record.gatewayVersion,
    attempts: record.attempts.map(attemptOf),
    ...(answer && {
      answer: {
        status: answer.status,
        ...(answer.format && { format: answer.format }),
        headers: headersOf(answer.headers),
        body: NO_BYTES,
        omittedBytes: answer.omittedBytes,
      },
    }),
    outcome: outcomeOf(record.outcome),
    times: record.times,
    ...(cache && { cache }),
  };
}

/** What the operator wrote about the key stays. */
function keyOf({ id, hash, alias, owner, tenant, environment }: KeyIdentity): KeyIdentity {
  return {
    id,
    hash,
    alias,
    ...(owner !== undefined && { owner }),
    ...(tenant !== undefined && { tenant }),
    ...(environment !== undefined && { environment }),
  };
}

/** Ids and names by which calls are grouped. Tags, metadata and the trace's name are free text. */
function traceOf(trace: TraceContext): TraceContext {
  const { traceId, spanId, parentSpanId, parentInProject, prompt } = trace;
  const promptName = label(prompt?.name);
  const labels = {
    userId: label(trace.userId),
    sessionId: label(trace.sessionId),
    feature: label(trace.feature),
    tenant: label(trace.tenant),
    environment: label(trace.environment),
    organization: label(trace.organization),
    release: label(trace.release),
    version: label(trace.version),
  };
  return {
    traceId,
    spanId,
    ...(parentSpanId !== undefined && { parentSpanId }),
    ...(parentInProject && { parentInProject }),
    ...Object.fromEntries(Object.entries(labels).filter(([, value]) => value !== undefined)),
    ...(prompt && promptName !== undefined && { prompt: { name: promptName, version: prompt.version } }),
  };
}

function attemptOf(attempt: Attempt): Attempt {
  const { provider, model, startedAtMs, headersAtMs, endedAtMs, status, error } = attempt;
  return {
    provider,
    model: label(model) ?? "",
    startedAtMs,
    ...(headersAtMs !== undefined && { headersAtMs }),
    endedAtMs,
    ...(status !== undefined && { status }),
    ...(error && { error: { code: code(error.code) ?? "error", message: WITHHELD } }),
  };
}

function outcomeOf(outcome: Outcome): Outcome {
  if (outcome.kind === "answered") return { kind: "answered" };
  const why = { code: code(outcome.code) ?? "error", message: WITHHELD };
  return outcome.kind === "refused"
    ? { kind: "refused", status: outcome.status, ...why }
    : { kind: "failed", ...why };
}

function headersOf(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(headers).filter(([name, value]) => KEPT_HEADERS.test(name) && label(value) !== undefined),
  );
}

function viewOf<T>(view: BodyView<T>, keep: (value: T) => T): BodyView<T> {
  return view.kind === "read"
    ? { kind: "read", value: keep(view.value) }
    : { kind: "unread", reason: WITHHELD };
}

function requestOf({ model, user, parameters }: AssembledRequest): AssembledRequest {
  const named = label(model);
  const userId = label(user);
  return {
    ...(named !== undefined && { model: named }),
    ...(userId !== undefined && { user: userId }),
    input: undefined,
    parameters: metadataParameters(parameters),
  };
}

function answerOf(answer: AssembledAnswer): AssembledAnswer {
  const {
    createdAtS,
    embeddings,
    usage,
    rawUsage,
    usageOfStart,
    billedCalls,
    webSearches,
    countedInputTokens,
  } = answer;
  const id = label(answer.id);
  const model = label(answer.model);
  const serviceTier = code(answer.serviceTier);
  const systemFingerprint = label(answer.systemFingerprint);
  return {
    ...(id !== undefined && { id }),
    ...(model !== undefined && { model }),
    ...(createdAtS !== undefined && { createdAtS }),
    ...(serviceTier !== undefined && { serviceTier }),
    ...(systemFingerprint !== undefined && { systemFingerprint }),
    choices: answer.choices.map(choiceOf),
    ...(embeddings && { embeddings }),
    ...(usage && { usage }),
    ...(rawUsage && { rawUsage: keepNumbers(rawUsage) }),
    ...(usageOfStart && { usageOfStart }),
    ...(billedCalls && {
      billedCalls: billedCalls.map((call) => ({
        kind: code(call.kind) ?? "",
        ...(call.model !== undefined && { model: label(call.model) ?? "" }),
        usage: call.usage,
        rawUsage: keepNumbers(call.rawUsage),
      })),
    }),
    ...(webSearches !== undefined && { webSearches }),
    ...(countedInputTokens !== undefined && { countedInputTokens }),
    ...(answer.error && { error: errorOf(answer.error) }),
    ...(answer.truncated !== undefined && { truncated: "The answer is not whole." }),
    warnings:
      answer.warnings.length === 0
        ? []
        : [`${answer.warnings.length} warnings are not shown in capture mode metadata.`],
  };
}

function choiceOf({ index, finishReason, logprobs }: Choice): Choice {
  const reason = code(finishReason);
  return {
    index,
    role: "assistant",
    text: "",
    reasoning: "",
    reasoningDetails: [],
    toolCalls: [],
    parts: [],
    ...(reason !== undefined && { finishReason: reason }),
    logprobs,
    other: {},
  };
}

function errorOf(error: AnswerError): AnswerError {
  const type = code(error.type);
  const errorCode = typeof error.code === "number" ? error.code : code(error.code);
  return {
    message: WITHHELD,
    ...(type !== undefined && { type }),
    ...(errorCode !== undefined && { code: errorCode }),
    raw: undefined,
  };
}

/** Of Sluice's own: who was asked, and what came of it. */
import type { Attempt } from "@sluice/trace";
import type { CallFacts } from "./call-facts.ts";
import { json, omittedBytes, type SluiceField, since } from "./sluice-field.ts";

/** Headers in which providers name their own request. */
const PROVIDER_REQUEST_IDS = ["x-request-id", "request-id", "apim-request-id", "x-amzn-requestid", "cf-ray"];

/** See the module. */
export const ANSWER_FIELDS: readonly SluiceField[] = [
  [
    "provider",
    "",
    "last attempt",
    "The provider, as the config names it.",
    ({ attempt }) => attempt?.provider,
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
    "logprobs",
    "JSON",
    "answer",
    "Log probabilities of each choice, a token at a time. Only with `keep.logprobs: true`.",
    ({ answer, keep }) => (keep.logprobs ? logprobTokens(answer) : undefined),
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
    "rate_limit",
    "JSON",
    "answer's headers",
    "The provider's rate-limit headers, by their names.",
    ({ headers }) => rateLimit(headers),
  ],
  ["service_tier", "", "answer", "The tier that served the call.", ({ answer }) => answer?.serviceTier],
  [
    "answer_omitted_bytes",
    "bytes",
    "gateway, flusher",
    "Bytes of the answer that are not shown: above the capture limit, or of an unreadable one.",
    ({ call, record }) => (record.answer?.omittedBytes ?? 0) + (omittedBytes(call.answer) ?? 0) || undefined,
  ],
];

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

function logprobTokens(answer: CallFacts["answer"]): string | undefined {
  const choices = answer?.choices.map((choice) => choice.logprobTokens ?? []) ?? [];
  return choices.every((tokens) => tokens.length === 0) ? undefined : JSON.stringify(choices);
}

function rateLimit(headers: CallFacts["headers"]): string | undefined {
  const limits = Object.entries(headers).filter(([name]) => /ratelimit|^retry-after/.test(name));
  return limits.length === 0 ? undefined : JSON.stringify(Object.fromEntries(limits.sort(byName)));
}

function byName([a]: readonly [string, string], [b]: readonly [string, string]): number {
  return a < b ? -1 : 1;
}

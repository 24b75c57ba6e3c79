/** What came back, by the semantic conventions. */
import type { CallFacts } from "./call-facts.ts";
import { type ConventionRow, ofOpenAi } from "./convention-row.ts";

const answer = "answer";

/** See the module. */
export const ANSWER_ROWS: readonly ConventionRow[] = [
  ["gen_ai.response.id", answer, "The provider's id of the answer.", (facts) => facts.answer?.id],
  ["gen_ai.response.model", answer, "The model that answered.", (facts) => facts.answer?.model],
  [
    "gen_ai.response.finish_reasons",
    answer,
    "Why each choice ended, in the provider's words.",
    finishReasons,
    "list",
  ],
  [
    "gen_ai.usage.input_tokens",
    answer,
    "All input tokens. Unlike Langfuse's buckets this includes the cached ones.",
    (facts) => facts.answer?.usage?.inputTokens,
    "tokens",
  ],
  [
    "gen_ai.usage.output_tokens",
    answer,
    "All output tokens, reasoning included. Embeddings have none.",
    outputTokens,
    "tokens",
  ],
  [
    "gen_ai.usage.cache_read.input_tokens",
    answer,
    "Of the input: read from the provider's prompt cache.",
    (facts) => facts.answer?.usage?.cacheReadTokens,
    "tokens",
  ],
  [
    "gen_ai.usage.cache_creation.input_tokens",
    answer,
    "Of the input: written to the provider's prompt cache.",
    (facts) => facts.answer?.usage?.cacheWriteTokens,
    "tokens",
  ],
  [
    "gen_ai.embeddings.dimension.count",
    answer,
    "Numbers in a vector.",
    (facts) => facts.answer?.embeddings?.dimensions[0],
  ],
  [
    "error.type",
    "outcome and answer",
    "The provider's or Sluice's code of the error, else the status; `_OTHER` when there is neither.",
    ({ verdict }) => verdict.errorType,
  ],
  ["http.response.status_code", answer, "The provider's status.", ({ record }) => record.answer?.status],
  [
    "openai.response.service_tier",
    answer,
    "Of OpenAI: the tier that served the call.",
    ofOpenAi((facts) => facts.answer?.serviceTier),
  ],
  [
    "openai.response.system_fingerprint",
    answer,
    "Of OpenAI: the backend's configuration.",
    ofOpenAi((facts) => facts.answer?.systemFingerprint),
  ],
];

function finishReasons(facts: CallFacts): readonly string[] | undefined {
  const reasons = facts.answer?.choices.flatMap(({ finishReason }) => finishReason ?? []) ?? [];
  return reasons.length === 0 ? undefined : reasons;
}

function outputTokens({ record, answer: read }: CallFacts): number | undefined {
  return record.endpoint === "embeddings" ? undefined : read?.usage?.outputTokens;
}

/**
 * The call by OpenTelemetry's semantic conventions for generative AI, version 1.40, so that any backend understands the span
 * (https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/).
 */
import { asObject } from "@sluice/wire";
import type { AttributeValue, Double } from "../otlp.ts";
import {
  type Attribute,
  type AttributeTable,
  type DrainType,
  FOREIGN_DRAINS,
  OTLP_DRAINS,
} from "./attribute.ts";
import type { CallFacts } from "./call-facts.ts";
import { inputMessages, outputMessages, systemInstructions, toolDefinitions } from "./gen-ai-content.ts";
import { routedModel } from "./model.ts";
import { routeOf } from "./operation.ts";

/** Providers whose name in the conventions (`gen_ai.provider.name`) is not the one that people configure. */
const PROVIDER_NAMES: ReadonlyMap<string, string> = new Map([
  ["azure", "azure.ai.openai"],
  ["bedrock", "aws.bedrock"],
  ["bedrock-mantle", "aws.bedrock"],
  ["gemini", "gcp.gemini"],
  ["mistral", "mistral_ai"],
  ["vertex", "gcp.vertex_ai"],
  ["xai", "x_ai"],
]);

const request = "request";
const answer = "answer";

/** A row of the conventions: name, source, meaning, value. */
type Row = readonly [
  name: string,
  source: string,
  meaning: string,
  value: (facts: CallFacts) => AttributeValue | undefined,
  unit?: string,
];

const ROWS: readonly Row[] = [
  [
    "gen_ai.operation.name",
    "endpoint",
    "`chat`, `text_completion`, `embeddings`, `generate_content` (images, speech, transcripts); where the conventions have no word `rerank`, `moderation`, `count_tokens`, `proxy`.",
    ({ operation }) => operation.name,
  ],
  [
    "gen_ai.provider.name",
    "last attempt",
    "The provider by the conventions' name. A call that was refused before a provider was chosen has none.",
    providerName,
  ],
  ["gen_ai.conversation.id", "caller", "The session.", ({ record }) => record.trace.sessionId],
  [
    "gen_ai.request.model",
    "last attempt",
    "The model that was asked.",
    ({ call, record }) => routedModel(call) ?? record.requestedModel,
  ],
  ["gen_ai.request.choice.count", request, "How many choices were asked for, unless it is one.", choiceCount],
  [
    "gen_ai.request.max_tokens",
    request,
    "Most tokens of the answer.",
    ({ settings }) => integer(settings.max_tokens),
    "tokens",
  ],
  ["gen_ai.request.temperature", request, "Temperature.", ({ settings }) => double(settings.temperature)],
  ["gen_ai.request.top_p", request, "Nucleus sampling.", ({ settings }) => double(settings.top_p)],
  [
    "gen_ai.request.top_k",
    request,
    "Sampling from the `k` likeliest.",
    ({ settings }) => double(settings.top_k),
  ],
  [
    "gen_ai.request.frequency_penalty",
    request,
    "Frequency penalty.",
    ({ settings }) => double(settings.frequency_penalty),
  ],
  [
    "gen_ai.request.presence_penalty",
    request,
    "Presence penalty.",
    ({ settings }) => double(settings.presence_penalty),
  ],
  ["gen_ai.request.seed", request, "Seed.", ({ settings }) => integer(settings.seed)],
  [
    "gen_ai.request.stop_sequences",
    request,
    "Stop sequences.",
    ({ settings }) => texts(settings.stop),
    "list",
  ],
  [
    "gen_ai.request.encoding_formats",
    request,
    "Of embeddings: how vectors were asked for.",
    encodingFormats,
    "list",
  ],
  [
    "gen_ai.output.type",
    request,
    "`json` for both of OpenAI's JSON formats, `image` and `speech` by endpoint; `text` where the caller says so.",
    outputType,
  ],
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
    "http.route",
    "path",
    "The path that callers use; of a passage the provider's own.",
    ({ call }) => routeOf(call),
  ],
  ["openai.api.type", "endpoint", "Of OpenAI: `chat_completions` or `responses`.", ofOpenAi(apiType)],
  [
    "openai.request.service_tier",
    request,
    "Of OpenAI: the tier that was asked for, unless `auto`.",
    ofOpenAi(requestedTier),
  ],
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

/** Opt-in in the conventions, since it may be large and is sensitive. */
const CONTENT: readonly Row[] = [
  [
    "gen_ai.system_instructions",
    request,
    "What the format gives apart from the messages.",
    systemInstructions,
    "JSON",
  ],
  ["gen_ai.input.messages", request, "The conversation in the conventions' `parts`.", inputMessages, "JSON"],
  ["gen_ai.output.messages", answer, "Each choice in the conventions' `parts`.", outputMessages, "JSON"],
  ["gen_ai.tool.definitions", request, "The tools that the model was given.", toolDefinitions, "JSON"],
];

/** See the module. */
export const GEN_AI: AttributeTable = {
  title: "Semantic conventions",
  about:
    "OpenTelemetry's semantic conventions 1.40 for generative AI, and what of HTTP's belongs to them. In Langfuse they stand under `attributes`, where they cannot be filtered.",
  attributes: [
    ...ROWS.map((row) => attributeOf(row, OTLP_DRAINS)),
    // Langfuse reads content from its own attributes, and would store this a second time.
    ...CONTENT.map((row) => attributeOf(row, FOREIGN_DRAINS)),
  ],
};

function attributeOf([name, source, meaning, value, unit]: Row, drains: readonly DrainType[]): Attribute {
  return { name, meaning, ...(unit !== undefined && { unit }), source, drains, value };
}

function providerName({ attempt }: CallFacts): string | undefined {
  return attempt && (PROVIDER_NAMES.get(attempt.provider) ?? attempt.provider);
}

function choiceCount({ settings }: CallFacts): number | undefined {
  const choices = integer(settings.n);
  return choices === 1 ? undefined : choices;
}

function encodingFormats({ record, request: read }: CallFacts): readonly string[] | undefined {
  const encoding = read?.parameters["encoding_format"];
  return record.endpoint === "embeddings" && typeof encoding === "string" ? [encoding] : undefined;
}

function finishReasons(facts: CallFacts): readonly string[] | undefined {
  const reasons = facts.answer?.choices.flatMap(({ finishReason }) => finishReason ?? []) ?? [];
  return reasons.length === 0 ? undefined : reasons;
}

function outputTokens({ record, answer: read }: CallFacts): number | undefined {
  return record.endpoint === "embeddings" ? undefined : read?.usage?.outputTokens;
}

function outputType({ record, request: read }: CallFacts): string | undefined {
  if (record.endpoint === "images.generations") return "image";
  if (record.endpoint === "audio.speech") return "speech";
  const input = asObject(read?.input);
  const format = asObject(input?.["response_format"]) ?? asObject(asObject(input?.["text"])?.["format"]);
  const type = format?.["type"] ?? asObject(input?.["output_format"])?.["type"];
  if (type === "json_object" || type === "json_schema") return "json";
  return type === "text" ? "text" : undefined;
}

function apiType({ record }: CallFacts): string | undefined {
  if (record.endpoint === "chat.completions") return "chat_completions";
  return record.endpoint === "responses" ? "responses" : undefined;
}

function requestedTier({ request: read }: CallFacts): string | undefined {
  const tier = read?.parameters["service_tier"];
  return typeof tier === "string" && tier !== "auto" ? tier : undefined;
}

/** The conventions keep `openai.*` to spans of that provider. */
function ofOpenAi(value: Attribute["value"]): Attribute["value"] {
  return (facts) => (facts.attempt?.provider === "openai" ? value(facts) : undefined);
}

function integer(value: unknown): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) ? value : undefined;
}

function double(value: unknown): Double | undefined {
  return typeof value === "number" ? { double: value } : undefined;
}

function texts(value: unknown): readonly string[] | undefined {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  const found = list.filter((item) => typeof item === "string");
  return found.length === 0 ? undefined : found;
}

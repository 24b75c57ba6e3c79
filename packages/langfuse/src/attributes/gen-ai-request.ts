/** What was asked, by the semantic conventions. */
import { asObject } from "@sluice/wire";
import type { Double } from "../otlp.ts";
import type { CallFacts } from "./call-facts.ts";
import { type ConventionRow, ofOpenAi } from "./convention-row.ts";
import { routedModel } from "./model.ts";
import { routeOf } from "./operation.ts";

const request = "request";

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

/** See the module. */
export const REQUEST_ROWS: readonly ConventionRow[] = [
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
];

function providerName({ attempt }: CallFacts): string | undefined {
  return attempt && (PROVIDER_NAMES.get(attempt.provider) ?? attempt.provider);
}

function choiceCount({ settings }: CallFacts): number | undefined {
  const choices = integer(settings.n);
  return choices === 1 ? undefined : choices;
}

function integer(value: unknown): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) ? value : undefined;
}

function encodingFormats({ record, request: read }: CallFacts): readonly string[] | undefined {
  const encoding = read?.parameters["encoding_format"];
  return record.endpoint === "embeddings" && typeof encoding === "string" ? [encoding] : undefined;
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

function double(value: unknown): Double | undefined {
  return typeof value === "number" ? { double: value } : undefined;
}

function texts(value: unknown): readonly string[] | undefined {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  const found = list.filter((item) => typeof item === "string");
  return found.length === 0 ? undefined : found;
}

/** Reads a chat completion request (OpenAI API reference, "Create chat completion", and what its followers add). */
import { asCount, asList, asObject, asText, type JsonObject } from "@sluice/wire";
import type {
  Conversation,
  OpenAiSettings,
  OutputFormat,
  ReasoningSettings,
  Sampling,
} from "../conversation.ts";
import { MalformedRequestError, type Note } from "../format.ts";
import { readMessages } from "./read-messages.ts";
import { readTools } from "./read-tools.ts";

/** Fields that are read. All others are noted. */
const READ_FIELDS = new Set([
  "model",
  "messages",
  "tools",
  "tool_choice",
  "functions",
  "function_call",
  "parallel_tool_calls",
  "max_tokens",
  "max_completion_tokens",
  "stop",
  "temperature",
  "top_p",
  "top_k",
  "frequency_penalty",
  "presence_penalty",
  "seed",
  "n",
  "logit_bias",
  "logprobs",
  "top_logprobs",
  "reasoning_effort",
  "reasoning",
  "thinking",
  "response_format",
  "stream",
  "stream_options",
  "user",
  "safety_identifier",
  "service_tier",
  "verbosity",
  "metadata",
  "store",
  "prompt_cache_key",
  "prompt_cache_retention",
]);

/** What bears on cost, speed or the usage object alone: predicted outputs, OpenRouter's `usage`, cache options. */
const HINTS = new Set(["prediction", "usage", "prompt_cache_options", "include_reasoning"]);

/** Reads the body. Throws `MalformedRequestError`. */
export function readRequest(body: JsonObject, note: Note): Conversation {
  const { tools, toolChoice } = readTools(body, note);
  const parallel = asBoolean(body["parallel_tool_calls"]);
  const max = asCount(body["max_completion_tokens"]) ?? asCount(body["max_tokens"]);
  const reasoning = readReasoningSettings(body, note);
  const outputFormat = readOutputFormat(body["response_format"]);
  const userId = asText(body["user"]);
  const serviceTier = asText(body["service_tier"]);
  const openAi = readOpenAiSettings(body);
  noteUnread(body, note);
  return {
    model: asText(body["model"]) ?? "",
    turns: readMessages(body["messages"], note),
    tools,
    ...(toolChoice && { toolChoice }),
    ...(parallel !== undefined && { parallelToolCalls: parallel }),
    ...(max !== undefined && { maxOutputTokens: max }),
    stop: readStop(body["stop"]),
    sampling: readSampling(body),
    ...(reasoning && { reasoning }),
    ...(outputFormat && { outputFormat }),
    stream: body["stream"] === true,
    streamUsage: asObject(body["stream_options"])?.["include_usage"] === true,
    ...(userId !== undefined && { userId }),
    ...(serviceTier !== undefined && { serviceTier }),
    ...(openAi && { openAi }),
  };
}

/** A text or a list of texts. */
function readStop(stop: unknown): readonly string[] {
  if (stop === null || stop === undefined) return [];
  const list = typeof stop === "string" ? [stop] : asList(stop).filter((item) => typeof item === "string");
  if (list.length === 0 && !Array.isArray(stop)) {
    throw new MalformedRequestError("stop", "stop has to be a text or a list of texts.");
  }
  return list.filter((text) => text !== "");
}

function readSampling(body: JsonObject): Sampling {
  const numbers = {
    temperature: asNumber(body["temperature"]),
    topP: asNumber(body["top_p"]),
    topK: asNumber(body["top_k"]),
    frequencyPenalty: asNumber(body["frequency_penalty"]),
    presencePenalty: asNumber(body["presence_penalty"]),
    seed: asNumber(body["seed"]),
    choices: asCount(body["n"]),
    logitBias: asObject(body["logit_bias"]),
    logprobs: asBoolean(body["logprobs"]),
    topLogprobs: asCount(body["top_logprobs"]),
  };
  return present(numbers);
}

/**
 * `reasoning_effort` (OpenAI), `reasoning` (OpenRouter: effort, max_tokens, enabled, exclude) and `thinking` (Anthropic's
 * object, which LiteLLM and others take).
 */
function readReasoningSettings(body: JsonObject, note: Note): ReasoningSettings | undefined {
  const router = asObject(body["reasoning"]);
  const thinking = asObject(body["thinking"]);
  if (router?.["exclude"] === true) {
    note({
      field: "reasoning.exclude",
      reason: "The reasoning is shown where there is some.",
      weight: "hint",
    });
  }
  const off = router?.["enabled"] === false || thinking?.["type"] === "disabled";
  const settings = present({
    effort: asText(body["reasoning_effort"]) ?? asText(router?.["effort"]),
    budgetTokens: off ? 0 : (asCount(router?.["max_tokens"]) ?? asCount(thinking?.["budget_tokens"])),
    adaptive: thinking?.["type"] === "adaptive" ? true : undefined,
    summary: asText(router?.["summary"]),
  });
  return Object.keys(settings).length > 0 ? settings : undefined;
}

function readOutputFormat(value: unknown): OutputFormat | undefined {
  const format = asObject(value);
  if (!format || format["type"] === "text") return undefined;
  if (format["type"] === "json_object") return { kind: "json" };
  const schema = asObject(format["json_schema"]);
  const content = asObject(schema?.["schema"]);
  if (format["type"] !== "json_schema" || !schema || !content) {
    throw new MalformedRequestError(
      "response_format",
      "response_format has to be of type text, json_object, or json_schema with json_schema.schema.",
    );
  }
  return {
    kind: "json_schema",
    ...present({
      name: asText(schema["name"]),
      description: asText(schema["description"]),
      strict: asBoolean(schema["strict"]),
    }),
    schema: content,
  };
}

function readOpenAiSettings(body: JsonObject): OpenAiSettings | undefined {
  const settings = present({
    verbosity: asText(body["verbosity"]),
    metadata: asObject(body["metadata"]),
    store: asBoolean(body["store"]),
    promptCacheKey: asText(body["prompt_cache_key"]),
    promptCacheRetention: asText(body["prompt_cache_retention"]),
    safetyIdentifier: asText(body["safety_identifier"]),
  });
  return Object.keys(settings).length > 0 ? settings : undefined;
}

function noteUnread(body: JsonObject, note: Note): void {
  for (const [field, value] of Object.entries(body)) {
    if (READ_FIELDS.has(field) || value === null || value === undefined || saysNothing(field, value))
      continue;
    note({
      field,
      reason: `The provider's format has no equal of ${field}.`,
      weight: HINTS.has(field) ? "hint" : "matters",
    });
  }
}

/** `modalities: ["text"]` is what every model does. */
function saysNothing(field: string, value: unknown): boolean {
  return field === "modalities" && asList(value).every((item) => item === "text");
}

function asNumber(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

function asBoolean(value: unknown): boolean | undefined {
  return typeof value === "boolean" ? value : undefined;
}

/** The members that have a value. */
function present<T extends object>(members: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  // Object.entries knows nothing of the keys' types; no member is added or changed here.
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

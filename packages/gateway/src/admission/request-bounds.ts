/** How large a call can become, read off its request. */
import type { BillingTerms, RequestBounds } from "@sluice/prices";
import type { ModelRoute } from "@sluice/providers";
import type { AnswerFormat, Endpoint } from "@sluice/trace";
import { DEFAULT_MAX_OUTPUT_TOKENS } from "@sluice/translate";
import type { InferenceRequest } from "../inference-request.ts";
import { asObject } from "../trace-context/fields.ts";
import { soundBounds } from "./form-bounds.ts";
import { modelWork, providerWork, toolPromptTokens } from "./provider-work.ts";
import { contentOf } from "./request-content.ts";
import type { Unbounded } from "./unbounded.ts";

/** What is known of a call before it is sent. */
export interface CallBounds extends RequestBounds {
  /** Why the rest is no bound; absent when it is one. */
  readonly unbounded?: Unbounded;
}

type Fields = InferenceRequest["json"];

/** Speech comes without a word on what it cost, unless it comes as events. */
const SILENT_ON_USAGE: Unbounded = {
  param: "stream_format",
  reason: 'only an answer with "stream_format": "sse" tells what was used',
  inTokens: true,
};

/** A cache marker, or an escape that may spell one of its characters. */
const CACHE_MARKER = /cache_control|\\u00[5-7]/i;

/** The largest budget for thinking that a word of a caller's is translated into, tokens. */
const MOST_THINKING_TOKENS = 32_768;

/** Whether calls of an endpoint cost nothing, whatever their model. */
export function isFreeOfCharge(endpoint: Endpoint): boolean {
  // Anthropic's documentation, "Token counting".
  return endpoint === "messages.count_tokens";
}

/** The bounds of a request, for the most that it can cost, wherever it goes. */
export function requestBounds(request: InferenceRequest, endpoint: Endpoint): CallBounds {
  const { body } = request;
  // Claude writes a cache only where it is told to; how the others do it is the price's affair.
  const cacheWrites = CACHE_MARKER.test(body.toString("latin1")) ? "1h" : "none";
  return { inputBytes: body.byteLength, cacheWrites, ...BOUNDS[endpoint](request) };
}

/** What bounds each endpoint's requests, beside their bytes. */
const BOUNDS: Readonly<Record<Endpoint, (request: InferenceRequest) => Partial<CallBounds>>> = {
  "chat.completions": (request) => conversationBounds(request, "chat.completions"),
  messages: (request) => conversationBounds(request, "messages"),
  responses: (request) => conversationBounds(request, "responses"),
  completions: ({ json }) => completionBounds(json),
  embeddings: inputBounds,
  moderations: inputBounds,
  rerank: rankingBounds,
  "images.generations": ({ json }) => ({ unmetered: true, ...choicesOf(json, "n") }),
  "audio.speech": ({ json }) => ({
    unmetered: true,
    ...(json["stream_format"] !== "sse" && { unbounded: SILENT_ON_USAGE }),
  }),
  "audio.transcriptions": ({ body }) => ({ unmetered: true, ...soundBounds(body) }),
  "messages.count_tokens": () => ({ maxOutputTokens: 0 }),
  proxy: () => ({ unbounded: { reason: "what a passage to a provider costs is not known" } }),
};

/**
 * The bounds at one of the call's targets. `format`: what the request is translated into on its way there; absent when it goes
 * as it is.
 */
export function boundsAt(
  bounds: CallBounds,
  { json }: InferenceRequest,
  target: ModelRoute,
  format: AnswerFormat | undefined,
): CallBounds {
  const unbounded = bounds.unbounded ?? modelWork(target, json);
  return {
    ...bounds,
    // Anthropic demands a limit, so that the translation sets one where the caller has none.
    ...(format === "anthropic-messages" &&
      bounds.maxOutputTokens === undefined && {
        maxOutputTokens: DEFAULT_MAX_OUTPUT_TOKENS + mostThinking(json),
      }),
    ...(unbounded && { unbounded }),
  };
}

/** The terms that a request asks to be billed at. The provider may serve it at the standard ones all the same. */
export function requestTerms({ json }: InferenceRequest): BillingTerms {
  const tier = json["speed"] === "fast" ? "fast" : json["service_tier"];
  const inferenceGeo = json["inference_geo"];
  return {
    ...(typeof tier === "string" && { serviceTier: tier }),
    ...(typeof inferenceGeo === "string" && { inferenceGeo }),
  };
}

/**
 * Tokens that a call takes of its key's minute: a quarter of the request's bytes, which is what text has on
 * average, and the most output tokens that the request names.
 */
export function rateTokens(bounds: RequestBounds): number {
  return Math.ceil(bounds.inputBytes / 4) + (bounds.maxOutputTokens ?? 0) * (bounds.choices ?? 1);
}

/** The names under which conversations limit their output. */
const OUTPUT_LIMITS = {
  // Which of the two a provider heeds is its own affair.
  "chat.completions": ["max_completion_tokens", "max_tokens"],
  messages: ["max_tokens"],
  responses: ["max_output_tokens"],
} as const;

function conversationBounds(
  { json, body }: InferenceRequest,
  endpoint: keyof typeof OUTPUT_LIMITS,
): Partial<CallBounds> {
  const content = contentOf(json["messages"], json["system"], json["input"], json["instructions"]);
  const choices = endpoint === "chat.completions" ? choicesOf(json, "n") : { choices: 1 };
  const fillsContext =
    content.refersElsewhere ||
    (endpoint === "responses" && (isGiven(json["previous_response_id"]) || isGiven(json["conversation"])));
  const unbounded = providerWork(json, endpoint) ?? content.unbounded ?? choices.unbounded;
  return {
    inputBytes: body.byteLength - content.inlineBytes + toolPromptTokens(json),
    attachments: content.attachments,
    ...outputLimit(json, OUTPUT_LIMITS[endpoint]),
    ...choices,
    ...(fillsContext && { fillsContext }),
    ...(unbounded && { unbounded }),
  };
}

/** Each prompt is answered on its own; of `best_of` answers all are billed, whatever `n` of them are shown. */
function completionBounds(json: Fields): Partial<CallBounds> {
  const { prompt } = json;
  const isBatch = Array.isArray(prompt) && typeof prompt[0] !== "number";
  const shown = choicesOf(json, "n");
  const made = choicesOf(json, "best_of");
  const unbounded = providerWork(json, "completions") ?? shown.unbounded ?? made.unbounded;
  return {
    ...outputLimit(json, ["max_tokens"]),
    choices: Math.max(shown.choices, made.choices) * (isBatch ? Math.max(1, prompt.length) : 1),
    ...(unbounded && { unbounded }),
  };
}

/** Of an operation that only reads: embeddings, moderations. */
function inputBounds({ json, body }: InferenceRequest): Partial<CallBounds> {
  const { attachments, inlineBytes, unbounded } = contentOf(json["input"]);
  return {
    inputBytes: body.byteLength - inlineBytes,
    attachments,
    maxOutputTokens: 0,
    ...(unbounded && { unbounded }),
  };
}

/** A ranking reads the query once more with each passage (Voyage's and Jina's documentation of their prices). */
function rankingBounds({ json, body }: InferenceRequest): Partial<CallBounds> {
  const { query, documents } = json;
  const unmetered = true;
  if (!Array.isArray(documents) || typeof query !== "string") {
    const reason = "how many passages are ranked is not known";
    const unbounded = { param: "documents", reason, inTokens: true } as const;
    return { inputBytes: body.byteLength, maxOutputTokens: 0, unmetered, unbounded };
  }
  const image = documents.filter((document) => asObject(document)?.["image"] !== undefined).length;
  return {
    inputBytes: body.byteLength + Buffer.byteLength(query) * documents.length,
    attachments: { image },
    maxOutputTokens: 0,
    unmetered,
  };
}

/** The most output that a request allows. Zero is no limit anywhere: providers refuse it, or take it for none. */
function outputLimit(json: Fields, names: readonly string[]): Pick<RequestBounds, "maxOutputTokens"> {
  const limits = names.flatMap((name) => count(json[name]) || []);
  return limits.length > 0 ? { maxOutputTokens: Math.max(...limits) } : {};
}

/** How many answers a field asks for. One that is no number may be read as one by somebody. */
function choicesOf(
  json: Fields,
  param: "n" | "best_of",
): { readonly choices: number; readonly unbounded?: Unbounded } {
  const value = json[param];
  const choices = isGiven(value) ? count(value) : 1;
  if (choices) return { choices };
  return {
    choices: 1,
    unbounded: { param, reason: `"${param}" is no whole number above zero`, inTokens: true },
  };
}

/** Most tokens that the translation adds for thinking: the caller's own number, or that of its word. */
function mostThinking(json: Fields): number {
  const reasoning = asObject(json["reasoning"]);
  const thinking = asObject(json["thinking"]);
  const asked = isGiven(json["reasoning_effort"]) || reasoning || thinking;
  if (!asked) return 0;
  return Math.max(
    MOST_THINKING_TOKENS,
    count(reasoning?.["max_tokens"]) ?? 0,
    count(thinking?.["budget_tokens"]) ?? 0,
  );
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null && value !== "";
}

function count(value: unknown): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

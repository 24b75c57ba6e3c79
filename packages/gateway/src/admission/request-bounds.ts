/** How large a call can become, read off its request. */
import type { BillingTerms, RequestBounds } from "@sluice/prices";
import type { Endpoint } from "@sluice/trace";
import type { InferenceRequest } from "../inference-request.ts";
import { asObject } from "../trace-context/fields.ts";

type Attachments = NonNullable<RequestBounds["attachments"]>;

/**
 * Part types of OpenAI's chat format, and of providers that speak it, whose tokens their bytes do not bound, inline or
 * not. `document_url` is Mistral's.
 */
const ATTACHMENT_KINDS: ReadonlyMap<unknown, keyof Attachments> = new Map([
  ["image_url", "image"],
  ["input_image", "image"],
  ["image", "image"],
  ["input_audio", "audio"],
  ["audio_url", "audio"],
  ["video_url", "video"],
  ["file", "file"],
  ["input_file", "file"],
  ["document", "file"],
  ["document_url", "file"],
]);

/** A cache marker, or an escape that may spell one of its characters. */
const CACHE_MARKER = /cache_control|\\u00[5-7]/i;

/** The bounds of a request, for the most that it can cost. */
export function requestBounds(request: InferenceRequest, endpoint: Endpoint): RequestBounds {
  const { json, body } = request;
  const maxOutputTokens = endpoint === "embeddings" ? 0 : outputLimit(json);
  const media = mediaIn(json["messages"]);
  return {
    inputBytes: body.byteLength - media.inlineBytes,
    attachments: media.attachments,
    ...(maxOutputTokens !== undefined && { maxOutputTokens }),
    choices: count(json["n"]) ?? 1,
    // Only Anthropic's formats let a caller write a cache that costs more than input.
    cacheWrites: CACHE_MARKER.test(body.toString("latin1")) ? "1h" : "none",
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
 * The most output that a request allows. Which of the two names a provider heeds is its own affair, so the larger one
 * counts. Zero is no limit anywhere: providers refuse it, or take it for none.
 */
function outputLimit(json: InferenceRequest["json"]): number | undefined {
  const limits = [json["max_completion_tokens"], json["max_tokens"]].flatMap((limit) => count(limit) || []);
  return limits.length > 0 ? Math.max(...limits) : undefined;
}

/**
 * Tokens that a call takes of its key's minute: a quarter of the request's bytes, which is what text has on
 * average, and the most output tokens that the request names.
 */
export function rateTokens(bounds: RequestBounds): number {
  return Math.ceil(bounds.inputBytes / 4) + (bounds.maxOutputTokens ?? 0) * (bounds.choices ?? 1);
}

/** Media among the messages: how many of each kind, and the bytes that are no text because they are media themselves. */
function mediaIn(messages: unknown): { readonly attachments: Attachments; readonly inlineBytes: number } {
  const attachments: Partial<Record<keyof Attachments, number>> = {};
  let inlineBytes = 0;
  for (const message of Array.isArray(messages) ? messages : []) {
    // An answer's audio, given back by its id.
    if (asObject(asObject(message)?.["audio"])) attachments.audio = (attachments.audio ?? 0) + 1;
    const content = asObject(message)?.["content"];
    for (const part of Array.isArray(content) ? content : []) {
      const type = asObject(part)?.["type"];
      const kind = ATTACHMENT_KINDS.get(type);
      if (!kind) continue;
      attachments[kind] = (attachments[kind] ?? 0) + 1;
      inlineBytes += inlineLength(asObject(asObject(part)?.[String(type)]) ?? {});
    }
  }
  return { attachments, inlineBytes };
}

/** Length of a part's media when it is in the request: base64 or a `data:` URL, whose characters are one byte each. */
function inlineLength(media: Readonly<Record<string, unknown>>): number {
  const texts = [media["url"], media["data"], media["file_data"]].filter(
    (value) => typeof value === "string",
  );
  return texts
    .filter((text) => !/^https?:/.test(text) && /^[\x20-\x7e]*$/.test(text))
    .reduce((sum, text) => sum + text.length, 0);
}

function count(value: unknown): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

/** The paths that are model calls, and what each one is. */
import type { Endpoint } from "@sluice/trace";
import {
  anthropicErrorEvent,
  anthropicStreamFormat,
  chatStreamFormat,
  completionsStreamFormat,
  openAiErrorEvent,
  responsesErrorEvent,
  responsesStreamFormat,
  type SseFormat,
} from "@sluice/wire/pipe";
import { type ErrorShape, type GatewayError, inAnthropicShape } from "./errors.ts";

/** A path that is passed on to a provider and traced. */
export interface InferenceEndpoint {
  readonly endpoint: Exclude<Endpoint, "proxy">;
  /** Whose shape its callers expect of an error. */
  readonly errors: ErrorShape;
  /** `form`: multipart/form-data with a file. */
  readonly body: "json" | "form";
  /** How a stream of it ends. `dropUsage`: the gateway asked for the usage chunk, the caller did not. */
  readonly stream: (options: { readonly dropUsage: boolean }) => SseFormat;
  /** An error inside of a stream. */
  readonly errorEvent: (error: GatewayError["error"]) => string;
}

/** Any path of a provider, passed on as it is. */
export interface Passage {
  readonly endpoint: "proxy";
  readonly provider: string;
  /** Below the provider's base URL, with its slash. */
  readonly path: string;
  readonly errors: "openai";
  readonly stream: InferenceEndpoint["stream"];
  readonly errorEvent: InferenceEndpoint["errorEvent"];
}

/** What a call is for. */
export type CallTarget = InferenceEndpoint | Passage;

const openAi = {
  errors: "openai",
  body: "json",
  stream: chatStreamFormat,
  errorEvent: openAiErrorEvent,
} as const;
const anthropic = {
  errors: "anthropic",
  body: "json",
  stream: () => anthropicStreamFormat,
  errorEvent: (error: GatewayError["error"]) => anthropicErrorEvent(inAnthropicShape(error, 500)),
} as const;

/** By the path's end: what stands before it says which dialect of a base URL the caller has. */
const ENDPOINTS: ReadonlyMap<string, InferenceEndpoint> = new Map<string, InferenceEndpoint>([
  ["chat/completions", { endpoint: "chat.completions", ...openAi }],
  ["completions", { endpoint: "completions", ...openAi, stream: completionsStreamFormat }],
  ["embeddings", { endpoint: "embeddings", ...openAi }],
  [
    "responses",
    { endpoint: "responses", ...openAi, stream: responsesStreamFormat, errorEvent: responsesErrorEvent },
  ],
  ["messages", { endpoint: "messages", ...anthropic }],
  ["messages/count_tokens", { endpoint: "messages.count_tokens", ...anthropic }],
  ["images/generations", { endpoint: "images.generations", ...openAi }],
  ["audio/transcriptions", { endpoint: "audio.transcriptions", ...openAi, body: "form" }],
  ["audio/speech", { endpoint: "audio.speech", ...openAi }],
  ["moderations", { endpoint: "moderations", ...openAi }],
  ["rerank", { endpoint: "rerank", ...openAi }],
]);

/** OpenAI's base URL, and the two that Azure's clients build (`AzureOpenAI` names the deployment in the path). */
const BASE = /^\/(?:v1|openai\/v1|openai\/deployments\/[^/]+)\//;

/** The endpoint at a path, or undefined. */
export function endpointAt(path: string): InferenceEndpoint | undefined {
  return BASE.test(path) ? ENDPOINTS.get(path.replace(BASE, "")) : undefined;
}

/** The passage at a path `/proxy/<provider>/…`, or undefined. */
export function passageAt(path: string): Passage | undefined {
  const match = /^\/proxy\/([^/]+)(\/.*)$/.exec(path);
  if (!match) return undefined;
  const [, provider = "", below = ""] = match;
  return {
    endpoint: "proxy",
    provider,
    path: below,
    errors: "openai",
    stream: anyStreamFormat,
    errorEvent: openAiErrorEvent,
  };
}

/** A stream of who knows which format ends with the end mark of any. */
function anyStreamFormat(): SseFormat {
  const formats = [chatStreamFormat({ dropUsage: false }), anthropicStreamFormat, responsesStreamFormat()];
  return { isTerminal: (event) => formats.some((format) => format.isTerminal(event)) };
}

/** Which of a provider's operations a request means. Each provider that the demo model plays has a folder of its own. */
import type { ConversationFormat } from "@sluice/translate";

/** How an answer is framed. `events`: AWS's binary event stream; `chunks`: the same, around Anthropic's events. */
export type StreamFraming = "sse" | "events" | "chunks";

/** A conversation, in a format other than chat completions or in that one. */
export interface ConversationOperation {
  readonly kind: "conversation";
  readonly format: ConversationFormat;
  /** Where the path names the model. */
  readonly model?: string;
  /** Where the path says whether the answer is to be streamed. */
  readonly streaming?: boolean;
  readonly framing: StreamFraming;
}

/** What a request asks for. */
export type Operation =
  | ConversationOperation
  | { readonly kind: "models"; readonly provider: string; readonly format: ConversationFormat }
  | { readonly kind: "completions" | "embeddings" | "count-tokens" }
  | { readonly kind: "images" | "speech" | "transcriptions" | "moderations" | "rerank" }
  | { readonly kind: "google-embeddings"; readonly model: string };

const VERSIONED: Readonly<Record<string, Operation>> = {
  "POST chat/completions": { kind: "conversation", format: "openai-chat", framing: "sse" },
  "POST responses": { kind: "conversation", format: "openai-responses", framing: "sse" },
  "POST messages": { kind: "conversation", format: "anthropic-messages", framing: "sse" },
  "POST messages/count_tokens": { kind: "count-tokens" },
  "POST completions": { kind: "completions" },
  "POST embeddings": { kind: "embeddings" },
  "POST images/generations": { kind: "images" },
  "POST audio/speech": { kind: "speech" },
  "POST audio/transcriptions": { kind: "transcriptions" },
  "POST moderations": { kind: "moderations" },
  "POST rerank": { kind: "rerank" },
};

/** The operation at `/<provider>/…`; undefined when the demo model has none there. */
export function operationAt(method: string, pathname: string): Operation | undefined {
  const [, provider = "", below = ""] = /^\/([^/]+)\/(.*)$/.exec(pathname) ?? [];
  const versioned = /^v1(?:beta)?\/(.*)$/.exec(below)?.[1];
  if (versioned === undefined) return method === "POST" ? bedrockOperation(below) : undefined;
  if (`${method} ${versioned}` === "GET models") {
    const format = below.startsWith("v1beta") ? "gemini-generate-content" : "openai-chat";
    return { kind: "models", provider, format };
  }
  return VERSIONED[`${method} ${versioned}`] ?? (method === "POST" ? googleOperation(versioned) : undefined);
}

/** `models/<model>:<operation>` (Gemini API reference). */
function googleOperation(path: string): Operation | undefined {
  const [, model, operation] = /^models\/([^/:]+):(\w+)$/.exec(path) ?? [];
  if (model === undefined) return undefined;
  const named = { model: decodeURIComponent(model) };
  if (operation === "batchEmbedContents") return { kind: "google-embeddings", ...named };
  if (operation !== "generateContent" && operation !== "streamGenerateContent") return undefined;
  return {
    kind: "conversation",
    format: "gemini-generate-content",
    framing: "sse",
    streaming: operation === "streamGenerateContent",
    ...named,
  };
}

/** `model/<model>/<operation>` (Amazon Bedrock runtime API reference). */
function bedrockOperation(path: string): Operation | undefined {
  const [, model, operation, stream] =
    /^model\/([^/]+)\/(converse|invoke)(-stream|-with-response-stream)?$/.exec(path) ?? [];
  if (model === undefined) return undefined;
  const converses = operation === "converse";
  return {
    kind: "conversation",
    format: converses ? "bedrock-converse" : "anthropic-messages",
    framing: converses ? "events" : "chunks",
    streaming: stream !== undefined,
    model: decodeURIComponent(model),
  };
}

/** Where at a provider an operation is: its path, and the format that is spoken there. */
import type { AnswerFormat, Endpoint } from "@sluice/trace";

/** The conversation formats that callers speak, by their endpoint. */
export const CALLER_FORMATS = {
  "chat.completions": "openai-chat",
  responses: "openai-responses",
  messages: "anthropic-messages",
} as const satisfies Partial<Record<Endpoint, AnswerFormat>>;

/** Paths of operations below a base URL, for providers that offer them as OpenAI, Anthropic or Cohere do. */
const PATHS: Readonly<Record<Exclude<Endpoint, "proxy">, string>> = {
  "chat.completions": "/chat/completions",
  completions: "/completions",
  embeddings: "/embeddings",
  responses: "/responses",
  messages: "/messages",
  "messages.count_tokens": "/messages/count_tokens",
  "images.generations": "/images/generations",
  "audio.transcriptions": "/audio/transcriptions",
  "audio.speech": "/audio/speech",
  moderations: "/moderations",
  rerank: "/rerank",
};

/** How an operation is done at a provider. */
export interface Operation {
  /** Below the base URL. */
  readonly path: string;
  /** Without the question mark. */
  readonly query?: string;
  /** The format that is spoken there, when it is not the caller's own: the call is translated into it. */
  readonly format?: AnswerFormat;
}

/** What of a provider bears on where an operation is. */
export interface OperationTarget {
  readonly speaks: readonly AnswerFormat[];
}

/** What of a call bears on where its operation is. */
export interface OperationCall {
  readonly endpoint: Exclude<Endpoint, "proxy">;
  readonly model: string;
  readonly streaming: boolean;
}

/** Bedrock's names of Anthropic's models, in inference profiles (`us.anthropic.claude-…`) and ARNs too. */
const ANTHROPIC_ON_BEDROCK = /(^|[./:])anthropic\.claude/;

/**
 * Where the operation is at the provider; undefined when it has none that could serve the call. A conversation goes to the
 * caller's own format where the provider speaks it, else to the one that the provider prefers.
 */
export function operationAt(provider: OperationTarget, call: OperationCall): Operation | undefined {
  const { endpoint, model } = call;
  const { speaks } = provider;
  if (endpoint === "chat.completions" || endpoint === "responses" || endpoint === "messages") {
    const own = CALLER_FORMATS[endpoint];
    if (speaks.includes(own)) return { path: PATHS[endpoint] };
    if (
      own === "anthropic-messages" &&
      speaks.includes("bedrock-invoke") &&
      ANTHROPIC_ON_BEDROCK.test(model)
    ) {
      return conversationAt("bedrock-invoke", call);
    }
    const [preferred] = speaks;
    return preferred && conversationAt(preferred, call);
  }
  if (endpoint === "messages.count_tokens") {
    return speaks.includes("anthropic-messages") ? { path: PATHS[endpoint] } : undefined;
  }
  if (endpoint === "embeddings" && speaks.includes("gemini-generate-content")) {
    // Which of Google's operations serves it depends on the model, and the translation knows it.
    return { path: `/models/${encodeURIComponent(model)}`, format: "gemini-generate-content" };
  }
  return speaks.includes("openai-chat") ? { path: PATHS[endpoint] } : undefined;
}

/** The path of a conversation in each format; `model` is encoded for a path. */
const CONVERSATION_PATHS: Readonly<
  Record<AnswerFormat, (model: string, streaming: boolean) => Omit<Operation, "format">>
> = {
  "openai-chat": () => ({ path: PATHS["chat.completions"] }),
  "openai-responses": () => ({ path: PATHS.responses }),
  "anthropic-messages": () => ({ path: PATHS.messages }),
  "bedrock-converse": (model, streaming) => ({
    path: `/model/${model}/converse${streaming ? "-stream" : ""}`,
  }),
  "bedrock-invoke": (model, streaming) => ({
    path: `/model/${model}/invoke${streaming ? "-with-response-stream" : ""}`,
  }),
  "gemini-generate-content": (model, streaming) =>
    streaming
      ? { path: `/models/${model}:streamGenerateContent`, query: "alt=sse" }
      : { path: `/models/${model}:generateContent` },
};

function conversationAt(format: AnswerFormat, { model, streaming }: OperationCall): Operation {
  return { format, ...CONVERSATION_PATHS[format](encodeURIComponent(model), streaming) };
}

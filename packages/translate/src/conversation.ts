/**
 * A request for a model's answer in no provider's format: what every conversation format reads into and writes from.
 * It holds what at least two formats can say. What only one can say stays with its reader as an `Unsupported`.
 */
import type { JsonObject } from "@sluice/wire";

/** A request, as its caller meant it. */
export interface Conversation {
  /** The model's name at the provider. */
  readonly model: string;
  /** Everything that was said, in order, instructions included. */
  readonly turns: readonly Turn[];
  readonly tools: readonly Tool[];
  readonly toolChoice?: ToolChoice;
  /** Whether the model may call several tools in one turn. Absent: the provider's default. */
  readonly parallelToolCalls?: boolean;
  /** Tokens, thinking included. */
  readonly maxOutputTokens?: number;
  readonly stop: readonly string[];
  readonly sampling: Sampling;
  readonly reasoning?: ReasoningSettings;
  /** Absent: plain text. */
  readonly outputFormat?: OutputFormat;
  readonly stream: boolean;
  /** Whether a stream is to tell its usage, in formats where that is a choice. */
  readonly streamUsage: boolean;
  /** The caller's own word for its end user. */
  readonly userId?: string;
  /** The provider's word for how urgent the call is (`auto`, `default`, `flex`, `priority`). */
  readonly serviceTier?: string;
  /** What only OpenAI's two formats can say. The pairing notes it for every other target; writers need not. */
  readonly openAi?: OpenAiSettings;
}

/** Settings that chat completions and responses share, and nobody else has (OpenAI API reference). */
export interface OpenAiSettings {
  /** How wordy the answer is to be: `low`, `medium`, `high`. */
  readonly verbosity?: string;
  /** The caller's own labels for a stored answer. */
  readonly metadata?: JsonObject;
  /** Whether the provider is to keep the answer. */
  readonly store?: boolean;
  readonly promptCacheKey?: string;
  readonly promptCacheRetention?: string;
  readonly safetyIdentifier?: string;
}

/** One speaker's words. `tool` results are parts of a `user` turn. */
export interface Turn {
  /** `system` and `developer` are instructions; they may stand anywhere. */
  readonly role: "system" | "developer" | "user" | "assistant";
  readonly parts: readonly Part[];
  /** The speaker's name, where a format has one. */
  readonly name?: string;
}

/** A piece of a turn. `cache`: the provider is to cache the request up to and with this part. */
export type Part =
  | ({ readonly kind: "text"; readonly text: string } & Cacheable)
  | ({ readonly kind: "image"; readonly source: Source; readonly detail?: string } & Cacheable)
  | ({ readonly kind: "file"; readonly source: Source; readonly filename?: string } & Cacheable)
  | ({ readonly kind: "audio"; readonly source: Source } & Cacheable)
  | Reasoning
  | { readonly kind: "refusal"; readonly text: string }
  | (ToolCall & Cacheable)
  | ({
      readonly kind: "tool_result";
      readonly callId: string;
      /** The tool's name, for the formats that join results by name. */
      readonly name?: string;
      /** Text, images and files only. */
      readonly parts: readonly Part[];
      readonly isError?: boolean;
    } & Cacheable);

/** The end of a stretch that the provider is to cache (Anthropic's `cache_control`, Bedrock's `cachePoint`). */
export interface Cacheable {
  readonly cache?: { readonly ttl?: "5m" | "1h" };
}

/**
 * What the model thought. A signature proves it to the provider that made it, and must come back unchanged with the next
 * turn; `origin` names the format it came from, since no other provider can read it.
 */
export interface Reasoning {
  readonly kind: "reasoning";
  /** Empty when only its encrypted form is given. */
  readonly text: string;
  readonly signature?: string;
  /** Thinking that only its provider can read: Anthropic's `redacted_thinking`, OpenAI's `encrypted_content`. */
  readonly encrypted?: string;
  /** The item's own id (OpenAI responses). */
  readonly id?: string;
  readonly origin?: ConversationFormat;
}

/** A call of a tool of the caller's. */
export interface ToolCall {
  readonly kind: "tool_call";
  readonly id: string;
  readonly name: string;
  /** JSON text as the model wrote it; `{}` when it wrote nothing. */
  readonly arguments: string;
  /** Gemini's thought signature, which belongs to the call. */
  readonly signature?: string;
}

/** Where an image, file or sound is. */
export type Source =
  | { readonly kind: "base64"; readonly mediaType: string; readonly data: string }
  | { readonly kind: "url"; readonly url: string; readonly mediaType?: string }
  | { readonly kind: "file_id"; readonly id: string }
  | { readonly kind: "text"; readonly mediaType: string; readonly text: string };

/** A tool that the model may call. */
export interface Tool extends Cacheable {
  readonly name: string;
  readonly description?: string;
  /** JSON Schema of the arguments; `{"type":"object","properties":{}}` for a tool without. */
  readonly parameters: JsonObject;
  readonly strict?: boolean;
}

/** Which tool the model has to call. `required`: any one of them. */
export type ToolChoice =
  | { readonly kind: "auto" | "none" | "required" }
  | { readonly kind: "tool"; readonly name: string };

/** How tokens are drawn. Each provider refuses or drops what it does not know. */
export interface Sampling {
  readonly temperature?: number;
  readonly topP?: number;
  readonly topK?: number;
  readonly frequencyPenalty?: number;
  readonly presencePenalty?: number;
  readonly seed?: number;
  /** How many alternatives. Absent: one. */
  readonly choices?: number;
  readonly logitBias?: JsonObject;
  readonly logprobs?: boolean;
  readonly topLogprobs?: number;
}

/** How much the model is to think. Formats that count in tokens and those that count in words hold one of the two. */
export interface ReasoningSettings {
  /** OpenAI's words: `none`, `minimal`, `low`, `medium`, `high`, `xhigh`. */
  readonly effort?: string;
  /** Anthropic's, Bedrock's and Gemini's budget, tokens. 0: no thinking. */
  readonly budgetTokens?: number;
  /** Anthropic's `adaptive`: as much as the model finds right. */
  readonly adaptive?: boolean;
  /** Whether the thinking, or a summary of it, is to be shown. */
  readonly summary?: string;
}

/** The shape that the answer's text must have. */
export type OutputFormat =
  | { readonly kind: "json" }
  | {
      readonly kind: "json_schema";
      readonly name?: string;
      readonly description?: string;
      readonly schema: JsonObject;
      readonly strict?: boolean;
    };

/** The formats that a conversation can be held in, by the names of their owners' operations. */
export type ConversationFormat =
  | "openai-chat"
  | "openai-responses"
  | "anthropic-messages"
  | "bedrock-converse"
  | "gemini-generate-content";

/** Most output tokens where the caller sets no limit and the format demands one; a budget for thinking comes on top. */
export const DEFAULT_MAX_OUTPUT_TOKENS = 8192;

/** A model's answer in no provider's format: whole, and as the events of a stream. One answer holds one choice. */
import type { JsonObject, TokenUsage } from "@sluice/wire";
import type { Reasoning, Source, ToolCall } from "./conversation.ts";

/** An answer that is whole. */
export interface ModelAnswer {
  readonly id?: string;
  /** The model by the provider's own word. */
  readonly model?: string;
  /** Unix time, seconds. */
  readonly createdAtS?: number;
  readonly serviceTier?: string;
  /** In the order in which the model gave them. */
  readonly blocks: readonly Block[];
  readonly finish?: Finish;
  readonly usage?: AnswerUsage;
}

/** A piece of an answer. */
export type Block =
  | { readonly kind: "text"; readonly text: string; readonly citations?: readonly Citation[] }
  | { readonly kind: "refusal"; readonly text: string }
  | { readonly kind: "image"; readonly source: Source }
  | Reasoning
  | ToolCall
  /** What the provider's own tools did (web search, code): shown to nobody but a caller of the same format. */
  | { readonly kind: "server_tool"; readonly raw: JsonObject };

/** Where the text of an answer comes from. Formats name different things; a field is absent where it was not given. */
export interface Citation {
  readonly url?: string;
  readonly title?: string;
  readonly citedText?: string;
  /** The span of the block's text that it supports, UTF-16 units. */
  readonly startIndex?: number;
  readonly endIndex?: number;
  /** As it was sent, for what no other field holds. */
  readonly raw?: JsonObject;
}

/** Why the model stopped. */
export interface Finish {
  readonly reason: /** It had said everything. */
    | "stop"
    | "stop_sequence"
    | "length"
    | "tool_calls"
    | "content_filter"
    /** The model refused, in words or without. */
    | "refusal"
    /** Anthropic's `pause_turn`: send the turn back and it goes on. */
    | "pause"
    | "context_length"
    | "other";
  /** Which of the request's stop sequences it was. */
  readonly stopSequence?: string;
  /** The provider's own word. */
  readonly raw?: string;
}

/** Tokens, and what of them is priced apart. */
export interface AnswerUsage extends TokenUsage {
  /** Of `cacheWriteTokens`: those kept for an hour. */
  readonly cacheWrite1hTokens?: number;
  /** Searches that the provider ran. */
  readonly webSearches?: number;
}

/**
 * An event of a streamed answer. A reader gives: `start`, then blocks one after the other (`block_start`, any number of
 * `delta`, `block_end`; never two open at once: where a format interleaves, the reader holds the later one back), `usage` and
 * `finish` in any order, and `end` only when it saw the provider's own end mark. After `error` nothing follows.
 */
export type AnswerEvent =
  | {
      readonly kind: "start";
      readonly answer: Pick<ModelAnswer, "id" | "model" | "createdAtS" | "serviceTier">;
    }
  /** The block as far as it is known: empty text, empty arguments; a block that comes whole has its content here. */
  | { readonly kind: "block_start"; readonly block: Block }
  | { readonly kind: "delta"; readonly delta: BlockDelta }
  | { readonly kind: "block_end" }
  /** Everything that is known of the usage so far: a later one replaces it. */
  | { readonly kind: "usage"; readonly usage: AnswerUsage }
  | { readonly kind: "finish"; readonly finish: Finish }
  | { readonly kind: "error"; readonly error: ProviderError }
  /** The provider is alive and has nothing to say. */
  | { readonly kind: "ping" }
  | { readonly kind: "end" };

/** What is added to the open block. */
export type BlockDelta =
  /** To the text of a text, refusal or reasoning block. */
  | { readonly kind: "text"; readonly text: string }
  /** To the arguments of a tool call. */
  | { readonly kind: "arguments"; readonly json: string }
  /** The signature of a reasoning block or tool call. */
  | { readonly kind: "signature"; readonly signature: string }
  | { readonly kind: "encrypted"; readonly encrypted: string }
  | { readonly kind: "citation"; readonly citation: Citation };

/** An error as a provider told it. */
export interface ProviderError {
  readonly message: string;
  /** The HTTP status; for an error inside a stream the one it would have had, 500 where nothing says. */
  readonly status: number;
  /** The provider's word for the kind: `rate_limit_error`, `ThrottlingException`, `RESOURCE_EXHAUSTED`. */
  readonly type?: string;
  readonly code?: string;
  /** The request field that is at fault, by the provider's name. */
  readonly param?: string;
}

/**
 * What a provider answered, put together from its body, in one shape for every format: the pieces of a
 * stream are joined, nothing is translated. Each format has a folder whose reader folds into these types.
 */
import type { JsonObject } from "./json-value.ts";

/** The outcome of reading a body: readers report what they cannot read, they never throw. */
export type Reading<T> =
  | { readonly ok: true; readonly value: T }
  /** `reason` is a sentence for the trace. It quotes at most a few characters of the body. */
  | { readonly ok: false; readonly reason: string };

/** A call of a tool of the caller's. */
export interface ToolCall {
  /** Absent with the legacy `function_call`, and with providers that give none. */
  readonly id?: string;
  /** The provider's word for the kind of tool, `function` where it says nothing. */
  readonly type: string;
  /** Empty when the stream broke off before it came. */
  readonly name: string;
  /** As the model wrote them: JSON as a rule, but nobody checked it. */
  readonly arguments: string;
}

/** One of the alternative answers of a call; most calls have one. */
export interface Choice {
  readonly index: number;
  /** `assistant` where the provider says nothing. */
  readonly role: string;
  /** All text blocks joined without a separator; empty when there are none. */
  readonly text: string;
  readonly refusal?: string;
  /** Thinking that the provider sends apart from the text. Tags inside the text (`<think>`) stay there. */
  readonly reasoning: string;
  /** Structured thinking (OpenRouter's `reasoning_details`): text, summaries, signatures, encrypted blocks. */
  readonly reasoningDetails: readonly JsonObject[];
  readonly toolCalls: readonly ToolCall[];
  /** Parts of the content that are neither text nor thinking (images, references), in order. */
  readonly parts: readonly unknown[];
  /**
   * The whole content in the provider's own blocks and order, put together from their pieces: which text stands between which
   * tools, and what it cites. Absent in formats whose content is no list of blocks.
   */
  readonly blocks?: readonly JsonObject[];
  /** The provider's own word for why it stopped; absent when it never said. */
  readonly finishReason?: string;
  /** For how many tokens log probabilities came. */
  readonly logprobs: number;
  /** The log probabilities as they were sent, a token at a time; absent where none came. */
  readonly logprobTokens?: readonly unknown[];
  /** The message's other fields (annotations, audio, executed tools, …): lists joined, else the last value. */
  readonly other: JsonObject;
}

/** Tokens of a call as the provider counts them. Totals include the details named under them. */
export interface TokenUsage {
  /** All input tokens. */
  readonly inputTokens: number;
  /** Of the input: read from the provider's prompt cache. Absent when the provider says nothing. */
  readonly cacheReadTokens?: number;
  /** Of the input: written to the provider's prompt cache. */
  readonly cacheWriteTokens?: number;
  readonly inputAudioTokens?: number;
  /** All output tokens, thinking included. */
  readonly outputTokens: number;
  readonly reasoningTokens?: number;
  readonly outputAudioTokens?: number;
  /** Input and output. */
  readonly totalTokens: number;
}

/** One of several model calls that a provider made, and bills, for one answer. */
export interface BilledCall {
  /** The provider's word for what the call was for: `message`, `compaction`, `advisor_message`, `fallback_message`. */
  readonly kind: string;
  /** Absent where it was the model that answered. */
  readonly model?: string;
  readonly usage: TokenUsage;
  /** The row as the provider sent it. */
  readonly rawUsage: JsonObject;
}

/** An error that a body told of, whatever the status was. */
export interface AnswerError {
  readonly message: string;
  readonly type?: string;
  /** Providers send text (`model_not_found`) or numbers (429). */
  readonly code?: string | number;
  /** The error as it was sent. */
  readonly raw: unknown;
}

/** What came back of an embeddings call. The vectors stay in the record: a trace has no use for them. */
export interface EmbeddingSummary {
  /** How many vectors came. */
  readonly count: number;
  /** Numbers in each vector, in the answer's order; 0 for one that could not be read. */
  readonly dimensions: readonly number[];
}

/** An answer put together. */
export interface AssembledAnswer {
  readonly id?: string;
  /** The model that answered, by its own word. */
  readonly model?: string;
  /** Unix time, seconds. */
  readonly createdAtS?: number;
  readonly serviceTier?: string;
  readonly systemFingerprint?: string;
  /** In order of their index. Empty for embeddings and for errors. */
  readonly choices: readonly Choice[];
  readonly embeddings?: EmbeddingSummary;
  /** What came of an operation that gives no choices: a ranking, a transcript, a placeholder for a sound. */
  readonly output?: unknown;
  readonly usage?: TokenUsage;
  /** The usage object as the provider sent it. */
  readonly rawUsage?: JsonObject;
  /** The counts are those that a stream began with, for it broke off before the last ones: most of the output is not in them. */
  readonly usageOfStart?: true;
  /**
   * The model calls that are billed, when there were several or another than the answer's own: a bill is the sum of these
   * rows, since `usage` may leave some of them out. Searches and the like stand in `rawUsage` alone.
   */
  readonly billedCalls?: readonly BilledCall[];
  /** Searches that the provider ran, counted in its output because its usage does not tell them (OpenAI's responses). */
  readonly webSearches?: number;
  /** How many input tokens the request would have, from an operation that only counts them. Nothing was used. */
  readonly countedInputTokens?: number;
  /** What the provider's filters said of the prompt, as it was sent (Gemini's `promptFeedback`); a blocked one has no choices. */
  readonly promptFeedback?: JsonObject;
  readonly error?: AnswerError;
  /** Why the answer is not whole, in words. Absent when it is. */
  readonly truncated?: string;
  /** What of the answer could not be read, in words. */
  readonly warnings: readonly string[];
}

/** What a request asked for. */
export interface AssembledRequest {
  readonly model?: string;
  /** The end user, as the format's own field names it. */
  readonly user?: string;
  /** What the model was given: messages, tools and the like, or the text to embed. */
  readonly input: unknown;
  /** Settings of the call by their wire names: temperature, max_tokens, stop, … */
  readonly parameters: JsonObject;
}

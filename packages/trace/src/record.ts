/**
 * The trace record: what the gateway puts on the queue and the flusher reads, one per call.
 *
 * It is self-contained (the flusher asks nobody what happened) and holds the request and the answer as
 * the bytes that went over the wire: the gateway copies, the flusher thinks.
 */
import type { CallId, SpanId, TraceId } from "./ids.ts";

/** The version this code writes. A reader parks a record with a version it does not know. */
export const RECORD_VERSION = 1;

/** Every operation that is recorded, by the providers' own names. `proxy`: a path of a provider passed on as it is. */
export const ENDPOINTS = [
  "chat.completions",
  "completions",
  "embeddings",
  "responses",
  "messages",
  "messages.count_tokens",
  "images.generations",
  "audio.transcriptions",
  "audio.speech",
  "moderations",
  "rerank",
  "proxy",
] as const;

/** What the caller asked for. */
export type Endpoint = (typeof ENDPOINTS)[number];

/** Formats that an answer may have come in from a provider when the caller's format is another. */
export const ANSWER_FORMATS = [
  "openai-chat",
  "openai-responses",
  "anthropic-messages",
  "bedrock-converse",
  /** Anthropic's messages as Bedrock's `InvokeModel` gives them: a stream is framed as an AWS event stream. */
  "bedrock-invoke",
  "gemini-generate-content",
] as const;

/** See `ANSWER_FORMATS`. */
export type AnswerFormat = (typeof ANSWER_FORMATS)[number];

/** How much of a call's content may leave the account: all of it, all but what is recognised as private, or none. */
export const CAPTURE_MODES = ["full", "redacted", "metadata"] as const;

/** See `CAPTURE_MODES`, which are in order: each one lets less out than the one before. */
export type CaptureMode = (typeof CAPTURE_MODES)[number];

/** Whose call it was. Never the key itself: `id` is public, `hash` is the SHA-256 under which it is stored. */
export interface KeyIdentity {
  /** Public id of the virtual key, for example `key_3f9a…`. */
  readonly id: string;
  /** SHA-256 of the virtual key, hex. */
  readonly hash: string;
  /** The name its owner gave it. */
  readonly alias: string;
  readonly owner?: string;
  readonly tenant?: string;
  /** Langfuse environment that calls of this key belong to, unless the call names one. */
  readonly environment?: string;
}

/** Where in which trace the call belongs, and what the caller said about it. */
export interface TraceContext {
  readonly traceId: TraceId;
  /** The span of this call. */
  readonly spanId: SpanId;
  /** The caller's own span, when it sent a `traceparent`. */
  readonly parentSpanId?: SpanId;
  /** The caller's span is known to go where our traces go, so that the call is no root of its own. */
  readonly parentInProject?: true;
  readonly name?: string;
  /** What the caller calls this observation; absent: operation and model. */
  readonly spanName?: string;
  readonly userId?: string;
  readonly sessionId?: string;
  readonly tags?: readonly string[];
  /** Free key/value pairs; values are JSON values. */
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly feature?: string;
  readonly tenant?: string;
  /** The Langfuse prompt that made the request. */
  readonly prompt?: { readonly name: string; readonly version: number };
  readonly environment?: string;
  readonly organization?: string;
  readonly release?: string;
  /** The version of the app, or of what made the call in it. */
  readonly version?: string;
  /** The most of the call's content that may leave, by the caller's word. */
  readonly capture?: CaptureMode;
  /** What could not be read of the caller's trace context, in words: shown on the trace, never an error. */
  readonly warnings?: readonly string[];
}

/** One try to get an answer from a provider. Times are Unix time, ms. */
export interface Attempt {
  readonly provider: string;
  /** The model's name as sent to the provider. */
  readonly model: string;
  readonly startedAtMs: number;
  /** When the answer's status and headers were there. */
  readonly headersAtMs?: number;
  readonly endedAtMs: number;
  /** HTTP status, absent when no answer came. */
  readonly status?: number;
  /** Why there was no complete answer. */
  readonly error?: { readonly code: string; readonly message: string };
}

/** How the call ended. */
export type Outcome =
  /** The provider's answer was passed on whole, whatever its status. */
  | { readonly kind: "answered" }
  /** The gateway refused before it called a provider. */
  | { readonly kind: "refused"; readonly status: number; readonly code: string; readonly message: string }
  /** The provider gave no answer, or broke off in the middle. */
  | { readonly kind: "failed"; readonly code: string; readonly message: string };

/** What a provider answered, as received: before decompression, with the usage chunk we asked for. */
export interface Answer {
  readonly status: number;
  /** The format of `body`, when it is not the one that the endpoint's callers speak. */
  readonly format?: AnswerFormat;
  /** The provider's headers that are safe to keep, names in lower case. Never cookies or credentials. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** Bytes that came after the capture limit and are not in `body`; 0 when it is whole. */
  readonly omittedBytes: number;
}

/** When things happened, Unix time, ms. */
export interface CallTimes {
  readonly startedAtMs: number;
  /** First byte of the provider's body. */
  readonly firstByteAtMs?: number;
  readonly endedAtMs: number;
  /** Time the gateway itself took before the provider was called, ms. */
  readonly overheadMs: number;
}

/** An account that a call is entered in, as it stood when the call was admitted. */
export interface LedgerAccount {
  readonly ownerKind: "key" | "tenant";
  /** The key's public id, or the tenant's name. */
  readonly ownerId: string;
  /** The period that the call counts in, for example `month#2026-11`. */
  readonly periodId: string;
  /** What was set aside for the call, to be replaced by its cost; absent when nothing was. USD as decimal text. */
  readonly hold?: { readonly bucket: number; readonly amountUsd: string };
  /** The budget, and what was spent of it. USD as decimal text; the reset as Unix time in ms. */
  readonly budget?: { readonly limitUsd: string; readonly spentUsd: string; readonly resetsAtMs?: number };
}

/** What every kind of record says of its call. */
interface CallRecord {
  readonly version: typeof RECORD_VERSION;
  readonly callId: CallId;
  readonly endpoint: Endpoint;
  /** Whether the caller asked for a stream. */
  readonly streaming: boolean;
  readonly key: KeyIdentity;
  readonly trace: TraceContext;
  /** The model's name as the caller wrote it; absent when the request names none. */
  readonly requestedModel?: string;
  /** What the caller sent: the bytes of the body, before any edit of ours. */
  readonly request: { readonly contentType: string; readonly body: Uint8Array };
  /** Of a `proxy` call: what was asked of the provider, `path` without the query. */
  readonly passage?: { readonly method: string; readonly path: string };
  /** Names of the drains that its key's traces go to. Absent: all whose conditions it fits. */
  readonly drains?: readonly string[];
  /** The most that may leave, by its key and by the call itself; a drain may let out less. Absent: as the drain says. */
  readonly capture?: CaptureMode;
  /** Where its cost is to be entered. Empty for a call that was not admitted. */
  readonly accounts: readonly LedgerAccount[];
  readonly caller: {
    readonly ip?: string;
    readonly userAgent?: string;
    /** Those of its headers that some drain keeps, names in lower case. Never credentials. */
    readonly headers?: Readonly<Record<string, string>>;
  };
  /** The deployed Sluice version that wrote the record. */
  readonly gatewayVersion: string;
}

/** A finished call. */
export interface ExchangeRecord extends CallRecord {
  readonly kind: "exchange";
  readonly attempts: readonly Attempt[];
  readonly answer?: Answer;
  readonly outcome: Outcome;
  readonly times: CallTimes;
  /** Fields of the request that the provider's format has no word for, as the caller wrote them, and that were left out. */
  readonly droppedParams?: readonly string[];
  /** Whether the answer came from a cache. Absent: none was asked. */
  readonly cache?: "hit" | "miss";
}

/**
 * A call that has begun: the dead man's switch. It is sent when the call starts, with a delay that outlasts it. When it
 * arrives and nothing is known of the call's end, the function that served it was killed.
 */
export interface OpenedRecord extends CallRecord {
  readonly kind: "opened";
  /** Where the call was about to go. */
  readonly provider: string;
  readonly model: string;
  /** Unix time, ms. */
  readonly startedAtMs: number;
  /** When the platform would have ended the call by force, Unix time in ms. */
  readonly deadlineAtMs: number;
}

/** Every kind of record. A reader meets a kind it does not know by parking the message. */
export type TraceRecord = ExchangeRecord | OpenedRecord;

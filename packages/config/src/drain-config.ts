/** What a user may write for a drain in `drains`: a place that traces go to, and what may go there. */
import type { CaptureMode } from "@sluice/trace";
import type { RouteCondition } from "./model-config.ts";

/** Kinds of drains; see `DrainConfig.type`. */
export const DRAIN_TYPES = ["langfuse", "langfuse-legacy", "otlp"] as const;

/** How an `otlp` drain is spoken to (OpenTelemetry Protocol specification, "OTLP/HTTP"). */
export const OTLP_PROTOCOLS = ["http/protobuf", "http/json"] as const;

/** What redaction finds by itself. */
export const DETECTORS = ["email", "phone", "card", "iban", "ip", "api-key", "jwt"] as const;

/** One of `OTLP_PROTOCOLS`. */
export type OtlpProtocol = (typeof OTLP_PROTOCOLS)[number];

/** Where traces go. Its credentials are in the drains' secret, under the drain's name. */
export interface DrainConfig {
  /**
   * `langfuse`: OTLP to Langfuse Cloud or self-hosted v3.22 and later. `langfuse-legacy`: the ingestion batch of self-hosted
   * Langfuse v2 and v3. `otlp`: any OpenTelemetry backend.
   */
  readonly type: (typeof DRAIN_TYPES)[number];
  /**
   * The server, for example `https://cloud.langfuse.com`; of `otlp` everything before `/v1/traces`. Default for `langfuse`:
   * Langfuse Cloud (EU). `LANGFUSE_BASE_URL` wins for both types of Langfuse.
   */
  readonly baseUrl?: string;
  /** Of `otlp` only. Default `http/protobuf`. */
  readonly protocol?: OtlpProtocol;
  /** Headers of each export, names in lower case; of `otlp` only. Secret ones stand in the drains' secret, member `headers`. */
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * Which calls it takes: every field that is given must hold. Default: all. A virtual key that names drains has its calls
   * taken by no others, and by those only where their condition holds.
   */
  readonly when?: RouteCondition;
  /** Its traces wait in the queue, as if it were away, for up to 13 days. Default false. */
  readonly paused?: boolean;
  /** The share of traces that it takes, 0 to 1, chosen by trace id; calls that went wrong are always taken. Default 1. */
  readonly sampleRate?: number;
  /** What of a call's content may go there. Default `full`. The strictest of drain, key and call holds. */
  readonly capture?: CaptureMode;
  /** How content is redacted where the capture mode is `redacted`. */
  readonly redaction?: RedactionConfig;
  readonly keep?: KeepConfig;
  /** Where images, audio and files of a call go. Default: `langfuse` for type `langfuse`, which alone can have it; else `placeholder`. */
  readonly media?: "langfuse" | "placeholder";
}

/** How content is redacted. */
export interface RedactionConfig {
  /** What is found. Default: everything. */
  readonly detectors?: readonly (typeof DETECTORS)[number][];
  /** What else is found: a name that is shown in place of a hit, and a regular expression. */
  readonly patterns?: Readonly<Record<string, string>>;
  /** Whether users are shown by a hash of their id. Default false. */
  readonly hashUserIds?: boolean;
}

/** What of a call goes along beside its content. */
export interface KeepConfig {
  /** The caller's IP address. Default true. */
  readonly clientIp?: boolean;
  /** The caller's `user-agent`. Default true. */
  readonly userAgent?: boolean;
  /** Names of the caller's headers, in lower case. Default: none. */
  readonly requestHeaders?: readonly string[];
  /** Log probabilities of the answer's tokens, which are many times as large as its text. Default false. */
  readonly logprobs?: boolean;
}

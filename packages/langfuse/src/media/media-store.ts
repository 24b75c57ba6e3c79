/** What the flusher asks of the place where a drain keeps images, sounds and files. */
import type { SpanId, TraceId } from "@sluice/trace";
import type { ExportOutcome } from "../drain.ts";

/** A file that a span refers to. */
export interface Media {
  /** One that Langfuse takes. */
  readonly mediaType: string;
  readonly content: Uint8Array;
  /** Of the content, in base64. */
  readonly sha256: string;
  /** The text in the span that stands for it. */
  readonly reference: string;
  /** The side of the observation on which it stands. */
  readonly field: "input" | "output";
}

/** The files of one span. */
export interface SpanMedia {
  readonly traceId: TraceId;
  readonly spanId: SpanId;
  /** When the call ended, Unix time in ms: for how long its trace may wait for them is counted from here. */
  readonly endedAtMs: number;
  readonly media: readonly Media[];
}

/** What became of the files of one span. */
export type MediaOutcome =
  /** All are there: the span can be sent. */
  | { readonly kind: "stored" }
  /** Some never will be: the span can be sent once placeholders stand for those (`withPlaceholders`). */
  | { readonly kind: "refused"; readonly media: readonly Media[]; readonly reason: string }
  /** Not now: the span has to wait. */
  | Extract<ExportOutcome, { readonly kind: "retry" }>;

/** A store of files, at a drain. */
export interface MediaStore {
  /** Stores the files of spans, each content once; the outcomes are in their order. Never rejects. */
  store(spans: readonly SpanMedia[]): Promise<readonly MediaOutcome[]>;
}

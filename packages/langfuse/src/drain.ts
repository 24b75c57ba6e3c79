/** What every destination of traces offers to the flusher. */
import type { MediaStore } from "./media/media-store.ts";
import type { ObservedCall } from "./observed-call.ts";

/**
 * Why a drain takes nothing until somebody acts: no keys are stored, what is stored cannot be keys, it refuses them (401) or
 * the access of whose they are (403), or its server takes no drain of this type.
 */
export type DrainRefusal =
  | "keys_missing"
  | "keys_malformed"
  | "keys_refused"
  | "access_denied"
  | "type_refused";

/** What became of one trace at one drain. */
export type ExportOutcome =
  | { readonly kind: "delivered" }
  /** Not now: the drain is away, or refuses until somebody acts. `retryAfterMs` is the drain's own wish. */
  | {
      readonly kind: "retry";
      readonly reason: string;
      readonly retryAfterMs?: number;
      readonly refusal?: DrainRefusal;
    }
  /** Never: the drain refuses this trace as it is. */
  | { readonly kind: "rejected"; readonly reason: string };

/**
 * Has a call kept whole, because its trace will be cut, and gives the place to be named in the trace (`s3://bucket/key`). The
 * same call always gives the same place; it is filled before the trace is sent.
 */
export type KeepWhole = () => string;

/** A place that traces go to. */
export interface Drain {
  /** As the config names it. */
  readonly name: string;
  /** Where the images, sounds and files go that its traces refer to. Absent: placeholders stand for them. */
  readonly media?: MediaStore;
  /** The trace of a call in this drain's own format. Deterministic. `keepWhole` is called when fields of it have to be cut. */
  encode(call: ObservedCall, keepWhole?: KeepWhole): Uint8Array;
  /** Sends encoded traces; the outcomes are in their order. Never rejects. */
  export(traces: readonly Uint8Array[]): Promise<readonly ExportOutcome[]>;
}

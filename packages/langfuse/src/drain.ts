/** What every destination of traces offers to the flusher. */
import type { ObservedCall } from "./observed-call.ts";

/** Why a drain takes nothing until somebody acts: no keys are stored, it refuses them (401), or the organisation's access (403). */
export type DrainRefusal = "keys_missing" | "keys_refused" | "access_denied";

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

/** A place that traces go to. */
export interface Drain {
  /** As the config names it. */
  readonly name: string;
  /** The trace of a call in this drain's own format. Deterministic. */
  encode(call: ObservedCall): Uint8Array;
  /** Sends encoded traces; the outcomes are in their order. Never rejects. */
  export(traces: readonly Uint8Array[]): Promise<readonly ExportOutcome[]>;
}

/** Collects messages into batches by the rules of an event source mapping: count, time and bytes. */
import { type BatchEntry, EMPTY_EVENT_BYTES, MAX_EVENT_BYTES } from "./sqs-event.ts";

/** When a batch is complete; whichever comes first. */
export interface BatchLimits {
  /** Messages. */
  readonly size: number;
  /** Time since its first message, ms. */
  readonly windowMs: number;
}

/** Receives at most `count` messages, waiting at most `waitMs` for the first one. */
export type Receive = (count: number, waitMs: number) => Promise<readonly BatchEntry[]>;

/** Makes one batch after the other. */
export interface BatchCollector {
  /**
   * The next batch. Empty when nothing has come for `waitMs`, or when it was told to stop. What does not
   * fit into a batch is in the next one.
   */
  next(waitMs: number): Promise<readonly BatchEntry[]>;
  /** Messages that were received and are in no batch yet. */
  readonly pending: number;
}

/** SQS gives at most ten messages at a time. */
const MAX_RECEIVE = 10;

/**
 * `stopping` ends a window early. `now` is a monotonic clock, ms. A failure to receive is thrown from `next`
 * when no message would be lost by that; otherwise the batch is what there was before.
 */
export function createBatchCollector(
  receive: Receive,
  limits: BatchLimits,
  { stopping, now }: { readonly stopping: AbortSignal; readonly now: () => number },
): BatchCollector {
  let pending: readonly BatchEntry[] = [];

  return {
    get pending() {
      return pending.length;
    },
    next: async (waitMs) => {
      const batch: BatchEntry[] = [];
      let bytes = EMPTY_EVENT_BYTES;
      let closesAtMs: number | undefined;

      /** Moves what fits from `pending` into the batch; false when the batch is complete. */
      const take = (): boolean => {
        for (const [index, entry] of pending.entries()) {
          const fits = batch.length < limits.size && bytes + entry.bytes <= MAX_EVENT_BYTES;
          // A message that is too large on its own goes alone: the invocation will say so.
          if (!fits && batch.length > 0) {
            pending = pending.slice(index);
            return false;
          }
          batch.push(entry);
          bytes += entry.bytes;
        }
        pending = [];
        return batch.length < limits.size;
      };

      while (take() && !stopping.aborted) {
        if (batch.length > 0) closesAtMs ??= now() + limits.windowMs;
        const leftMs = closesAtMs === undefined ? waitMs : closesAtMs - now();
        if (leftMs <= 0 && batch.length > 0) break;
        try {
          pending = await receive(Math.min(MAX_RECEIVE, limits.size - batch.length), Math.max(0, leftMs));
        } catch (error) {
          if (batch.length === 0) throw error;
          break;
        }
        if (pending.length === 0 && batch.length === 0) break;
      }
      return batch;
    },
  };
}

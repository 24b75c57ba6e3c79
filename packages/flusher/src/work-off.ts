/** What is done with the messages of one event: what is due is flushed, and what must come back is put off. */
import { retryDelayMs } from "./backoff.ts";
import type { Flush, FlushResult } from "./flush.ts";
import type { Log, Postponed, PutOff, QueueMessage } from "./ports.ts";

/** What it is made of. */
export interface WorkOffOptions {
  readonly flush: Flush;
  /** Gets what became of the messages that were due. */
  readonly onFlushed?: (messages: readonly QueueMessage[], result: FlushResult) => void;
  readonly log: Pick<Log, "warn">;
  /** In [0, 1): spreads the waits of messages. */
  readonly random: () => number;
  /** Unix time, ms. */
  readonly nowMs: () => number;
}

/**
 * Works messages off. Resolves to the ids of exactly those that must come back, each of which was given its own time to do so; one
 * that was sent afresh for it is not among them. Never rejects.
 */
export type WorkOff = (
  messages: readonly QueueMessage[],
  putOff: PutOff,
  limits?: Parameters<Flush>[1],
) => Promise<readonly string[]>;

/** Works off over a flusher. */
export function createWorkOff({ flush, onFlushed, log, random, nowMs }: WorkOffOptions): WorkOff {
  return async (messages, putOff, limits) => {
    const { due, early } = separateEarly(messages, nowMs());
    const result = await flush(due, limits);
    onFlushed?.(due, result);
    const failures = new Map(result.failed.map((failure) => [failure.id, failure]));
    const failed = due.flatMap((message): readonly Postponed[] => {
      const failure = failures.get(message.id);
      if (!failure) return [];
      return [{ message, delayMs: retryDelayMs(message.receiveCount, failure.retryAfterMs, random()) }];
    });
    const comingBack = [...early, ...failed];
    const sentAfresh = await putOff(comingBack);
    if (sentAfresh.size > 0) {
      log.warn("Messages were sent afresh, with a delay: the queue hides as many that wait as it should.", {
        count: sentAfresh.size,
      });
    }
    return comingBack.map(({ message }) => message.id).filter((id) => !sentAfresh.has(id));
  };
}

/**
 * Which messages are due, and which were sent afresh with a longer wait than the queue can delay and have some of it left. The
 * receive of the latter does not count: nothing was tried.
 */
function separateEarly(messages: readonly QueueMessage[], nowMs: number) {
  const due: QueueMessage[] = [];
  const early: Postponed[] = [];
  for (const message of messages) {
    const delayMs = (message.dueAtMs ?? 0) - nowMs;
    if (delayMs <= 0) due.push(message);
    else early.push({ message: { ...message, receiveCount: message.receiveCount - 1 }, delayMs });
  }
  return { due, early };
}

/** A standard queue by the rules of SQS, on a clock that a test moves: days pass in it at once. */
import type { QueueMessage } from "@sluice/flusher";

/** A queue's settings, as `infra/queue.ts` has them. */
export interface ModelQueueOptions {
  readonly nowMs: () => number;
  readonly retentionMs: number;
  readonly visibilityTimeoutMs: number;
  /** Receives after which SQS moves a message to the dead-letter queue by itself. */
  readonly maximumReceives: number;
}

/** A message that left the queue in another way than by being deleted. */
export interface Gone {
  readonly body: string;
  readonly sentAtMs: number;
}

/** What the queue offers to its consumer, and what a test may see. */
export interface ModelQueue {
  send(body: string): void;
  /** Up to `count` messages that are visible, each received once more and then hidden. */
  receive(count: number): readonly QueueMessage[];
  /** Hides a message for so long from now on. */
  changeVisibility(id: string, ms: number): void;
  delete(id: string): void;
  /** When the next message can be received, Unix time in ms; undefined when the queue is empty. */
  nextVisibleAtMs(): number | undefined;
  readonly size: number;
  /** The largest receive count that any message has reached. */
  readonly mostReceives: number;
  /** Messages that were moved after too many receives: with their first timestamp, as SQS does. */
  readonly redriven: readonly Gone[];
  /** Messages whose retention ended. */
  readonly dropped: readonly Gone[];
}

interface Stored {
  readonly id: string;
  readonly body: string;
  readonly sentAtMs: number;
  visibleAtMs: number;
  receives: number;
}

/** An empty queue. */
export function modelQueue(options: ModelQueueOptions): ModelQueue {
  const { nowMs, retentionMs, visibilityTimeoutMs, maximumReceives } = options;
  const messages = new Map<string, Stored>();
  const redriven: Gone[] = [];
  const dropped: Gone[] = [];
  let sent = 0;
  let mostReceives = 0;

  const expire = () => {
    for (const { id, body, sentAtMs } of messages.values()) {
      if (nowMs() - sentAtMs < retentionMs) continue;
      messages.delete(id);
      dropped.push({ body, sentAtMs });
    }
  };
  const receiveOne = (message: Stored): QueueMessage | undefined => {
    const { id, body, sentAtMs } = message;
    if (message.receives >= maximumReceives) {
      messages.delete(id);
      redriven.push({ body, sentAtMs });
      return undefined;
    }
    message.receives += 1;
    message.visibleAtMs = nowMs() + visibilityTimeoutMs;
    mostReceives = Math.max(mostReceives, message.receives);
    return { id, body, sentAtMs, receiveCount: message.receives, attributes: {} };
  };

  return {
    send(body) {
      const id = `m${sent++}`;
      messages.set(id, { id, body, sentAtMs: nowMs(), visibleAtMs: nowMs(), receives: 0 });
    },
    receive(count) {
      expire();
      const visible = [...messages.values()].filter(({ visibleAtMs }) => visibleAtMs <= nowMs());
      return visible.slice(0, count).flatMap((message) => receiveOne(message) ?? []);
    },
    changeVisibility(id, ms) {
      const message = messages.get(id);
      if (message) message.visibleAtMs = nowMs() + ms;
    },
    delete: (id) => void messages.delete(id),
    nextVisibleAtMs() {
      const times = messages.values().map(({ visibleAtMs }) => visibleAtMs);
      return messages.size === 0 ? undefined : times.reduce((first, time) => Math.min(first, time));
    },
    get size() {
      return messages.size;
    },
    get mostReceives() {
      return mostReceives;
    },
    redriven,
    dropped,
  };
}

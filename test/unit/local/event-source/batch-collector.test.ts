import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createBatchCollector } from "../../../../packages/local/src/event-source/batch-collector.ts";
import {
  type BatchEntry,
  MAX_EVENT_BYTES,
  sqsEvent,
} from "../../../../packages/local/src/event-source/sqs-event.ts";

function entry(id: number, bytes = 100): BatchEntry {
  const json = JSON.stringify({ messageId: String(id), body: "x".repeat(bytes) });
  return { messageId: String(id), receiptHandle: `r${id}`, json, bytes: json.length + 1 };
}

/** A queue with these messages and a clock that only receiving moves: an empty receive waits to its end. */
function queueOf(entries: readonly BatchEntry[]) {
  const queue = [...entries];
  let nowMs = 0;
  return {
    now: () => nowMs,
    receive: async (count: number, waitMs: number) => {
      const received = queue.splice(0, count);
      nowMs += received.length > 0 ? 10 : waitMs;
      return received;
    },
    waiting: () => queue.length,
  };
}

const ids = (batch: readonly BatchEntry[]) => batch.map(({ messageId }) => Number(messageId));

describe("a batch", () => {
  it("is complete at its size, and asks for no more than it can take", async () => {
    const queue = queueOf(Array.from({ length: 40 }, (_, i) => entry(i)));
    const collector = createBatchCollector(
      queue.receive,
      { size: 25, windowMs: 60_000 },
      { stopping: new AbortController().signal, now: queue.now },
    );

    const batch = await collector.next(1000);

    expect(ids(batch)).toEqual(Array.from({ length: 25 }, (_, i) => i));
    expect(queue.waiting()).toBe(15);
    expect(collector.pending).toBe(0);
  });

  it("is closed by its window", async () => {
    const queue = queueOf([entry(1), entry(2)]);
    const collector = createBatchCollector(
      queue.receive,
      { size: 1000, windowMs: 500 },
      { stopping: new AbortController().signal, now: queue.now },
    );

    expect(ids(await collector.next(1000))).toEqual([1, 2]);
    expect(queue.now()).toBe(510);
  });

  it("is what one receive gives when there is no window", async () => {
    const queue = queueOf(Array.from({ length: 15 }, (_, i) => entry(i)));
    const collector = createBatchCollector(
      queue.receive,
      { size: 1000, windowMs: 0 },
      { stopping: new AbortController().signal, now: queue.now },
    );

    expect(await collector.next(1000)).toHaveLength(10);
  });

  it("is empty when nothing comes", async () => {
    const queue = queueOf([]);
    const collector = createBatchCollector(
      queue.receive,
      { size: 10, windowMs: 0 },
      { stopping: new AbortController().signal, now: queue.now },
    );

    expect(await collector.next(1000)).toEqual([]);
    expect(queue.now()).toBe(1000);
  });

  it("is kept when the queue fails while it is gathered", async () => {
    let calls = 0;
    const collector = createBatchCollector(
      async () => {
        if (calls++ > 0) throw new Error("no queue");
        return [entry(1)];
      },
      { size: 10, windowMs: 60_000 },
      { stopping: new AbortController().signal, now: () => 0 },
    );

    expect(ids(await collector.next(1000))).toEqual([1]);
    await expect(collector.next(1000)).rejects.toThrow("no queue");
  });

  it("is passed on at once when the poller stops", async () => {
    const queue = queueOf([entry(1)]);
    const stopping = new AbortController();
    const collector = createBatchCollector(
      (count, waitMs) => {
        stopping.abort();
        return queue.receive(count, waitMs);
      },
      { size: 10, windowMs: 60_000 },
      { stopping: stopping.signal, now: queue.now },
    );

    expect(ids(await collector.next(1000))).toEqual([1]);
    expect(queue.now()).toBe(10);
  });
});

it("never makes an event above the payload limit, and loses no message", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 1_400_000 }), { maxLength: 40 }),
      fc.integer({ min: 1, max: 20 }),
      async (sizes, size) => {
        const queue = queueOf(sizes.map((bytes, id) => entry(id, bytes)));
        const collector = createBatchCollector(
          queue.receive,
          { size, windowMs: 300_000 },
          { stopping: new AbortController().signal, now: queue.now },
        );
        const seen: number[] = [];
        for (;;) {
          const batch = await collector.next(1000);
          if (batch.length === 0) break;
          expect(batch.length).toBeLessThanOrEqual(size);
          expect(Buffer.byteLength(sqsEvent(batch))).toBeLessThanOrEqual(MAX_EVENT_BYTES);
          seen.push(...ids(batch));
        }
        expect(seen).toEqual(sizes.map((_, id) => id));
      },
    ),
    { numRuns: 30 },
  );
});

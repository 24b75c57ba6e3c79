/** Parking and counting: what is counted as parked is in the dead-letter queue, once. */
import { createFlusher, type DeliveryLedger, PARK_AFTER_MS, type QueueMessage } from "@sluice/flusher";
import type { Drain } from "@sluice/langfuse";
import { loadCatalogue } from "@sluice/prices";
import { describe, expect, it } from "vitest";
import {
  type MemoryDeliveries,
  memoryAccounts,
  memoryDeliveries,
  memorySettlements,
} from "../../support/ledger.ts";
import { messageBody, numberedRecord } from "../../support/records.ts";

function message(body: string): QueueMessage {
  return { id: `m-${body.slice(-12)}`, body, sentAtMs: 0, receiveCount: 1 };
}

const refusing: Drain = {
  name: "main",
  encode: ({ record }) => Buffer.from(record.callId),
  export: async (traces) =>
    await Promise.resolve(traces.map(() => ({ kind: "rejected", reason: "invalid" }))),
};

/** A flusher whose drain refuses everything, over a ledger that a test disturbs. */
function world(disturbed: (ledger: MemoryDeliveries) => Partial<DeliveryLedger> = () => ({})) {
  const clock = { nowMs: 0 };
  const ledger = memoryDeliveries(() => clock.nowMs);
  const deadLetters: string[] = [];
  const accounts = memoryAccounts();
  const flush = createFlusher({
    claims: { fetch: () => Promise.resolve(undefined) },
    park: async ({ body }) => {
      deadLetters.push(body);
      await Promise.resolve();
    },
    drains: [refusing],
    loadPrices: () => loadCatalogue(),
    deliveries: { ...ledger, ...disturbed(ledger) },
    settlements: memorySettlements(accounts),
    accounts,
    announce: () => Promise.resolve(),
    log: { error: () => undefined, warn: () => undefined },
    nowMs: () => clock.nowMs,
  });
  return { flush, ledger, deadLetters, clock };
}

/** Fails the first time, and works then. */
function onceAway<A extends readonly unknown[], R>(
  work: (...args: A) => R,
  away: () => R,
): (...args: A) => R {
  let times = 0;
  return (...args) => (times++ === 0 ? away() : work(...args));
}

const call = message(messageBody(numberedRecord(1)));
const foreign = message("not a record");

describe("a parked message", () => {
  it("is counted as a call, or beside the calls when it names none", async () => {
    const { flush, ledger, deadLetters } = world();
    const { parked } = await flush([call, foreign]);
    expect(parked).toHaveLength(2);
    expect(deadLetters).toHaveLength(2);
    expect(ledger.counts()).toEqual({ accepted: 1, open: 0, delivered: 0, parked: 1, unreadable: 1 });
  });

  it("that could not be counted comes again, and is counted once", async () => {
    const { flush, ledger, deadLetters, clock } = world((ledger) => ({
      markParked: onceAway(ledger.markParked, async () => {
        return await Promise.resolve([{ status: "rejected", reason: new Error("away") }]);
      }),
      markUnreadable: onceAway(ledger.markUnreadable, () => Promise.reject(new Error("away"))),
    }));
    const first = await flush([call, foreign]);
    expect(first.parked).toEqual([]);
    expect(first.failed.map(({ reason }) => reason)).toEqual([
      expect.stringContaining("could not be counted (away)"),
      expect.stringContaining("could not be counted (away)"),
    ]);
    expect(ledger.counts()).toMatchObject({ accepted: 1, open: 1, parked: 0, unreadable: 0 });
    // Its consumer has it until the lease ends.
    clock.nowMs += 6 * 60_000;
    expect((await flush([call, foreign])).parked).toHaveLength(2);
    // The dead-letter queue has both twice, which a replay makes one of again.
    expect(deadLetters).toHaveLength(4);
    expect(ledger.counts()).toMatchObject({ accepted: 1, open: 0, parked: 1, unreadable: 1 });
  });

  it("that SQS hands out once more stays parked, for the copy need not come back", async () => {
    const { flush, ledger, deadLetters } = world();
    await flush([call]);
    expect(await flush([{ ...call, receiveCount: 2 }])).toMatchObject({ doneIds: [call.id], duplicates: 1 });
    expect(deadLetters).toHaveLength(1);
    expect(ledger.counts()).toMatchObject({ accepted: 1, open: 0, parked: 1 });
    // What a replay sends is another message.
    expect(await flush([{ ...call, id: "replayed" }])).toMatchObject({ parked: [{ id: "replayed" }] });
    expect(deadLetters).toHaveLength(2);
  });

  it("is counted under its call when only its claimed object is gone", async () => {
    const { flush, ledger } = world();
    const key = `claims/2026-11-21/${numberedRecord(7).callId}`;
    const { parked } = await flush([message(`sluice/1 claim ${JSON.stringify({ key, bytes: 9 })}`)]);
    expect(parked).toHaveLength(1);
    expect(ledger.counts()).toMatchObject({ accepted: 1, parked: 1, unreadable: 0 });
  });
});

describe("a message that is parked while another consumer has its call", () => {
  const HOUR_MS = 60 * 60_000;

  /** The other one has the call for an hour from now on. */
  async function takenByAnother(ledger: MemoryDeliveries, nowMs: number): Promise<void> {
    const { callId } = numberedRecord(1);
    await ledger.take([{ callId, messageId: "another", dead: false, seenBefore: false }], nowMs + HOUR_MS);
  }

  async function isFree(ledger: MemoryDeliveries, nowMs: number): Promise<boolean> {
    const { callId } = numberedRecord(1);
    const [outcome] = await ledger.take(
      [{ callId, messageId: "third", dead: false, seenBefore: false }],
      nowMs + HOUR_MS,
    );
    return outcome?.status === "fulfilled" && outcome.value.kind === "taken";
  }

  it("leaves it the call when the message is near the end of its retention", async () => {
    const { flush, ledger, clock } = world();
    clock.nowMs = PARK_AFTER_MS;
    await takenByAnother(ledger, clock.nowMs);
    expect((await flush([call])).parked).toMatchObject([
      { reason: expect.stringContaining("Another consumer") as string },
    ]);
    expect(await isFree(ledger, clock.nowMs)).toBe(false);
  });

  it("leaves it the call when word of the parking is repeated, its answer having been lost", async () => {
    const { flush, ledger } = world((ledger) => ({
      markParked: async (calls) => {
        await ledger.markParked(calls);
        await takenByAnother(ledger, 0);
        return await ledger.markParked(calls);
      },
    }));
    expect((await flush([call])).parked).toHaveLength(1);
    expect(await isFree(ledger, 0)).toBe(false);
  });
});

describe("a delivered call", () => {
  it("whose mark the ledger does not take comes back, for a call that is done must be counted as delivered", async () => {
    const accepting: Drain = {
      ...refusing,
      export: async (traces) => await Promise.resolve(traces.map(() => ({ kind: "delivered" }))),
    };
    const ledger = memoryDeliveries();
    const accounts = memoryAccounts();
    const flush = createFlusher({
      claims: { fetch: () => Promise.resolve(undefined) },
      park: () => Promise.resolve(),
      drains: [accepting],
      loadPrices: () => loadCatalogue(),
      deliveries: {
        ...ledger,
        markDelivered: onceAway(ledger.markDelivered, async () => {
          return await Promise.resolve([{ status: "rejected", reason: new Error("away") }]);
        }),
      },
      settlements: memorySettlements(accounts),
      accounts,
      announce: () => Promise.resolve(),
      log: { error: () => undefined, warn: () => undefined },
      nowMs: () => 0,
    });
    expect((await flush([call])).failed).toHaveLength(1);
    expect(ledger.counts()).toMatchObject({ accepted: 1, open: 1 });
    expect((await flush([call])).doneIds).toHaveLength(1);
    expect(ledger.counts()).toMatchObject({ accepted: 1, open: 0, delivered: 1 });
  });
});

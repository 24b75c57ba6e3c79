/** When a call is said to be missing, and when not. */
import {
  createReconciler,
  type DeliveryCounts,
  type HourCounts,
  type QueueDepth,
  type Reconciliation,
  reconcile,
} from "@sluice/flusher";
import { describe, expect, it } from "vitest";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const TEN = Date.UTC(2026, 10, 21, 10);
const EMPTY: QueueDepth = { waiting: 0, inFlight: 0, delayed: 0 };

function hour(hourMs: number, counts: Partial<HourCounts>): HourCounts {
  return {
    hourMs,
    accepted: 0,
    delivered: 0,
    parked: 0,
    inFlight: 0,
    lastTaken: 0,
    unreadable: 0,
    ...counts,
  };
}

/** Three calls of ten o'clock, one of which was last tried in that hour and is in flight. */
const ONE_OPEN = [
  hour(TEN, { accepted: 3, delivered: 1, parked: 1, inFlight: 1, lastTaken: 1, unreadable: 2 }),
];

describe("the equation", () => {
  it("is the sum over all hours, with unreadable messages beside it", () => {
    const hours = [...ONE_OPEN, hour(TEN + HOUR_MS, { accepted: 5, delivered: 5 })];
    const depth = { ...EMPTY, inFlight: 1 };
    const found = reconcile({ depth, hours, workedOffAtMs: undefined, nowMs: TEN + 2 * HOUR_MS });
    expect(found).toEqual({
      accepted: 8,
      delivered: 6,
      parked: 1,
      inFlight: 1,
      unreadable: 2,
      unaccounted: 0,
      oldestBeforeMs: TEN + HOUR_MS,
      lastHourMs: TEN + HOUR_MS,
    });
  });

  it("of nothing is nothing", () => {
    expect(reconcile({ depth: EMPTY, hours: [], workedOffAtMs: TEN, nowMs: TEN })).toEqual({
      accepted: 0,
      delivered: 0,
      parked: 0,
      inFlight: 0,
      unreadable: 0,
      unaccounted: 0,
    });
  });

  it("that does not add up is unaccounted for by as much, whichever way", () => {
    const nowMs = TEN + MINUTE_MS;
    for (const accepted of [3, 9]) {
      const hours = [hour(TEN, { accepted, delivered: 6 })];
      expect(reconcile({ depth: EMPTY, hours, workedOffAtMs: nowMs, nowMs }).unaccounted).toBe(3);
    }
  });
});

describe("a call in flight", () => {
  const cases: readonly {
    readonly name: string;
    readonly depth?: Partial<QueueDepth>;
    readonly nowMs: number;
    readonly workedOffAtMs?: number;
    readonly unaccounted: number;
  }[] = [
    { name: "that was taken this hour may be at work", nowMs: TEN + 59 * MINUTE_MS, unaccounted: 0 },
    {
      name: "may be at work for a run of the flusher after its hour",
      nowMs: TEN + HOUR_MS + 14 * MINUTE_MS,
      unaccounted: 0,
    },
    {
      name: "is missing when the queue is empty a quarter of an hour after its hour",
      nowMs: TEN + HOUR_MS + 15 * MINUTE_MS,
      unaccounted: 1,
    },
    {
      name: "is there when its message waits",
      depth: { waiting: 1 },
      nowMs: TEN + 2 * HOUR_MS,
      unaccounted: 0,
    },
    {
      name: "is there when its message is hidden",
      depth: { inFlight: 1 },
      nowMs: TEN + 2 * HOUR_MS,
      unaccounted: 0,
    },
    {
      name: "is there when its message is delayed",
      depth: { delayed: 1 },
      nowMs: TEN + 2 * HOUR_MS,
      unaccounted: 0,
    },
    {
      name: "may be hidden for hours among other messages",
      depth: { inFlight: 500 },
      nowMs: TEN + 4 * HOUR_MS,
      workedOffAtMs: TEN + 4 * HOUR_MS,
      unaccounted: 0,
    },
    {
      name: "is missing, whatever else the queue holds, when it was not taken for longer than it can be hidden",
      depth: { waiting: 20, inFlight: 500 },
      nowMs: TEN + 6 * HOUR_MS,
      workedOffAtMs: TEN + 5 * HOUR_MS,
      unaccounted: 1,
    },
    {
      name: "may wait for days in a queue that was not worked off since",
      depth: { waiting: 500 },
      nowMs: TEN + 48 * HOUR_MS,
      workedOffAtMs: TEN + 5 * HOUR_MS - 1,
      unaccounted: 0,
    },
    {
      name: "may wait in a queue that was never seen worked off",
      depth: { waiting: 500 },
      nowMs: TEN + 48 * HOUR_MS,
      unaccounted: 0,
    },
  ];
  it.each(cases)("$name", ({ depth = {}, nowMs, workedOffAtMs, unaccounted }) => {
    const found = reconcile({ depth: { ...EMPTY, ...depth }, hours: ONE_OPEN, workedOffAtMs, nowMs });
    expect(found.unaccounted).toBe(unaccounted);
  });

  it("that two readings of the shards show less than none of is not missed", () => {
    const hours = [hour(TEN, { lastTaken: -1 })];
    const found = reconcile({ depth: EMPTY, hours, workedOffAtMs: undefined, nowMs: TEN + 2 * HOUR_MS });
    expect(found.unaccounted).toBe(0);
  });
});

describe("a reconciler", () => {
  function world(depth: QueueDepth, hours: readonly HourCounts[]) {
    const order: string[] = [];
    let workedOffAtMs: number | undefined;
    const counts: DeliveryCounts = {
      async read() {
        order.push("counts");
        return await Promise.resolve(hours);
      },
      workedOffAtMs: () => Promise.resolve(workedOffAtMs),
      async noteWorkedOff(atMs) {
        workedOffAtMs = atMs;
        await Promise.resolve();
      },
    };
    const published: Reconciliation[] = [];
    const errors: string[] = [];
    const run = createReconciler({
      counts,
      async depth() {
        order.push("depth");
        return await Promise.resolve(depth);
      },
      publish: (found) => published.push(found),
      log: { error: (message) => errors.push(message), warn: () => undefined },
      nowMs: () => TEN + 10 * HOUR_MS,
    });
    return { run, counts, order, published, errors, workedOff: () => workedOffAtMs };
  }

  it("reads the queue before the counts, so that a call that ends in between is in neither", async () => {
    const { run, order, published, errors } = world(EMPTY, []);
    await run();
    expect(order).toEqual(["depth", "counts"]);
    expect(published).toHaveLength(1);
    expect(errors).toEqual([]);
  });

  it("publishes what is missing and says so in the log", async () => {
    const { run, published, errors } = world(EMPTY, ONE_OPEN);
    await run();
    expect(published).toMatchObject([{ unaccounted: 1, inFlight: 1 }]);
    expect(errors).toHaveLength(1);
  });

  it("notes when nothing waits in the queue, and only then", async () => {
    const busy = world({ ...EMPTY, waiting: 1 }, []);
    await busy.run();
    expect(busy.workedOff()).toBeUndefined();
    const quiet = world({ ...EMPTY, inFlight: 7, delayed: 3 }, []);
    await quiet.run();
    expect(quiet.workedOff()).toBe(TEN + 10 * HOUR_MS);
  });

  it("with the store away says so, and publishes nothing", async () => {
    const { run, counts, published, errors } = world(EMPTY, []);
    counts.read = () => Promise.reject(new Error("no table"));
    await run();
    expect(published).toEqual([]);
    expect(errors).toEqual(["The counts of delivery could not be reconciled."]);
  });
});

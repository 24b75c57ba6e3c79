/** The ledger of delivery and the dead man's switch, over the real store. */
import {
  createFlusher,
  type DeliveryLedger,
  type FlusherDependencies,
  type QueueMessage,
} from "@sluice/flusher";
import type { Drain, ExportOutcome } from "@sluice/langfuse";
import { loadCatalogue } from "@sluice/prices";
import { type OpenedRecord, packRecord } from "@sluice/trace";
import { describe, expect, it } from "vitest";
import { numberedRecord } from "../../support/records.ts";
import { type TestTable, tableForTest } from "../../support/table.ts";

const MINUTE_MS = 60_000;

function message(body: string, receiveCount = 1): QueueMessage {
  return { id: `m${Math.random()}`, body, sentAtMs: Date.UTC(2026, 10, 21), receiveCount };
}

function bodyOf(record: Parameters<typeof packRecord>[0]): string {
  const packed = packRecord(record);
  if (packed.kind !== "inline") throw new Error("too large for a message");
  return packed.body;
}

const call = (number: number) => message(bodyOf(numberedRecord(number)));

/** The switch of a call, as the gateway arms it. */
function opened(number: number, startedAtMs: number, deadlineAtMs: number): OpenedRecord {
  const {
    attempts: _,
    answer: __,
    outcome: ___,
    times: ____,
    kind: _____,
    ...known
  } = numberedRecord(number);
  return { ...known, kind: "opened", provider: "openai", model: "gpt-4o", startedAtMs, deadlineAtMs };
}

/** A drain that remembers the spans it was given; a test sets what it answers. */
function rememberingDrain(name = "main") {
  const seen: string[] = [];
  const levels: string[] = [];
  const drain: Drain & { outcome: ExportOutcome } = {
    name,
    outcome: { kind: "delivered" },
    encode: ({ record }) => Buffer.from(JSON.stringify([record.trace.spanId, record.outcome.kind])),
    async export(traces) {
      for (const trace of traces) {
        const [spanId, outcome] = JSON.parse(Buffer.from(trace).toString()) as [string, string];
        seen.push(spanId);
        levels.push(outcome);
      }
      return await Promise.resolve(traces.map(() => drain.outcome));
    },
  };
  return { drain, seen, levels };
}

function flusherOver(table: TestTable, drains: readonly Drain[], changes: Partial<FlusherDependencies> = {}) {
  return createFlusher({
    claims: { fetch: async () => await Promise.resolve(undefined) },
    park: async () => await Promise.resolve(),
    drains,
    loadPrices: () => loadCatalogue(),
    deliveries: table.deliveries,
    settlements: table.settlements,
    accounts: table.accounts,
    announce: async () => await Promise.resolve(),
    log: { error: () => undefined, warn: () => undefined },
    nowMs: () => table.nowMs,
    ...changes,
  });
}

/** Another consumer takes the call for a minute. */
async function takenByAnother(table: TestTable, callId: string): Promise<void> {
  await table.deliveries.take(
    [{ callId, messageId: "another", dead: false, seenBefore: false }],
    table.nowMs + MINUTE_MS,
  );
}

describe("a call that is delivered again", () => {
  it("is exported once, and the message that comes again is done", async () => {
    const table = await tableForTest();
    const { drain, seen } = rememberingDrain();
    const flush = flusherOver(table, [drain]);
    const first = call(1);
    await flush([first]);
    const again = await flush([first, call(1)]);
    expect(again.doneIds).toHaveLength(2);
    expect(seen).toHaveLength(1);
  });

  it("goes only to the drain that does not have it yet", async () => {
    const table = await tableForTest();
    const [up, down] = [rememberingDrain("up"), rememberingDrain("down")];
    down.drain.outcome = { kind: "retry", reason: "away" };
    const flush = flusherOver(table, [up.drain, down.drain]);
    const first = call(1);
    expect((await flush([first])).failed).toHaveLength(1);
    down.drain.outcome = { kind: "delivered" };
    expect((await flush([first])).doneIds).toEqual([first.id]);
    expect(up.seen).toHaveLength(1);
    expect(down.seen).toHaveLength(2);
  });

  it("while another consumer is at work on it comes back when that one's time is over", async () => {
    const table = await tableForTest();
    const exporting = Promise.withResolvers<void>();
    const started = Promise.withResolvers<void>();
    const { drain, seen } = rememberingDrain();
    const slow: Drain = {
      ...drain,
      async export(traces) {
        started.resolve();
        await exporting.promise;
        return await drain.export(traces);
      },
    };
    const one = flusherOver(table, [slow])([call(1)]);
    await started.promise;
    const other = await flusherOver(table, [drain])([call(1)]);
    expect(other.failed).toMatchObject([{ reason: expect.stringContaining("Another consumer") as string }]);
    exporting.resolve();
    expect((await one).doneIds).toHaveLength(1);
    expect(seen).toHaveLength(1);
  });

  it("after its consumer was killed is taken over when the lease has ended", async () => {
    const table = await tableForTest();
    await takenByAnother(table, numberedRecord(1).callId);
    const { drain, seen } = rememberingDrain();
    const flush = flusherOver(table, [drain]);
    expect((await flush([call(1)])).failed).toHaveLength(1);
    table.nowMs += MINUTE_MS + 1;
    expect((await flush([call(1)])).doneIds).toHaveLength(1);
    expect(seen).toHaveLength(1);
  });

  it("is settled while it waits for a consumer that may be gone, for its budget should not wait", async () => {
    const table = await tableForTest();
    const account = { owner: { kind: "key", id: "key_1" }, periodId: "none" } as const;
    const accounts = [{ ownerKind: "key", ownerId: "key_1", periodId: "none" }] as const;
    const record = numberedRecord(1, { accounts });
    await takenByAnother(table, record.callId);
    const { drain, seen } = rememberingDrain();
    const flush = flusherOver(table, [drain]);
    expect((await flush([message(bodyOf(record), 2)])).failed).toHaveLength(1);
    const { spent, requests } = await table.accounts.read(account);
    expect(spent).toBeGreaterThan(0n);
    expect(requests).toBe(1);
    expect(seen).toEqual([]);
    table.nowMs += MINUTE_MS + 1;
    expect((await flush([message(bodyOf(record), 3)])).doneIds).toHaveLength(1);
    expect(await table.accounts.read(account)).toMatchObject({ spent, requests: 1 });
  });

  it("is not exported while the ledger of delivery is away", async () => {
    const table = await tableForTest();
    const { drain, seen } = rememberingDrain();
    const away: DeliveryLedger = {
      ...table.deliveries,
      take: async (calls) =>
        await Promise.resolve(calls.map(() => ({ status: "rejected", reason: new Error("no table") }))),
    };
    const result = await flusherOver(table, [drain], { deliveries: away })([call(1)]);
    expect(result.failed).toMatchObject([{ reason: expect.stringContaining("no table") as string }]);
    expect(seen).toEqual([]);
  });
});

describe("a call that the ledger gave, and whose answer was lost", () => {
  /** Commits what it is asked for, and then says that it timed out. */
  function losingAnswers(
    { deliveries }: TestTable,
    meanwhile: (leaseUntilMs: number) => Promise<void> = async () => await Promise.resolve(),
  ): DeliveryLedger {
    return {
      ...deliveries,
      take: async (...asked) => {
        const outcomes = await deliveries.take(...asked);
        await meanwhile(asked[1]);
        return outcomes.map(() => ({ status: "rejected", reason: new Error("timed out") }) as const);
      },
    };
  }

  it("is free for whoever receives it next", async () => {
    const table = await tableForTest();
    const { drain, seen } = rememberingDrain();
    const first = await flusherOver(table, [drain], { deliveries: losingAnswers(table) })([call(1)]);
    expect(first.failed).toMatchObject([{ reason: expect.stringContaining("timed out") as string }]);
    expect(seen).toEqual([]);
    const again = await flusherOver(table, [drain])([call(1)]);
    expect(again.doneIds).toHaveLength(1);
    expect(seen).toHaveLength(1);
  });

  it("stays with another consumer that has taken it meanwhile", async () => {
    const table = await tableForTest();
    const { callId } = numberedRecord(1);
    const meanwhile = async (leaseUntilMs: number) => {
      await table.deliveries.release(callId, leaseUntilMs);
      await takenByAnother(table, callId);
    };
    const { drain, seen } = rememberingDrain();
    await flusherOver(table, [drain], { deliveries: losingAnswers(table, meanwhile) })([call(1)]);
    const other = await flusherOver(table, [drain])([call(1)]);
    expect(other.failed).toMatchObject([{ reason: expect.stringContaining("Another consumer") as string }]);
    expect(seen).toEqual([]);
  });

  it("stays with another consumer when word that it comes back is repeated, its answer having been lost", async () => {
    const table = await tableForTest();
    const { callId } = numberedRecord(1);
    const { deliveries } = table;
    const repeated: DeliveryLedger = {
      ...deliveries,
      release: async (...freed) => {
        await deliveries.release(...freed);
        await takenByAnother(table, callId);
        await deliveries.release(...freed);
      },
    };
    const failing: Drain = {
      ...rememberingDrain().drain,
      export: async (traces) =>
        await Promise.resolve(traces.map(() => ({ kind: "retry", reason: "away" }) as const)),
    };
    await flusherOver(table, [failing], { deliveries: repeated })([call(1)]);
    const { drain, seen } = rememberingDrain();
    const other = await flusherOver(table, [drain])([call(1)]);
    expect(other.failed).toMatchObject([{ reason: expect.stringContaining("Another consumer") as string }]);
    expect(seen).toEqual([]);
  });

  it("is not let go of for the sake of a copy of its message in the same batch", async () => {
    const table = await tableForTest();
    const { deliveries } = table;
    const losingTheSecond: DeliveryLedger = {
      ...deliveries,
      take: async (calls, leaseUntilMs) => [
        ...(await deliveries.take(calls.slice(0, 1), leaseUntilMs)),
        { status: "rejected", reason: new Error("timed out") },
      ],
    };
    const other = rememberingDrain();
    const { drain, seen } = rememberingDrain();
    const interrupted: Drain = {
      ...drain,
      export: async (traces) => {
        await flusherOver(table, [other.drain])([call(1)]);
        return await drain.export(traces);
      },
    };
    const flush = flusherOver(table, [interrupted], { deliveries: losingTheSecond });
    const { doneIds, failed } = await flush([call(1), call(1)]);
    expect([doneIds, failed]).toMatchObject([{ length: 1 }, { length: 1 }]);
    expect(seen).toHaveLength(1);
    expect(other.seen).toEqual([]);
  });

  it("is not let go of while the ledger is away, for each one would wait for it", async () => {
    const table = await tableForTest();
    let asked = 0;
    const away: DeliveryLedger = {
      ...losingAnswers(table),
      release: async () => {
        asked++;
        return await Promise.reject(new Error("no table"));
      },
    };
    const calls = Array.from({ length: 120 }, (_, number) => call(number));
    const { failed } = await flusherOver(table, [rememberingDrain().drain], { deliveries: away })(calls);
    expect(failed).toHaveLength(120);
    // Those that were under way at the same time.
    expect(asked).toBe(50);
  });
});

/** The switch of a call whose own record has been waited for long enough. */
function overdue({ nowMs }: TestTable): OpenedRecord {
  return opened(1, nowMs - 2 * MINUTE_MS, nowMs - MINUTE_MS);
}

describe("the dead man's switch", () => {
  it("of a call that was heard of is done, and shows nothing", async () => {
    const table = await tableForTest();
    const { drain, seen } = rememberingDrain();
    const flush = flusherOver(table, [drain]);
    await flush([call(1)]);
    const result = await flush([message(bodyOf(opened(1, table.nowMs - MINUTE_MS, table.nowMs - 1)))]);
    expect(result.doneIds).toHaveLength(1);
    expect(seen).toHaveLength(1);
  });

  it("of a call that was not heard of waits once, then shows the call as failed, once", async () => {
    const table = await tableForTest();
    const { drain, seen, levels } = rememberingDrain();
    const flush = flusherOver(table, [drain]);
    const body = bodyOf(opened(1, table.nowMs - MINUTE_MS, table.nowMs - 1));
    const first = await flush([message(body, 1)]);
    expect(first.failed).toMatchObject([{ retryAfterMs: MINUTE_MS - 1 }]);
    expect(seen).toEqual([]);
    table.nowMs += MINUTE_MS;
    expect((await flush([message(body, 2)])).doneIds).toHaveLength(1);
    expect((await flush([message(body, 3)])).doneIds).toHaveLength(1);
    expect(seen).toHaveLength(1);
    expect(levels).toEqual(["failed"]);
  });

  it("waits as long when whoever received it first could not look, or was killed", async () => {
    const table = await tableForTest();
    const { drain, seen } = rememberingDrain();
    const body = bodyOf(opened(1, table.nowMs - MINUTE_MS, table.nowMs - 10_000));
    const flush = flusherOver(table, [drain]);
    expect((await flush([message(body, 2)])).failed).toMatchObject([{ retryAfterMs: MINUTE_MS - 20_000 }]);
    table.nowMs += MINUTE_MS - 20_001;
    expect((await flush([message(body, 3)])).failed).toMatchObject([{ retryAfterMs: 1 }]);
    expect(seen).toEqual([]);
  });

  it("never goes off before the call's deadline", async () => {
    const table = await tableForTest();
    const { drain, seen } = rememberingDrain();
    const body = bodyOf(opened(1, table.nowMs, table.nowMs + 10 * MINUTE_MS));
    const result = await flusherOver(table, [drain])([message(body, 7)]);
    expect(result.failed[0]?.retryAfterMs).toBeGreaterThan(10 * MINUTE_MS);
    expect(seen).toEqual([]);
  });

  it("that meets a drain that is away shows its call when the drain is back", async () => {
    const table = await tableForTest();
    const { drain, seen } = rememberingDrain();
    drain.outcome = { kind: "retry", reason: "away" };
    const flush = flusherOver(table, [drain]);
    const body = bodyOf(overdue(table));
    expect((await flush([message(body, 2)])).failed).toHaveLength(1);
    drain.outcome = { kind: "delivered" };
    expect((await flush([message(body, 3)])).doneIds).toHaveLength(1);
    expect(seen).toHaveLength(2);
  });

  it("of a call that turns up after all is replaced by the call's own trace once, however often that comes", async () => {
    const table = await tableForTest();
    const { drain, levels } = rememberingDrain();
    const flush = flusherOver(table, [drain]);
    const body = bodyOf(overdue(table));
    await flush([message(body, 2)]);
    await flush([call(1)]);
    const again = await flush([call(1), call(1)]);
    expect(again.doneIds).toHaveLength(2);
    expect(levels).toEqual(["failed", "answered"]);
    await flush([message(body, 3)]);
    expect(levels).toEqual(["failed", "answered"]);
  });

  it("gives back what was reserved, and a call that turns up after all costs what it cost", async () => {
    const table = await tableForTest();
    const account = { owner: { kind: "key", id: "key_1" }, periodId: "none" } as const;
    const bucket = Math.ceil(table.nowMs / MINUTE_MS) + 60;
    await table.accounts.reserve({ account, bucket, amount: 10n ** 12n }, 10n ** 13n);
    const accounts = [
      { ownerKind: "key", ownerId: "key_1", periodId: "none", hold: { bucket, amountUsd: "1" } },
    ] as const;
    const { drain, levels } = rememberingDrain();
    const flush = flusherOver(table, [drain]);
    const gone = { ...overdue(table), accounts };
    await flush([message(bodyOf(gone), 2)]);
    expect(await table.accounts.read(account)).toMatchObject({ spent: 0n, reserved: 0n });

    await flush([message(bodyOf(numberedRecord(1, { accounts })))]);
    const { spent, reserved } = await table.accounts.read(account);
    expect(spent).toBeGreaterThan(0n);
    expect(reserved).toBe(0n);
    expect(levels).toEqual(["failed", "answered"]);
    await flush([message(bodyOf(numberedRecord(1, { accounts })))]);
    expect((await table.accounts.read(account)).spent).toBe(spent);
  });
});

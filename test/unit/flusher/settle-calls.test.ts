/** Settling in the flusher: with the ledger in a table, drains that fail, and budgets that fill up. */
import {
  type BudgetEvent,
  createFlusher,
  type FlusherDependencies,
  type QueueMessage,
} from "@sluice/flusher";
import type { Drain, ExportOutcome } from "@sluice/langfuse";
import { type AccountRef, bucketFor } from "@sluice/ledger";
import { formatUsd, loadCatalogue, type Picodollars, parseUsd } from "@sluice/prices";
import type { CallId, ExchangeRecord, LedgerAccount } from "@sluice/trace";
import { describe, expect, it } from "vitest";
import { CENT_ANSWER, CENT_COST, CENT_HOLD, CENT_PRICES } from "../../support/cent-model.ts";
import { answer, messageBody, numberedRecord } from "../../support/records.ts";
import { type TestTable, tableForTest } from "../../support/table.ts";

const KEY: AccountRef = { owner: { kind: "key", id: "key_1" }, periodId: "month#2026-11" };
const ENTRY: LedgerAccount = { ownerKind: "key", ownerId: "key_1", periodId: "month#2026-11" };

/** A drain that remembers what it was given, and what stood in the account at that moment. */
function watchingDrain(table: TestTable, outcome: ExportOutcome) {
  const seen: { readonly spans: number; readonly spent: bigint }[] = [];
  const drain: Drain = {
    name: "main",
    encode: ({ record }) => Buffer.from(record.trace.spanId),
    async export(traces) {
      seen.push({ spans: traces.length, spent: (await table.accounts.read(KEY)).spent });
      return traces.map(() => outcome);
    },
  };
  return { drain, seen };
}

function flusherOver(table: TestTable, changes: Partial<FlusherDependencies> = {}) {
  const announced: BudgetEvent[] = [];
  const warnings: string[] = [];
  const flush = createFlusher({
    claims: { fetch: async () => await Promise.resolve(undefined) },
    park: async () => await Promise.resolve(),
    drains: [],
    loadPrices: () => loadCatalogue(CENT_PRICES),
    deliveries: table.deliveries,
    settlements: table.settlements,
    accounts: table.accounts,
    announce: async (event) => {
      announced.push(event);
      await Promise.resolve();
    },
    log: {
      error: (text) => warnings.push(text),
      warn: (text) => warnings.push(text),
    },
    nowMs: () => table.nowMs,
    ...changes,
  });
  return { flush, announced, warnings };
}

/** The message of a call that cost a cent. */
function centCall(
  number: number,
  entry: LedgerAccount = ENTRY,
  fields: Partial<ExchangeRecord> = {},
): QueueMessage {
  const record = numberedRecord(number, {
    callId: `req_${String(number).padStart(32, "0")}` as CallId,
    accounts: [entry],
    attempts: [
      {
        provider: "openai",
        model: "cent",
        startedAtMs: 1_760_000_000_010,
        endedAtMs: 1_760_000_000_900,
        status: 200,
      },
    ],
    answer: answer(JSON.stringify(CENT_ANSWER)),
    ...fields,
  });
  return {
    id: `m${number}`,
    body: messageBody(record),
    sentAtMs: Date.UTC(2026, 10, 21),
    receiveCount: 1,
  };
}

const delivered: ExportOutcome = { kind: "delivered" };

describe("a batch", () => {
  it("is settled before it is exported", async () => {
    const table = await tableForTest();
    const { drain, seen } = watchingDrain(table, delivered);
    const { flush } = flusherOver(table, { drains: [drain] });
    await flush([centCall(1), centCall(2)]);
    expect(seen).toEqual([{ spans: 2, spent: 2n * CENT_COST }]);
  });

  it("is settled once while the drain is down, however often it comes back", async () => {
    const table = await tableForTest();
    const { drain, seen } = watchingDrain(table, { kind: "retry", reason: "down" });
    const { flush } = flusherOver(table, { drains: [drain] });
    const calls = Array.from({ length: 50 }, (_, number) => centCall(number));
    for (let round = 0; round < 3; round += 1) {
      expect((await flush(calls)).failed).toHaveLength(50);
      expect(await table.accounts.read(KEY)).toMatchObject({ spent: 50n * CENT_COST, requests: 50 });
    }
    expect(seen).toHaveLength(3);
  });

  it("comes back and is not exported while the ledger is away", async () => {
    const table = await tableForTest();
    const { drain, seen } = watchingDrain(table, delivered);
    const { flush } = flusherOver(table, {
      drains: [drain],
      settlements: { settle: () => Promise.reject(new Error("the table is away")) },
    });
    const result = await flush([centCall(1), centCall(2, ENTRY, { accounts: [] })]);
    expect(result.failed).toEqual([
      { id: "m1", reason: "The ledger did not take the settlement: the table is away" },
    ]);
    // A refused call has nothing to settle, and waits for nobody.
    expect(result.doneIds).toEqual(["m2"]);
    expect(seen).toEqual([{ spans: 1, spent: 0n }]);
  });

  it("of one key's that cannot be settled holds no other key's back", async () => {
    const table = await tableForTest();
    const { flush } = flusherOver(table, {
      settlements: {
        settle: async (group) => {
          if (group.accounts[0]?.owner.id === "key_2") throw new Error("no");
          return await table.settlements.settle(group);
        },
      },
    });
    const result = await flush([centCall(1), centCall(2, { ...ENTRY, ownerId: "key_2" }), centCall(3)]);
    expect(result.doneIds.toSorted()).toEqual(["m1", "m3"]);
    expect(result.failed.map(({ id }) => id)).toEqual(["m2"]);
    expect(await table.accounts.read(KEY)).toMatchObject({ spent: 2n * CENT_COST });
  });

  it("of many keys is settled for several at a time, but never twice at a time in one account", async () => {
    const table = await tableForTest();
    const atWork = new Map<string, number>();
    let most = 0;
    const { flush } = flusherOver(table, {
      settlements: {
        async settle(group) {
          const names = group.accounts.map(({ owner }) => owner.id);
          for (const name of names) atWork.set(name, (atWork.get(name) ?? 0) + 1);
          expect(Math.max(...names.map((name) => atWork.get(name) ?? 0))).toBe(1);
          most = Math.max(most, atWork.size);
          const result = await table.settlements.settle(group);
          for (const name of names) atWork.delete(name);
          return result;
        },
      },
    });
    const tenant: LedgerAccount = { ownerKind: "tenant", ownerId: "acme", periodId: "none" };
    const calls = Array.from({ length: 200 }, (_, number) => {
      const key = { ...ENTRY, ownerId: `key_${number % 40}` };
      return centCall(number, key, { accounts: number % 40 < 10 ? [key, tenant] : [key] });
    });
    expect((await flush(calls)).failed).toEqual([]);
    // More than a key and its tenant; the bound is on requests, and each has at most these two accounts.
    expect(most).toBeGreaterThan(2);
    for (let key = 0; key < 40; key += 1) {
      const owner = { kind: "key" as const, id: `key_${key}` };
      const totals = await table.accounts.read({ owner, periodId: "month#2026-11" });
      expect(totals).toMatchObject({ spent: 5n * CENT_COST, requests: 5 });
    }
    const owner = { kind: "tenant" as const, id: "acme" };
    expect(await table.accounts.read({ owner, periodId: "none" })).toMatchObject({ spent: 50n * CENT_COST });
  });

  it("delivered three times, in parts and by two flushers at once, is settled once, to the last digit", async () => {
    const table = await tableForTest();
    const bucket = bucketFor(table.nowMs + 60_000);
    const hold = { bucket, amountUsd: formatUsd(CENT_HOLD as Picodollars) };
    const tenant: LedgerAccount = { ownerKind: "tenant", ownerId: "acme", periodId: "day#2026-11-21" };
    const calls: QueueMessage[] = [];
    for (let number = 0; number < 150; number += 1) {
      await table.accounts.reserve({ account: KEY, bucket, amount: CENT_HOLD }, 10n ** 15n);
      calls.push(centCall(number, ENTRY, { accounts: [{ ...ENTRY, hold }, tenant] }));
    }
    const { flush } = flusherOver(table);
    const results = await Promise.all([
      flush(calls.slice(0, 100)),
      flush(calls.slice(50)),
      flush([...calls.slice(0, 50), ...calls.slice(100)]),
    ]);
    // What one flusher is at work on comes back to the others; it is settled by the one.
    const reasons = new Set(results.flatMap(({ failed }) => failed).map(({ reason }) => reason));
    expect([...reasons].filter((reason) => !reason.startsWith("Another consumer"))).toEqual([]);
    const expected = { spent: 150n * CENT_COST, reserved: 0n, requests: 150, unpricedRequests: 0 };
    expect(await table.accounts.read(KEY)).toMatchObject(expected);
    expect(
      await table.accounts.read({ owner: { kind: "tenant", id: "acme" }, periodId: "day#2026-11-21" }),
    ).toMatchObject(expected);
  });

  it("of a call without a price gives its hold back and counts it as unpriced", async () => {
    const table = await tableForTest();
    const bucket = bucketFor(table.nowMs + 60_000);
    await table.accounts.reserve({ account: KEY, bucket, amount: CENT_HOLD }, 10n ** 15n);
    const hold = { bucket, amountUsd: formatUsd(CENT_HOLD as Picodollars) };
    const attempts = [{ provider: "openai", model: "unlisted", startedAtMs: 0, endedAtMs: 1, status: 200 }];
    const { flush } = flusherOver(table);
    await flush([
      centCall(
        1,
        { ...ENTRY, hold },
        {
          attempts,
          answer: answer(JSON.stringify({ ...CENT_ANSWER, model: "unlisted" })),
        },
      ),
    ]);
    expect(await table.accounts.read(KEY)).toMatchObject({
      spent: 0n,
      reserved: 0n,
      requests: 1,
      unpricedRequests: 1,
    });
  });
});

describe("a budget that fills up", () => {
  const RESET_MS = Date.UTC(2026, 11, 1);
  const budgeted: LedgerAccount = {
    ...ENTRY,
    budget: { limitUsd: "1", spentUsd: "0", resetsAtMs: RESET_MS },
  };

  it("is announced at each threshold once, over many batches and two flushers", async () => {
    const table = await tableForTest();
    const [one, two] = [flusherOver(table), flusherOver(table)];
    for (let batch = 0; batch < 11; batch += 1) {
      const calls = Array.from({ length: 10 }, (_, index) => centCall(batch * 10 + index, budgeted));
      await Promise.all([one.flush(calls), two.flush(calls)]);
    }
    const events = [...one.announced, ...two.announced];
    expect(events.map(({ percent }) => percent).toSorted((a, b) => a - b)).toEqual([50, 80, 100]);
    expect(events[0]).toMatchObject({
      ownerKind: "key",
      ownerId: "key_1",
      periodId: "month#2026-11",
      limitUsd: "1",
      spent: parseUsd("0.5"),
      resetsAtMs: RESET_MS,
    });
    expect((await table.accounts.read(KEY)).announcedPercents).toEqual([50, 80, 100]);
  });

  it("is announced at every threshold that one batch crosses", async () => {
    const table = await tableForTest();
    const { flush, announced } = flusherOver(table);
    await flush(Array.from({ length: 85 }, (_, number) => centCall(number, budgeted)));
    expect(announced.map(({ percent }) => percent)).toEqual([50, 80]);
  });

  it("is announced by the next settlement when the topic did not take it", async () => {
    const table = await tableForTest();
    const failing = flusherOver(table, { announce: () => Promise.reject(new Error("no topic")) });
    const result = await failing.flush(Array.from({ length: 50 }, (_, number) => centCall(number, budgeted)));
    // The calls are settled: nobody waits for a topic.
    expect(result.doneIds).toHaveLength(50);
    expect(failing.warnings).toHaveLength(1);
    const { flush, announced } = flusherOver(table);
    await flush([centCall(50, budgeted)]);
    expect(announced.map(({ percent }) => percent)).toEqual([50]);
  });

  it("is not announced by a flusher that another was ahead of", async () => {
    const table = await tableForTest();
    const accounts = { ...table.accounts, claimAnnouncement: async () => await Promise.resolve(false) };
    const { flush, announced } = flusherOver(table, { accounts });
    await flush(Array.from({ length: 50 }, (_, number) => centCall(number, budgeted)));
    expect(announced).toEqual([]);
  });

  it("is announced again in the next period", async () => {
    const table = await tableForTest();
    const { flush, announced } = flusherOver(table);
    const december = { ...budgeted, periodId: "month#2026-12" };
    await flush(Array.from({ length: 50 }, (_, number) => centCall(number, budgeted)));
    await flush(Array.from({ length: 50 }, (_, number) => centCall(100 + number, december)));
    expect(announced.map(({ periodId, percent }) => `${periodId} ${percent}`)).toEqual([
      "month#2026-11 50",
      "month#2026-12 50",
    ]);
  });
});

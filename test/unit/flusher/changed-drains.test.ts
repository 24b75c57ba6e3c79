/** The config changes while calls wait: the counts of delivery still add up, and no drain gets a trace twice. */
import type { Destination } from "@sluice/flusher";
import { type OpenedRecord, packRecord } from "@sluice/trace";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { destination, flusherTo, queueMessage } from "../../support/destinations.ts";
import { messageBody, numberedRecord } from "../../support/records.ts";
import { type TestTable, tableForTest } from "../../support/table.ts";

const body = messageBody(numberedRecord(1));

function flusherOver(table: TestTable, drains: readonly Destination[]) {
  const { deliveries, settlements, accounts } = table;
  const flush = flusherTo(drains, { deliveries, settlements, accounts, nowMs: () => table.nowMs });
  return (text: string, receiveCount: number) =>
    flush([queueMessage("m", text, { receiveCount, sentAtMs: table.nowMs })]);
}

/** What became of the calls, summed over the hours. */
async function counts(table: TestTable) {
  const sums = { accepted: 0, delivered: 0, parked: 0, inFlight: 0 };
  for (const hour of await table.counts.read()) {
    sums.accepted += hour.accepted;
    sums.delivered += hour.delivered;
    sums.parked += hour.parked;
    sums.inFlight += hour.inFlight;
  }
  return sums;
}

const IN_FLIGHT = { accepted: 1, delivered: 0, parked: 0, inFlight: 1 };
const DELIVERED = { accepted: 1, delivered: 1, parked: 0, inFlight: 0 };

/** A call that `up` has and `away` has not. */
async function halfDelivered(table: TestTable) {
  const [up, away] = [destination("up"), destination("away")];
  away.outcome = { kind: "retry", reason: "Not now." };
  await flusherOver(table, [up, away])(body, 1);
  expect(await counts(table)).toEqual(IN_FLIGHT);
  return { up, away };
}

describe("a call that waits for a drain", () => {
  it("is delivered when that drain is removed, and exported no more", async () => {
    const table = await tableForTest();
    const { up } = await halfDelivered(table);
    expect((await flusherOver(table, [up])(body, 2)).doneIds).toEqual(["m"]);
    expect(await counts(table)).toEqual(DELIVERED);
    expect(up.seen).toHaveLength(1);
  });

  it("is delivered when all drains are removed", async () => {
    const table = await tableForTest();
    await halfDelivered(table);
    expect((await flusherOver(table, [])(body, 2)).doneIds).toEqual(["m"]);
    expect(await counts(table)).toEqual(DELIVERED);
    expect((await flusherOver(table, [])(body, 3)).doneIds).toEqual(["m"]);
    expect(await counts(table)).toEqual(DELIVERED);
  });

  it("is delivered when the drain no longer takes calls like it", async () => {
    const table = await tableForTest();
    const { up, away } = await halfDelivered(table);
    const other = destination("away", { when: { keys: ["nobody"] } });
    expect((await flusherOver(table, [up, other])(body, 2)).doneIds).toEqual(["m"]);
    expect(await counts(table)).toEqual(DELIVERED);
    expect(away.seen).toHaveLength(1);
    expect(other.seen).toEqual([]);
  });

  it("goes to one that is added or renamed meanwhile, and is delivered when all have it", async () => {
    const table = await tableForTest();
    const { up } = await halfDelivered(table);
    const [renamed, added] = [destination("back"), destination("added")];
    added.outcome = { kind: "retry", reason: "Not now." };
    expect((await flusherOver(table, [up, renamed, added])(body, 2)).failed).toHaveLength(1);
    expect(await counts(table)).toEqual(IN_FLIGHT);
    added.outcome = { kind: "delivered" };
    expect((await flusherOver(table, [up, renamed, added])(body, 3)).doneIds).toEqual(["m"]);
    expect(await counts(table)).toEqual(DELIVERED);
    expect([up.seen.length, renamed.seen.length, added.seen.length]).toEqual([1, 1, 2]);
  });

  it("because it is paused is in flight until the pause ends", async () => {
    const table = await tableForTest();
    const paused = destination("main", { paused: true });
    expect((await flusherOver(table, [paused])(body, 1)).failed).toHaveLength(1);
    expect(await counts(table)).toEqual(IN_FLIGHT);
    const resumed = destination("main");
    expect((await flusherOver(table, [resumed])(body, 2)).doneIds).toEqual(["m"]);
    expect(await counts(table)).toEqual(DELIVERED);
    expect(resumed.seen).toHaveLength(1);
  });
});

type Mode = "up" | "away" | "paused" | "takes no such calls";

describe("any row of configs", () => {
  const mode = fc.constantFrom<Mode>("up", "away", "paused", "takes no such calls");
  const config = fc.uniqueArray(fc.tuple(fc.constantFrom("a", "b", "c"), mode), {
    selector: ([name]) => name,
  });

  it("leaves a call in one count, and ends when each drain of one of them has it, once", async () => {
    const table = await tableForTest();
    let call = 1000;
    await fc.assert(
      fc.asyncProperty(fc.array(config, { minLength: 1, maxLength: 6 }), async (configs) => {
        const text = messageBody(numberedRecord(call++));
        const before = await counts(table);
        const taken = new Set<string>();
        let isDone = false;
        for (const [index, modes] of configs.entries()) {
          const drains = modes.map(([name, kind]) => {
            const skips = kind === "takes no such calls" && { when: { keys: ["nobody"] } };
            const drain = destination(name, { paused: kind === "paused", ...skips });
            if (kind === "away") drain.outcome = { kind: "retry", reason: "Not now." };
            return { drain, kind };
          });
          const result = await flusherOver(
            table,
            drains.map(({ drain }) => drain),
          )(text, index + 1);
          const lacking = drains.filter(
            ({ drain, kind }) => (kind === "away" || kind === "paused") && !taken.has(drain.name),
          );
          for (const { drain, kind } of drains) {
            const gets = (kind === "up" || kind === "away") && !isDone && !taken.has(drain.name);
            expect(drain.seen).toHaveLength(gets ? 1 : 0);
            if (gets && kind === "up") taken.add(drain.name);
          }
          isDone ||= lacking.length === 0;
          expect(result.doneIds).toHaveLength(isDone ? 1 : 0);
          const now = await counts(table);
          expect(now).toEqual({
            ...before,
            accepted: before.accepted + 1,
            delivered: before.delivered + (isDone ? 1 : 0),
            inFlight: before.inFlight + (isDone ? 0 : 1),
          });
        }
      }),
      { numRuns: 40 },
    );
  });
});

describe("a call that was delivered", () => {
  it("stays so when its message comes once more and a drain was added or renamed", async () => {
    const table = await tableForTest();
    await flusherOver(table, [destination("before")])(body, 1);
    const after = destination("after");
    expect((await flusherOver(table, [after])(body, 2)).doneIds).toEqual(["m"]);
    expect(after.seen).toEqual([]);
    expect(await counts(table)).toEqual(DELIVERED);
  });
});

describe("a call that was given up for dead and is not drawn", () => {
  it("replaces the trace that says so, for otherwise that one would stay", async () => {
    const table = await tableForTest();
    const drain = destination("sampled", { sampleRate: 0 });
    const send = flusherOver(table, [drain]);
    const { attempts: _, answer: __, outcome: ___, times: ____, kind: _____, ...known } = numberedRecord(1);
    const opened: OpenedRecord = {
      ...known,
      kind: "opened",
      provider: "openai",
      model: "gpt-4o",
      startedAtMs: table.nowMs - 7_200_000,
      deadlineAtMs: table.nowMs - 3_600_000,
    };
    const packed = packRecord(opened);
    expect(packed.kind).toBe("inline");
    if (packed.kind !== "inline") return;
    await send(packed.body, 2);
    expect(drain.seen).toEqual([expect.stringMatching(/failed$/)]);
    expect((await send(body, 1)).doneIds).toEqual(["m"]);
    expect(drain.seen).toEqual([expect.stringMatching(/failed$/), expect.stringMatching(/answered$/)]);
    expect(await counts(table)).toEqual(DELIVERED);
    await send(body, 2);
    expect(drain.seen).toHaveLength(2);
  });
});

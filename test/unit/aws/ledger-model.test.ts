/** Any interleaving of what gateways, flushers and operators do to an account, against what must come out. */
import { type AccountRef, bucketFor, type Hold, type Settlement } from "@sluice/ledger";
import type { Picodollars } from "@sluice/prices";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTable, type TestTable } from "../../support/table.ts";

const MINUTE_MS = 60_000;
const LIMIT = 100n;

let table: TestTable;
let runs = 0;

beforeAll(async () => {
  table = await startTable();
});
afterAll(() => table.stop());

type Step =
  | { readonly kind: "reserve"; readonly amount: bigint; readonly minutes: number }
  | { readonly kind: "release"; readonly which: number }
  | { readonly kind: "settle"; readonly which: readonly number[]; readonly cost: bigint }
  | { readonly kind: "settle again"; readonly which: number }
  | { readonly kind: "wait"; readonly minutes: number }
  | { readonly kind: "adjust"; readonly amount: bigint };

const which = fc.nat({ max: 50 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("reserve" as const),
      amount: fc.bigInt({ min: 1n, max: 60n }),
      minutes: fc.nat({ max: 4 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("release" as const), which }) },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("settle" as const),
      which: fc.array(which, { minLength: 1, maxLength: 4 }),
      cost: fc.bigInt({ min: 0n, max: 60n }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("settle again" as const), which }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("wait" as const), minutes: fc.nat({ max: 5 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("adjust" as const),
      amount: fc.bigInt({ min: -30n, max: 30n }),
    }),
  },
);

/** What a run has done so far. Steps of one round run at the same time. */
interface Ledger {
  readonly account: AccountRef;
  readonly open: Hold[];
  readonly settled: Settlement[];
  /** What must not happen at any moment and did. */
  readonly faults: string[];
  adjusted: bigint;
  calls: number;
}

describe("an account", () => {
  it("keeps committed = spent + everything held, and spent = the sum of what was settled, whatever happens in which order", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(step, { minLength: 1, maxLength: 5 }), { maxLength: 12 }),
        async (rounds) => {
          runs += 1;
          const ledger: Ledger = {
            account: { owner: { kind: "key", id: `key_${runs}` }, periodId: "none" },
            open: [],
            settled: [],
            faults: [],
            adjusted: 0n,
            calls: 0,
          };
          table.nowMs = Date.UTC(2026, 10, 21, 12);
          for (const round of rounds) {
            const works = round.map((one) => prepared(one, ledger));
            await Promise.all(works.map((work) => work()));
            await check(ledger);
          }
          // Nothing is set aside for ever.
          table.nowMs += 60 * MINUTE_MS;
          expect((await table.accounts.read(ledger.account)).reserved).toBe(0n);
        },
      ),
      { numRuns: 60 },
    );
  }, 240_000);
});

/** Takes what a step needs out of the ledger at once, so that no two steps of a round release the same hold. */
function prepared(step: Step, ledger: Ledger): () => Promise<void> {
  const { account, open, settled, faults } = ledger;
  switch (step.kind) {
    case "reserve":
      return async () => {
        const hold: Hold = {
          account,
          amount: step.amount,
          bucket: bucketFor(table.nowMs + step.minutes * MINUTE_MS),
        };
        const { granted, totals } = await table.accounts.reserve(hold, LIMIT);
        if (!granted) return;
        open.push(hold);
        if (totals.spent + totals.reserved > LIMIT) faults.push(`granted above the limit: ${hold.amount}`);
      };
    case "release": {
      const [hold] = open.splice(step.which % Math.max(1, open.length), 1);
      return async () => {
        if (hold) await table.accounts.release(hold);
      };
    }
    case "settle": {
      const calls = step.which.map((index): Settlement => {
        const [hold] = open.splice(index % Math.max(1, open.length), 1);
        ledger.calls += 1;
        return {
          callId: `${account.owner.id}_${ledger.calls}`,
          accounts: [account],
          holds: hold ? [hold] : [],
          cost: step.cost as Picodollars,
          model: `openai/${ledger.calls % 3}`,
          inputTokens: 1,
          outputTokens: 1,
        };
      });
      settled.push(...calls);
      const settle = () => table.settlements.settle({ accounts: [account], settlements: calls });
      // Delivered twice at the same time, each time.
      return async () => {
        const results = await Promise.all([settle(), settle()]);
        const ids = results.flatMap(({ settledIds }) => settledIds).toSorted();
        const wanted = calls.map(({ callId }) => callId).toSorted();
        if (ids.join() !== wanted.join()) faults.push(`settled ${ids.join()} of ${wanted.join()}`);
      };
    }
    case "settle again": {
      const call = settled[step.which % Math.max(1, settled.length)];
      return async () => {
        if (call) await table.settlements.settle({ accounts: [account], settlements: [call] });
      };
    }
    case "wait":
      return async () => {
        table.nowMs += step.minutes * MINUTE_MS;
        await Promise.resolve();
      };
    case "adjust":
      ledger.adjusted += step.amount;
      return async () => {
        await table.accounts.adjust(account, step.amount as Picodollars);
      };
    default:
      throw new TypeError(String(step satisfies never));
  }
}

async function check({ account, settled, adjusted, open, faults }: Ledger): Promise<void> {
  expect(faults).toEqual([]);
  const item = await table.item(account);
  const number = (name: string) => BigInt(item[name] ?? "0");
  const held = Object.keys(item)
    .filter((name) => name.startsWith("held#"))
    .map(number);
  expect(held.filter((amount) => amount < 0n)).toEqual([]);
  expect(number("committed")).toBe(number("spent") + held.reduce((sum, amount) => sum + amount, 0n));
  expect(number("spent")).toBe(settled.reduce((sum, { cost = 0n }) => sum + cost, adjusted));
  expect(number("requests")).toBe(BigInt(settled.length));
  const { reserved } = await table.accounts.read(account);
  // What is open and has not expired is set aside, and nothing else.
  const expected = open
    .filter(({ bucket }) => (bucket + 1) * MINUTE_MS > table.nowMs)
    .reduce((sum, { amount }) => sum + amount, 0n);
  expect(reserved).toBe(expected);
}

import { groupSettlements, MAX_GROUP_MODELS, MAX_GROUP_SIZE, type Settlement } from "@sluice/ledger";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

/** DynamoDB's own limit of one transaction. */
const MAX_ACTIONS = 100;

const settlements = fc.array(
  fc.record({
    callId: fc.integer({ min: 0, max: 400 }).map((number) => `req_${number}`),
    accounts: fc.constantFrom(
      [{ owner: { kind: "key" as const, id: "a" }, periodId: "none" }],
      [
        { owner: { kind: "key" as const, id: "a" }, periodId: "none" },
        { owner: { kind: "tenant" as const, id: "t" }, periodId: "none" },
      ],
      [{ owner: { kind: "key" as const, id: "a" }, periodId: "day#2026-11-21" }],
    ),
    holds: fc.constant([]),
    model: fc.integer({ min: 0, max: 60 }).map((number) => `openai/${number}`),
    inputTokens: fc.constant(0),
    outputTokens: fc.constant(0),
  }),
  { maxLength: 500 },
);

describe("groups of settlements", () => {
  it("hold every call once, with its own accounts, and fit one transaction", () => {
    fc.assert(
      fc.property(settlements, (given: readonly Settlement[]) => {
        const groups = groupSettlements(given);
        const ids = groups.flatMap((group) => group.settlements.map(({ callId }) => callId));
        expect(ids.toSorted()).toEqual([...new Set(given.map(({ callId }) => callId))].toSorted());
        for (const group of groups) {
          expect(
            group.settlements.every(
              ({ accounts }) => accounts === group.accounts || sameText(accounts, group.accounts),
            ),
          ).toBe(true);
          expect(group.settlements.length).toBeGreaterThan(0);
          expect(group.settlements.length).toBeLessThanOrEqual(MAX_GROUP_SIZE);
          expect(group.settlements.length + group.accounts.length).toBeLessThanOrEqual(MAX_ACTIONS);
          expect(new Set(group.settlements.map(({ model }) => model)).size).toBeLessThanOrEqual(
            MAX_GROUP_MODELS,
          );
        }
      }),
    );
  });
});

function sameText(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

import type { AccountRef, SettlementGroup } from "@sluice/ledger";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { settlementChains } from "../../../packages/flusher/src/settlement-chains.ts";

const account = (id: string): AccountRef => ({ owner: { kind: "key", id }, periodId: "none" });
const group = (...ids: readonly string[]): SettlementGroup => ({
  accounts: ids.map(account),
  settlements: [],
});
const ids = (chain: readonly SettlementGroup[]) =>
  new Set(chain.flatMap(({ accounts }) => accounts.map(({ owner }) => owner.id)));

describe("chains of settlements", () => {
  it("are as many as there are keys that have nothing in common", () => {
    expect(settlementChains([group("a"), group("b"), group("a")]).map((chain) => chain.length)).toEqual([
      2, 1,
    ]);
  });

  it("are joined by a group that belongs to two of them", () => {
    const chains = settlementChains([group("a", "t"), group("b", "u"), group("c"), group("d", "t", "u")]);
    expect(chains.map((chain) => [...ids(chain)].toSorted().join("")).toSorted()).toEqual(["abdtu", "c"]);
  });

  it("hold every group once, and never share an account", () => {
    const groups = fc.array(
      fc
        .uniqueArray(fc.constantFrom("a", "b", "c", "d", "e", "f", "g", "h"), { minLength: 1, maxLength: 3 })
        .map((names) => group(...names)),
      { maxLength: 30 },
    );
    fc.assert(
      fc.property(groups, (given) => {
        const chains = settlementChains(given);
        expect(new Set(chains.flat())).toEqual(new Set(given));
        expect(chains.flat()).toHaveLength(given.length);
        const named = chains.flatMap((chain) => [...ids(chain)]);
        expect(named).toHaveLength(new Set(named).size);
      }),
    );
  });
});

/** Which settlements get in each other's way. */
import type { SettlementGroup } from "@sluice/ledger";

/**
 * One chain for each set of groups that write to common accounts, be it by way of others. Groups of one chain
 * conflict when they are settled at the same time; those of different chains never do.
 */
export function settlementChains(
  groups: readonly SettlementGroup[],
): readonly (readonly SettlementGroup[])[] {
  const chains = new Map<string, SettlementGroup[]>();
  for (const group of groups) {
    const touched = new Set<SettlementGroup[]>();
    for (const name of accountNames(group)) {
      const chain = chains.get(name);
      if (chain) touched.add(chain);
    }
    const [longest = [], ...others] = [...touched].toSorted((one, other) => other.length - one.length);
    for (const other of others) {
      longest.push(...other);
      for (const member of other) for (const name of accountNames(member)) chains.set(name, longest);
    }
    longest.push(group);
    for (const name of accountNames(group)) chains.set(name, longest);
  }
  return [...new Set(chains.values())];
}

function accountNames({ accounts }: SettlementGroup): readonly string[] {
  return accounts.map((account) => JSON.stringify(account));
}

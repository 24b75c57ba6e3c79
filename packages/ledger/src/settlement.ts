/** Settling calls: each exactly once, many in one transaction. */
import type { Picodollars } from "@sluice/prices";
import type { AccountRef, Hold } from "./account.ts";

/** What one call cost, and whose accounts it is entered in. */
export interface Settlement {
  /** The call, unique over all calls: by it the ledger knows what it has settled. */
  readonly callId: string;
  /** The accounts of its key and, if it has one, its tenant. */
  readonly accounts: readonly AccountRef[];
  /** What was set aside for it in these accounts. */
  readonly holds: readonly Hold[];
  /** Absent: unknown. Then nothing is added to the spend, and the call counts as unpriced. */
  readonly cost?: Picodollars;
  /** Under which the call is summed up: `provider/model`. */
  readonly model: string;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** Settlements that go into one transaction: they all concern the same accounts. */
export interface SettlementGroup {
  readonly accounts: readonly AccountRef[];
  readonly settlements: readonly Settlement[];
}

/**
 * Most calls settled in one transaction. DynamoDB allows 100 actions in one (Amazon DynamoDB, "Transactions");
 * each call is one, and so is each account.
 */
export const MAX_GROUP_SIZE = 90;

/**
 * Most models in one group. A model takes four attributes of each account's update, whose expression may have 4 KB
 * (Amazon DynamoDB, "Quotas").
 */
export const MAX_GROUP_MODELS = 20;

/** Puts settlements together that concern the same accounts. A call that is given twice is taken once. */
export function groupSettlements(settlements: readonly Settlement[]): readonly SettlementGroup[] {
  const once = new Map(settlements.map((settlement) => [settlement.callId, settlement]));
  const byAccounts = Map.groupBy(once.values(), ({ accounts }) => JSON.stringify(accounts));
  return [...byAccounts.values()].flatMap((members) =>
    inGroups(members).map((settled) => ({ accounts: settled[0]?.accounts ?? [], settlements: settled })),
  );
}

function inGroups(members: readonly Settlement[]): readonly (readonly Settlement[])[] {
  const groups: Settlement[][] = [];
  let models = new Set<string>();
  for (const settlement of members) {
    const group = groups.at(-1);
    const fits = models.has(settlement.model) || models.size < MAX_GROUP_MODELS;
    if (group && group.length < MAX_GROUP_SIZE && fits) {
      group.push(settlement);
    } else {
      groups.push([settlement]);
      models = new Set();
    }
    models.add(settlement.model);
  }
  return groups;
}

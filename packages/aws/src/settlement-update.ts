/** What settling a group of calls does to one account. */
import type { AccountRef, Settlement } from "@sluice/ledger";
import {
  expiredBuckets,
  heldBuckets,
  heldName,
  type Item,
  MAX_GIVEN_BACK,
  modelNames,
  modelsIn,
} from "./account-item.ts";
import { createUpdate, type UpdateParts } from "./update-builder.ts";

/** Longest model name in an account, characters: names come from callers, and an item has 400 KB. */
const MAX_MODEL_LENGTH = 100;
/** Most models that an account tells apart. At worst they take 25 KB of the item, whose every KB is billed at each write. */
const MAX_MODELS = 50;
/** Under which the others are summed up. */
const OTHER_MODELS = "other models";

/**
 * The update of an account: real costs take the place of what was set aside, and expired buckets are given back
 * on the way. `item` is the account as it was just read; conditions make the write fail when what it relies on
 * has changed since.
 */
export function settlementUpdate(
  account: AccountRef,
  settlements: readonly Settlement[],
  item: Item,
  nowMs: number,
): UpdateParts {
  const update = createUpdate();
  const buckets = heldBuckets(item);
  const cost = sum(settlements.map((settlement) => settlement.cost ?? 0n));
  let given = 0n;

  const gone = new Set<number>();
  for (const [bucket, amount] of expiredBuckets(item, nowMs).slice(0, MAX_GIVEN_BACK)) {
    gone.add(bucket);
    update.remove(heldName(bucket));
    update.require(heldName(bucket), (held, value) => `${held} = ${value({ N: String(amount) })}`);
    given += amount;
  }
  const holds = settlements
    .flatMap((settlement) => settlement.holds)
    .filter((hold) => isIn(account, hold.account));
  for (const [bucket, members] of Map.groupBy(holds, (hold) => hold.bucket)) {
    if (!buckets.has(bucket)) {
      // Given back before: the settlement came later than the reservation lasted.
      update.require(heldName(bucket), (held) => `attribute_not_exists(${held})`);
    } else if (!gone.has(bucket)) {
      const amount = sum(members.map((hold) => hold.amount));
      update.add(heldName(bucket), -amount);
      update.require(heldName(bucket), (held) => `attribute_exists(${held})`);
      given += amount;
    }
  }

  update.add("spent", cost);
  update.add("committed", cost - given);
  update.add("requests", settlements.length);
  update.add("unpriced", settlements.filter((settlement) => settlement.cost === undefined).length);
  update.add("inputTokens", total(settlements, "inputTokens"));
  update.add("outputTokens", total(settlements, "outputTokens"));
  const nameOf = modelNaming(item);
  const byModel = Map.groupBy(settlements, ({ model }) => nameOf(model));
  for (const [model, members] of byModel) {
    const names = modelNames(model);
    update.add(names.spent, sum(members.map((settlement) => settlement.cost ?? 0n)));
    update.add(names.requests, members.length);
    update.add(names.inputTokens, total(members, "inputTokens"));
    update.add(names.outputTokens, total(members, "outputTokens"));
  }
  return update.build();
}

/** Gives models the names that an account knows them by. */
function modelNaming(item: Item): (model: string) => string {
  const known = new Set(modelsIn(item));
  return (model) => {
    // A caller can write half of a character, and so can the cut: DynamoDB takes whole ones only.
    const name = model.slice(0, MAX_MODEL_LENGTH).toWellFormed() || OTHER_MODELS;
    if (!known.has(name) && known.size >= MAX_MODELS) return OTHER_MODELS;
    known.add(name);
    return name;
  };
}

function isIn(account: AccountRef, other: AccountRef): boolean {
  return (
    account.owner.kind === other.owner.kind &&
    account.owner.id === other.owner.id &&
    account.periodId === other.periodId
  );
}

function sum(amounts: readonly bigint[]): bigint {
  return amounts.reduce((all, amount) => all + amount, 0n);
}

function total(settlements: readonly Settlement[], count: "inputTokens" | "outputTokens"): number {
  return settlements.reduce((all, settlement) => all + settlement[count], 0);
}

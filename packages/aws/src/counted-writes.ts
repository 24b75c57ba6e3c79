/** Writes calls' items together with the counters that count them: many calls in few transactions. */
import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import type { Item } from "./account-item.ts";
import { type CountedCall, countChanges, countedCall, countedItem } from "./call-state.ts";
import { COUNTER_SHARDS, counterWrites } from "./delivery-counters.ts";
import { createUpdate, type UpdateParts } from "./update-builder.ts";
import { cancellationReasons, retryConflicts, type Waiting } from "./write-conflicts.ts";

/** Most writes of one transaction (Amazon DynamoDB API reference, TransactWriteItems). */
const MAX_ACTIONS = 100;
/** Transactions of one caller at the same time: half a second for a thousand calls, and few meet at a counter. */
const TRANSACTIONS_AT_ONCE = 2;
/** Single writes at the same time. */
const SINGLES_AT_ONCE = 50;
/** Tries of a write whose item is not as it was thought to be. Each try knows the item as the last one found it. */
const MAX_TRIES = 10;

/** An item as far as it is known. */
export interface KnownItem {
  readonly counted: CountedCall | undefined;
  /** What was read of it; empty when it is only assumed how the call is counted. */
  readonly item: Item;
}

/**
 * What becomes of the lease: only a free one is taken, and only the one that ends at `leaseUntilMs` (Unix time) is given back; where it
 * is another one, the write is planned anew, by the item as it is.
 */
export type LeaseChange =
  | { readonly kind: "take"; readonly nowMs: number }
  | { readonly kind: "give back"; readonly leaseUntilMs: number }
  | { readonly kind: "leave" };

/** What is to be written, given how the item is: or what came of it, when nothing is to be. */
export type Plan<T> =
  | { readonly kind: "ended"; readonly result: T }
  | {
      readonly kind: "write";
      /** How the call is counted after it. */
      readonly to: CountedCall;
      /** Attributes that are set beside those that count. */
      readonly set: Item;
      readonly lease: LeaseChange;
      /** An attribute that the item must not have. Where it has it, the write is planned anew, by the item as it is. */
      readonly unless?: string;
      /** The result, by the item after the write. */
      readonly result: (after: Item) => T;
    };

/** A write to a call's item. */
export interface CallWrite<T> {
  readonly callId: string;
  /** How the item is assumed to be. A wrong guess costs one more request. */
  readonly assumed: CountedCall | undefined;
  plan(known: KnownItem): Plan<T>;
}

/** What the writes are made with. */
export interface CountedWriteOptions extends Waiting {
  readonly client: DynamoDBClient;
  readonly table: string;
}

/** The primary key of a call's item. */
export function callKey(callId: string) {
  return { pk: { S: `CALL#${callId}` }, sk: { S: "CALL" } };
}

/** A write that is under way, and its place among the outcomes. */
interface Pending<T> {
  readonly index: number;
  readonly write: CallWrite<T>;
  readonly known: KnownItem;
}

interface Planned<T> extends Pending<T> {
  readonly plan: Extract<Plan<T>, { readonly kind: "write" }>;
}

/**
 * Makes the writes, each on the condition that the call is counted as its plan was told. Where a call moves from one
 * count to another, its item and the counters change in one transaction; where it stays, its item alone is
 * written, at half the price. A call twice among the writes is written twice, one after the other. Never rejects:
 * outcomes are in the order of the writes.
 */
export async function writeCounted<T>(
  writes: readonly CallWrite<T>[],
  options: CountedWriteOptions,
): Promise<readonly PromiseSettledResult<T>[]> {
  const outcomes = new Map<number, PromiseSettledResult<T>>();
  const rounds: Pending<T>[][] = [];
  const times = new Map<string, number>();
  for (const [index, write] of writes.entries()) {
    const round = times.get(write.callId) ?? 0;
    times.set(write.callId, round + 1);
    rounds[round] ??= [];
    rounds[round].push({ index, write, known: { counted: write.assumed, item: {} } });
  }
  for (const round of rounds) await settle(round, outcomes, options);
  return writes.map((_, index) => outcomes.get(index) ?? rejected(new Error(CHANGED_TOO_OFTEN)));
}

const CHANGED_TOO_OFTEN = "The call's item was changed by others at each try.";

/** Plans and writes until every write has its outcome. */
async function settle<T>(
  round: readonly Pending<T>[],
  outcomes: Map<number, PromiseSettledResult<T>>,
  options: CountedWriteOptions,
): Promise<void> {
  let pending = round;
  for (let tries = 0; pending.length > 0 && tries < MAX_TRIES; tries += 1) {
    const again: Pending<T>[] = [];
    const singles: Planned<T>[] = [];
    const moving: Planned<T>[] = [];
    for (const one of pending) {
      const plan = one.write.plan(one.known);
      if (plan.kind === "ended") outcomes.set(one.index, fulfilled(plan.result));
      else (countChanges(one.known.counted, plan.to).length > 0 ? moving : singles).push({ ...one, plan });
    }
    await Promise.all([
      eachOf(singles, SINGLES_AT_ONCE, (one) => writeAlone(one, outcomes, again, options)),
      eachOf(transactionsOf(moving), TRANSACTIONS_AT_ONCE, (group) =>
        writeGroup(group, outcomes, again, options),
      ),
    ]);
    pending = again;
  }
}

async function writeAlone<T>(
  one: Planned<T>,
  outcomes: Map<number, PromiseSettledResult<T>>,
  again: Pending<T>[],
  { client, table }: CountedWriteOptions,
): Promise<void> {
  try {
    const { Attributes = {} } = await client.send(
      new UpdateItemCommand({
        TableName: table,
        Key: callKey(one.write.callId),
        ...updateOf(one),
        ReturnValues: "ALL_NEW",
        ReturnValuesOnConditionCheckFailure: "ALL_OLD",
      }),
    );
    outcomes.set(one.index, fulfilled(one.plan.result(Attributes)));
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) again.push(asFound(one, error.Item));
    else outcomes.set(one.index, rejected(error));
  }
}

async function writeGroup<T>(
  group: readonly Planned<T>[],
  outcomes: Map<number, PromiseSettledResult<T>>,
  again: Pending<T>[],
  options: CountedWriteOptions,
): Promise<void> {
  const { client, table, random } = options;
  const calls = group.map((one) => ({
    Update: {
      TableName: table,
      Key: callKey(one.write.callId),
      ...updateOf(one),
      ReturnValuesOnConditionCheckFailure: "ALL_OLD" as const,
    },
  }));
  const changes = group.flatMap(({ known, plan }) => countChanges(known.counted, plan.to));
  try {
    await retryConflicts(() => {
      // Another shard each time: the conflict may have been at the counters.
      const shard = Math.floor(random() * COUNTER_SHARDS);
      const TransactItems = [...calls, ...counterWrites(changes, { table, shard })];
      return client.send(new TransactWriteItemsCommand({ TransactItems }));
    }, options);
    for (const { index, plan, known } of group) {
      outcomes.set(index, fulfilled(plan.result({ ...known.item, ...plan.set, ...countedItem(plan.to) })));
    }
  } catch (error) {
    const reasons = cancellationReasons(error);
    if (!reasons?.some(({ Code }) => Code === "ConditionalCheckFailed")) {
      for (const { index } of group) outcomes.set(index, rejected(error));
      return;
    }
    // Nothing was written: those that were not as assumed are planned anew, the others only tried again.
    for (const [at, one] of group.entries()) {
      const reason = reasons[at];
      again.push(reason?.Code === "ConditionalCheckFailed" ? asFound(one, reason.Item) : one);
    }
  }
}

/**
 * The write of a call's item. It fails when the call is not counted as it was thought to be, the lease is not free, or the item
 * has what it must not have.
 */
function updateOf<T>({
  known: { counted: from },
  plan: { to, set, lease, unless },
}: Planned<T>): UpdateParts {
  const update = createUpdate();
  for (const [name, value] of Object.entries(set)) update.set(name, value);
  if (from?.state !== to.state) update.set("state", { S: to.state });
  if (from?.acceptedHour !== to.acceptedHour) update.set("acceptedHour", { S: to.acceptedHour });
  if (from?.takenHour !== to.takenHour) update.set("takenHour", { S: to.takenHour });
  if (!from) {
    update.require("state", (state) => `attribute_not_exists(${state})`);
  } else {
    update.require("state", (state, value) => `${state} = ${value({ S: from.state })}`);
    // Which counters change depends on these.
    if (from.state === "open") {
      update.require("takenHour", (hour, value) => `${hour} = ${value({ S: from.takenHour })}`);
    }
    if (countChanges(from, to).length > 0) {
      update.require("acceptedHour", (hour, value) => `${hour} = ${value({ S: from.acceptedHour })}`);
    }
  }
  if (lease.kind === "give back") {
    update.remove("leaseUntilMs");
    const { leaseUntilMs } = lease;
    update.require("leaseUntilMs", (until, value) => {
      return `(attribute_not_exists(${until}) OR ${until} = ${value({ N: String(leaseUntilMs) })})`;
    });
  } else if (lease.kind === "take") {
    update.require("leaseUntilMs", (until, value) => {
      return `(attribute_not_exists(${until}) OR ${until} < ${value({ N: String(lease.nowMs) })})`;
    });
  }
  if (unless !== undefined) update.require(unless, (name) => `attribute_not_exists(${name})`);
  return update.build();
}

function asFound<T>({ index, write }: Pending<T>, item: Item = {}): Pending<T> {
  return { index, write, known: { counted: countedCall(item), item } };
}

/** Fills transactions. Calls of the same hours come together, so that few counters are written. */
function transactionsOf<T>(moving: readonly Planned<T>[]): readonly (readonly Planned<T>[])[] {
  const hoursOf = ({ known, plan }: Planned<T>) =>
    new Set(countChanges(known.counted, plan.to).map(({ hour }) => hour));
  const sorted = moving
    .map((one) => ({ one, hours: hoursOf(one) }))
    .toSorted((a, b) => ([...a.hours].join() < [...b.hours].join() ? -1 : 1));
  const groups: Planned<T>[][] = [];
  let hours = new Set<string>();
  for (const { one, hours: those } of sorted) {
    const last = groups.at(-1);
    const together = new Set([...hours, ...those]);
    if (last && last.length + 1 + together.size <= MAX_ACTIONS) {
      last.push(one);
      hours = together;
    } else {
      groups.push([one]);
      hours = those;
    }
  }
  return groups;
}

async function eachOf<T>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const waiting = items.values();
  const worker = async () => {
    for (const item of waiting) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
}

function fulfilled<T>(value: T): PromiseSettledResult<T> {
  return { status: "fulfilled", value };
}

function rejected(reason: unknown): PromiseRejectedResult {
  return { status: "rejected", reason };
}

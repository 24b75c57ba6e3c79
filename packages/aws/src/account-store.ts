/** Accounts in DynamoDB that concurrency cannot overspend. */
import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import type { AccountRef, AccountStore, Hold } from "@sluice/ledger";
import {
  accountKey,
  accountTotals,
  expiredBuckets,
  heldName,
  type Item,
  MAX_GIVEN_BACK,
} from "./account-item.ts";
import { createUpdate, type UpdateBuilder } from "./update-builder.ts";
import { cancellationReasons, retryConflicts, type Waiting } from "./write-conflicts.ts";

/** What the store is made of. */
export interface TableOptions extends Waiting {
  readonly client: DynamoDBClient;
  /** A table with the string keys `pk` and `sk`, and `ttl` as its TTL attribute. */
  readonly table: string;
  /** Unix time, ms. */
  readonly nowMs: () => number;
}

/**
 * Expired buckets that a granted reservation leaves alone. Settlements and refusals give them back on their way; where
 * neither comes (parallel calls; a flusher that is down) they would pile up until the item is full.
 */
const MAX_EXPIRED_BUCKETS = 8;
/** Tries of a reservation that finds expired ones to give back. Each gives back up to `MAX_GIVEN_BACK` buckets. */
const MAX_RESERVE_TRIES = 100;

/** Accounts in a table. */
export function createAccountStore(options: TableOptions): AccountStore {
  const { client, table, nowMs } = options;

  const readItem = async (account: AccountRef): Promise<Item> => {
    const command = new GetItemCommand({ TableName: table, Key: accountKey(account), ConsistentRead: true });
    return (await client.send(command)).Item ?? {};
  };

  /** One conditional write, and the item after it; or, when its condition did not hold, before it. */
  const write = async (account: AccountRef, update: UpdateBuilder) => {
    const command = new UpdateItemCommand({
      TableName: table,
      Key: accountKey(account),
      ...update.build(),
      ReturnValues: "ALL_NEW",
      ReturnValuesOnConditionCheckFailure: "ALL_OLD",
    });
    try {
      const { Attributes } = await retryConflicts(() => client.send(command), options);
      return { written: true, item: Attributes ?? {} };
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      return { written: false, item: error.Item ?? {} };
    }
  };

  /**
   * A write that is made once, also when its answer is lost and the SDK sends it again: an `ADD` would count twice. The
   * SDK gives a transaction a token, by which DynamoDB knows it for ten minutes. False when its condition did not hold.
   */
  const writeOnce = async (account: AccountRef, update: UpdateBuilder): Promise<boolean> => {
    const Update = { TableName: table, Key: accountKey(account), ...update.build() };
    const command = new TransactWriteItemsCommand({ TransactItems: [{ Update }] });
    try {
      await retryConflicts(() => client.send(command), options);
      return true;
    } catch (error) {
      if (cancellationReasons(error)?.[0]?.Code === "ConditionalCheckFailed") return false;
      throw error;
    }
  };

  /** Takes expired buckets out of an account, unless somebody else has changed one meanwhile. */
  const giveBack = async (account: AccountRef, expired: readonly (readonly [number, bigint])[]) => {
    const update = createUpdate();
    update.add(
      "committed",
      expired.reduce((sum, [, amount]) => sum - amount, 0n),
    );
    for (const [bucket, amount] of expired) {
      update.remove(heldName(bucket));
      update.require(heldName(bucket), (held, value) => `${held} = ${value({ N: String(amount) })}`);
    }
    await write(account, update);
  };

  const reserveOnce = async (hold: Hold, limit: bigint) => {
    if (hold.amount > limit) return { written: false, item: await readItem(hold.account) };
    const update = createUpdate();
    update.add("committed", hold.amount);
    update.add(heldName(hold.bucket), hold.amount);
    update.require("committed", (committed, value) => {
      const room = value({ N: String(limit - hold.amount) });
      return `(attribute_not_exists(${committed}) OR ${committed} <= ${room})`;
    });
    return await write(hold.account, update);
  };

  return {
    async reserve(hold, limit) {
      for (let tries = 1; ; tries += 1) {
        const { written: granted, item } = await reserveOnce(hold, limit);
        const expired = expiredBuckets(item, nowMs());
        const left = granted ? expired.length <= MAX_EXPIRED_BUCKETS : expired.length === 0;
        if (left || hold.amount > limit || tries >= MAX_RESERVE_TRIES) {
          return { granted, totals: accountTotals(item, nowMs()) };
        }
        const given = giveBack(hold.account, expired.slice(0, MAX_GIVEN_BACK));
        if (!granted) {
          await given;
          continue;
        }
        // The call has its hold: that the tidying failed is no reason to refuse it, and the next one tidies.
        await given.catch(() => undefined);
        return { granted, totals: accountTotals(item, nowMs()) };
      }
    },

    async release(hold) {
      const update = createUpdate();
      update.add("committed", -hold.amount);
      update.add(heldName(hold.bucket), -hold.amount);
      update.require(heldName(hold.bucket), (held) => `attribute_exists(${held})`);
      await writeOnce(hold.account, update);
    },

    read: async (account) => accountTotals(await readItem(account), nowMs()),

    async adjust(account, amount) {
      const update = createUpdate();
      update.add("spent", amount);
      update.add("committed", amount);
      update.set("adjustedAtMs", { N: String(nowMs()) });
      await writeOnce(account, update);
      return accountTotals(await readItem(account), nowMs());
    },

    async claimAnnouncement(account, percent) {
      const update = createUpdate();
      update.set(`announced#${percent}`, { N: String(nowMs()) });
      update.require(`announced#${percent}`, (announced) => `attribute_not_exists(${announced})`);
      return await writeOnce(account, update);
    },

    async disclaimAnnouncement(account, percent) {
      const update = createUpdate();
      update.remove(`announced#${percent}`);
      await write(account, update);
    },
  };
}

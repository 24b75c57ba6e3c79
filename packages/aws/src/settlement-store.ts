/** Settling calls in DynamoDB: each exactly once, in one transaction with the accounts that it is entered in. */
import { GetItemCommand, type TransactWriteItem, TransactWriteItemsCommand } from "@aws-sdk/client-dynamodb";
import type { AccountRef, GroupSettled, Settlement, SettlementGroup, SettlementStore } from "@sluice/ledger";
import { accountKey, type Item } from "./account-item.ts";
import type { TableOptions } from "./account-store.ts";
import { settlementUpdate } from "./settlement-update.ts";
import { createUpdate } from "./update-builder.ts";
import { cancellationReasons, retryConflicts } from "./write-conflicts.ts";

/** How long a settled call is remembered, ms: longer than the retention of queue and dead-letter queue together. */
const CALL_RETENTION_MS = 35 * 24 * 60 * 60_000;
/** Tries of a settlement whose accounts changed between reading and writing. */
const MAX_SETTLE_TRIES = 20;

/** The record of settled calls in a table. */
export function createSettlementStore(options: TableOptions): SettlementStore {
  const { client, table, nowMs } = options;

  const readItem = async (account: AccountRef): Promise<Item> => {
    const command = new GetItemCommand({ TableName: table, Key: accountKey(account), ConsistentRead: true });
    return (await client.send(command)).Item ?? {};
  };

  const settleOnce = async (group: SettlementGroup): Promise<void> => {
    const items = await Promise.all(group.accounts.map(readItem));
    const accounts = group.accounts.map(
      (account, index): TransactWriteItem => ({
        Update: {
          TableName: table,
          Key: accountKey(account),
          ...settlementUpdate(account, group.settlements, items[index] ?? {}, nowMs()),
        },
      }),
    );
    const calls = group.settlements.map(
      (settlement): TransactWriteItem => callWrite(settlement, table, nowMs()),
    );
    const command = new TransactWriteItemsCommand({ TransactItems: [...calls, ...accounts] });
    await retryConflicts(() => client.send(command), options);
  };

  return {
    async settle(group): Promise<GroupSettled> {
      const knownIds: string[] = [];
      let left = group.settlements;
      for (let tries = 1; left.length > 0; tries += 1) {
        try {
          await settleOnce({ accounts: group.accounts, settlements: left });
          return { settledIds: left.map(({ callId }) => callId), knownIds };
        } catch (error) {
          const outdated = cancellationReasons(error)?.map(({ Code }) => Code === "ConditionalCheckFailed");
          if (!outdated?.includes(true) || tries >= MAX_SETTLE_TRIES) throw error;
          // A call that was settled before is left out; an account that changed is read again.
          const known = left.filter((_, index) => outdated[index]);
          knownIds.push(...known.map(({ callId }) => callId));
          left = left.filter((settlement) => !known.includes(settlement));
        }
      }
      return { settledIds: [], knownIds };
    },
  };
}

/** Marks a call as settled; the whole transaction fails when it is already. */
function callWrite(settlement: Settlement, table: string, nowMs: number): TransactWriteItem {
  const update = createUpdate();
  update.set("settledAtMs", { N: String(nowMs) });
  update.set("ttl", { N: String(Math.ceil((nowMs + CALL_RETENTION_MS) / 1000)) });
  if (settlement.cost !== undefined) update.set("cost", { N: String(settlement.cost) });
  update.require("settledAtMs", (settled) => `attribute_not_exists(${settled})`);
  return {
    Update: {
      TableName: table,
      Key: { pk: { S: `CALL#${settlement.callId}` }, sk: { S: "CALL" } },
      ...update.build(),
    },
  };
}

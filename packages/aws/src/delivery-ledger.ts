/** What was done for each call, in DynamoDB: one item for each, beside what was settled for it. */
import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import type { DeliveryLedger, Taking } from "@sluice/flusher";
import type { Item } from "./account-item.ts";
import { createUpdate, type UpdateBuilder } from "./update-builder.ts";

/** How long a call is remembered, ms: longer than the retention of queue and dead-letter queue together. */
const CALL_RETENTION_MS = 35 * 24 * 60 * 60_000;

/** What the ledger is made of. */
export interface DeliveryLedgerOptions {
  readonly client: DynamoDBClient;
  /** A table with the string keys `pk` and `sk`, and `ttl` as its TTL attribute. */
  readonly table: string;
  /** Unix time, ms. */
  readonly nowMs: () => number;
}

/** The ledger of delivery in a table. */
export function createDeliveryLedger({ client, table, nowMs }: DeliveryLedgerOptions): DeliveryLedger {
  const write = (callId: string, update: UpdateBuilder) =>
    client.send(
      new UpdateItemCommand({
        TableName: table,
        Key: callKey(callId),
        ...update.build(),
        ReturnValues: "ALL_NEW",
        ReturnValuesOnConditionCheckFailure: "ALL_OLD",
      }),
    );
  return {
    async take(callId, leaseUntilMs, { dead }) {
      const update = createUpdate();
      update.set(dead ? "deadAtMs" : "seenAtMs", number(nowMs()));
      update.set("leaseUntilMs", number(leaseUntilMs));
      update.set("ttl", number(Math.ceil((nowMs() + CALL_RETENTION_MS) / 1000)));
      update.require("leaseUntilMs", (lease, value) => {
        const now = value(number(nowMs()));
        return `(attribute_not_exists(${lease}) OR ${lease} < ${now})`;
      });
      try {
        return taking("taken", (await write(callId, update)).Attributes ?? {}, dead);
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return taking("busy", error.Item ?? {}, dead);
        throw error;
      }
    },

    async markDelivered(callId, drains, { dead }) {
      const update = createUpdate();
      for (const drain of drains) update.set(`${dead ? DEAD_DELIVERED : DELIVERED}${drain}`, number(nowMs()));
      update.remove("leaseUntilMs");
      await write(callId, update);
    },

    async release(callId) {
      const update = createUpdate();
      update.remove("leaseUntilMs");
      await write(callId, update);
    },

    async knows(callId) {
      const command = new GetItemCommand({ TableName: table, Key: callKey(callId), ConsistentRead: true });
      const { Item } = await client.send(command);
      return Item?.["seenAtMs"] !== undefined;
    },
  };
}

/** Begins the name of the attribute that says when a drain took the trace. */
const DELIVERED = "delivered#";
/** The same of the trace that gives the call up for dead. */
const DEAD_DELIVERED = "deadDelivered#";

function callKey(callId: string) {
  return { pk: { S: `CALL#${callId}` }, sk: { S: "CALL" } };
}

function taking(kind: Taking["kind"], item: Item, dead: boolean): Taking {
  // Whoever has the call's own trace needs none that gives it up; the other way round it does.
  const prefixes = dead ? [DELIVERED, DEAD_DELIVERED] : [DELIVERED];
  return {
    kind,
    untilMs: Number(item["leaseUntilMs"]?.N ?? "0"),
    delivered: new Set(
      prefixes.flatMap((prefix) =>
        Object.keys(item).flatMap((name) => (name.startsWith(prefix) ? [name.slice(prefix.length)] : [])),
      ),
    ),
    wasDead: item["deadAtMs"] !== undefined,
  };
}

function number(value: number) {
  return { N: String(value) };
}

/** Requests and tokens by key and minute, in DynamoDB. */
import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import type { MinuteUse, RateStore } from "@sluice/ledger";
import type { Item } from "./account-item.ts";
import { createUpdate } from "./update-builder.ts";

const MINUTE_MS = 60_000;
/** How long a minute's counts are kept, seconds: nobody reads them once it is over. */
const RETENTION_SECONDS = 600;

/** Counts in a table with the string keys `pk` and `sk`, and `ttl` as its TTL attribute. */
export function createRateStore({ client, table }: { client: DynamoDBClient; table: string }): RateStore {
  return {
    async take(keyId, { atMs, tokens, requestsPerMinute, tokensPerMinute }) {
      const minute = Math.floor(atMs / MINUTE_MS);
      // A minute without an item would be granted whatever the call takes.
      if (tokens > (tokensPerMinute ?? tokens) || (requestsPerMinute ?? 1) < 1) {
        return { granted: false, use: use(undefined, minute) };
      }
      const update = createUpdate();
      update.add("requests", 1);
      update.add("tokens", tokens);
      update.set("ttl", { N: String(minute * 60 + RETENTION_SECONDS) });
      if (requestsPerMinute !== undefined) {
        update.require("requests", (requests, value) => {
          const last = value({ N: String(requestsPerMinute - 1) });
          return `(attribute_not_exists(${requests}) OR ${requests} <= ${last})`;
        });
      }
      if (tokensPerMinute !== undefined) {
        update.require("tokens", (used, value) => {
          const room = value({ N: String(tokensPerMinute - tokens) });
          return `(attribute_not_exists(${used}) OR ${used} <= ${room})`;
        });
      }
      try {
        const { Attributes } = await client.send(
          new UpdateItemCommand({
            TableName: table,
            Key: { pk: { S: `RATE#${keyId}` }, sk: { S: String(minute) } },
            ...update.build(),
            ReturnValues: "ALL_NEW",
            ReturnValuesOnConditionCheckFailure: "ALL_OLD",
          }),
        );
        return { granted: true, use: use(Attributes, minute) };
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
        return { granted: false, use: use(error.Item, minute) };
      }
    },
  };
}

function use(item: Item | undefined, minute: number): MinuteUse {
  return {
    requests: Number(item?.["requests"]?.N ?? "0"),
    tokens: Number(item?.["tokens"]?.N ?? "0"),
    resetsAtMs: (minute + 1) * MINUTE_MS,
  };
}

/**
 * Time to live: the two operations, and the deletion of expired items on demand. DynamoDB itself deletes
 * within days, so nothing may rely on it.
 */
import type { Backend } from "./backend.ts";
import type { AttributeValue, Item, UpdateTimeToLiveInput } from "./operations.ts";

/** Time to live of all tables. Not kept across a restart: whoever makes the tables sets it again. */
export interface TimeToLive {
  update(input: UpdateTimeToLiveInput): Promise<object>;
  describe(input: { readonly TableName: string }): Promise<object>;
  /** Deletes what has expired at `nowSeconds` (Unix time) and returns how many items that were. */
  sweep(nowSeconds: number): Promise<number>;
}

/** DynamoDB does not delete items that expired longer ago: it takes the number for something else. */
const OLDEST_SECONDS = 5 * 365 * 86_400;

/** Starts with no table having a time to live. */
export function createTimeToLive(backend: Backend): TimeToLive {
  /** Table name to attribute name. */
  const attributes = new Map<string, string>();

  async function sweepTable(table: string, attribute: string, nowSeconds: number): Promise<number> {
    let deleted = 0;
    let from: Item | undefined;
    do {
      const page = await backend.call<{ Items: readonly Item[]; LastEvaluatedKey?: Item }>("Scan", {
        TableName: table,
        ...(from && { ExclusiveStartKey: from }),
      });
      for (const item of page.Items.filter((item) => isExpired(item[attribute], nowSeconds))) {
        await backend.call("DeleteItem", { TableName: table, Key: await backend.keyOf(table, item) });
        deleted++;
      }
      from = page.LastEvaluatedKey;
    } while (from);
    return deleted;
  }

  return {
    update: async ({ TableName, TimeToLiveSpecification }) => {
      await backend.call("DescribeTable", { TableName });
      if (TimeToLiveSpecification.Enabled) attributes.set(TableName, TimeToLiveSpecification.AttributeName);
      else attributes.delete(TableName);
      return { TimeToLiveSpecification };
    },
    describe: async ({ TableName }) => {
      await backend.call("DescribeTable", { TableName });
      const AttributeName = attributes.get(TableName);
      return {
        TimeToLiveDescription: AttributeName
          ? { TimeToLiveStatus: "ENABLED", AttributeName }
          : { TimeToLiveStatus: "DISABLED" },
      };
    },
    sweep: async (nowSeconds) => {
      let deleted = 0;
      for (const [table, attribute] of attributes) deleted += await sweepTable(table, attribute, nowSeconds);
      return deleted;
    },
  };
}

function isExpired(value: AttributeValue | undefined, nowSeconds: number): boolean {
  const expiresAtSeconds = Number(value?.["N"] ?? Number.NaN);
  return expiresAtSeconds < nowSeconds && expiresAtSeconds > nowSeconds - OLDEST_SECONDS;
}

/**
 * How many calls were accepted and what became of them: counter items, one for each hour and shard. They are written in
 * the transaction that changes the calls' own items, so that no crash can come between a call and its count.
 */
import {
  type DynamoDBClient,
  GetItemCommand,
  paginateQuery,
  type TransactWriteItem,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import type { DeliveryCounts, HourCounts } from "@sluice/flusher";
import { createUpdate } from "./update-builder.ts";

/**
 * Every transaction picks a shard, whatever calls it is about, and only the sum over the shards of an hour says
 * anything. Enough that four flushers with two transactions each seldom meet; each shard costs one Query to read.
 */
export const COUNTER_SHARDS = 8;

/**
 * How long an hour is counted, ms: 14 days in the queue, 14 parked, and 14 in the queue once more. Readers leave older
 * hours out, since the time to live deletes the shards of an hour at different times.
 */
const COUNTS_RETENTION_MS = 42 * 24 * 60 * 60_000;
const HOUR_MS = 60 * 60_000;
/** After the hour is no longer read, so that deletion is never seen in part. */
const TTL_MARGIN_MS = 24 * HOUR_MS;

/** A count that a call is in, or a message that named none. */
export type CountName = Exclude<keyof HourCounts, "hourMs">;

/** One more, or one less, of a count of an hour. */
export interface CountChange {
  readonly hour: string;
  readonly count: CountName;
  readonly by: 1 | -1;
}

/** The hour of a time (Unix time, ms) as `2026-11-21T09`, UTC. */
export function hourOf(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, "2026-11-21T09".length);
}

/** The writes that make the changes, one for each hour. */
export function counterWrites(
  changes: readonly CountChange[],
  { table, shard }: { readonly table: string; readonly shard: number },
): TransactWriteItem[] {
  return [...Map.groupBy(changes, ({ hour }) => hour)].map(([hour, ofHour]) => {
    const update = createUpdate();
    for (const [count, those] of Map.groupBy(ofHour, ({ count }) => count)) {
      update.add(
        count,
        those.reduce((sum, { by }) => sum + by, 0),
      );
    }
    const expiresAtMs = hourStartMs(hour) + COUNTS_RETENTION_MS + TTL_MARGIN_MS;
    update.set("ttl", { N: String(expiresAtMs / 1000) });
    return {
      Update: { TableName: table, Key: { pk: { S: shardKey(shard) }, sk: { S: hour } }, ...update.build() },
    };
  });
}

/** Reads the counts, and keeps when the queue was last seen worked off. */
export function createDeliveryCounts({
  client,
  table,
  nowMs,
}: {
  readonly client: DynamoDBClient;
  readonly table: string;
  readonly nowMs: () => number;
}): DeliveryCounts {
  const readShard = async (shard: number): Promise<readonly HourCounts[]> => {
    const hours: HourCounts[] = [];
    const input = {
      TableName: table,
      KeyConditionExpression: "pk = :shard AND sk >= :from",
      ExpressionAttributeValues: {
        ":shard": { S: shardKey(shard) },
        ":from": { S: hourOf(nowMs() - COUNTS_RETENTION_MS) },
      },
      ConsistentRead: true,
    };
    for await (const { Items = [] } of paginateQuery({ client }, input)) {
      for (const item of Items) {
        const count = (name: CountName) => Number(item[name]?.N ?? 0);
        hours.push({
          hourMs: hourStartMs(item["sk"]?.S ?? ""),
          accepted: count("accepted"),
          delivered: count("delivered"),
          parked: count("parked"),
          inFlight: count("inFlight"),
          lastTaken: count("lastTaken"),
          unreadable: count("unreadable"),
        });
      }
    }
    return hours;
  };
  return {
    async read() {
      const shards = await Promise.all(
        Array.from({ length: COUNTER_SHARDS }, (_, shard) => readShard(shard)),
      );
      return [...Map.groupBy(shards.flat(), ({ hourMs }) => hourMs)]
        .map(([hourMs, those]) => sumOf(hourMs, those))
        .toSorted((one, other) => one.hourMs - other.hourMs);
    },
    async workedOffAtMs() {
      const command = new GetItemCommand({ TableName: table, Key: WORKED_OFF_KEY, ConsistentRead: true });
      const { Item } = await client.send(command);
      return Item?.["atMs"]?.N === undefined ? undefined : Number(Item["atMs"].N);
    },
    async noteWorkedOff(atMs) {
      const update = createUpdate();
      update.set("atMs", { N: String(atMs) });
      await client.send(new UpdateItemCommand({ TableName: table, Key: WORKED_OFF_KEY, ...update.build() }));
    },
  };
}

const WORKED_OFF_KEY = { pk: { S: "DELIVERIES" }, sk: { S: "WORKED_OFF" } };

function shardKey(shard: number): string {
  return `DELIVERIES#${shard}`;
}

function hourStartMs(hour: string): number {
  return Date.parse(`${hour}:00:00Z`);
}

function sumOf(hourMs: number, shards: readonly HourCounts[]): HourCounts {
  const sum = (name: CountName) => shards.reduce((total, shard) => total + shard[name], 0);
  return {
    hourMs,
    accepted: sum("accepted"),
    delivered: sum("delivered"),
    parked: sum("parked"),
    inFlight: sum("inFlight"),
    lastTaken: sum("lastTaken"),
    unreadable: sum("unreadable"),
  };
}

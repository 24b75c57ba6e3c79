/**
 * What was done for each call, in DynamoDB: one item for each, beside what was settled for it, and the counters that say
 * how many calls were accepted and what became of them. A call's item:
 *
 *   seenAtMs, deadAtMs             when its own record, and its switch, were taken last, Unix time in ms
 *   leaseUntilMs                   until when a consumer has it
 *   delivered#<drain>              when the drain took its trace; deadDelivered#<drain>: the one that says it died
 *   parked#<message>               when that message was parked
 *   state, acceptedHour, takenHour in which counts it is: call-state.ts
 */
import { createHash } from "node:crypto";
import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import type { DeliveryLedger, DeliveryMark, Taking } from "@sluice/flusher";
import type { Item } from "./account-item.ts";
import { type CountedCall, countedCall, whenDelivered, whenParked, whenTaken } from "./call-state.ts";
import { type CallWrite, callKey, type LeaseChange, writeCounted } from "./counted-writes.ts";
import { COUNTER_SHARDS, counterWrites, hourOf } from "./delivery-counters.ts";
import { insist } from "./insist.ts";
import { createUpdate } from "./update-builder.ts";
import { cancellationReasons, retryConflicts, type Waiting } from "./write-conflicts.ts";

/** How long a call is remembered, ms: longer than the retention of queue and dead-letter queue together. */
const CALL_RETENTION_MS = 35 * 24 * 60 * 60_000;

/** What the ledger is made of. */
export interface DeliveryLedgerOptions extends Waiting {
  readonly client: DynamoDBClient;
  /** A table with the string keys `pk` and `sk`, and `ttl` as its TTL attribute. */
  readonly table: string;
  /** Unix time, ms. */
  readonly nowMs: () => number;
}

/** The ledger of delivery in a table. */
export function createDeliveryLedger(options: DeliveryLedgerOptions): DeliveryLedger {
  const { client, table, nowMs, random } = options;
  return {
    take(calls, leaseUntilMs) {
      return writeCounted(
        calls.map(
          ({ callId, messageId, dead, seenBefore }): CallWrite<Taking> => ({
            callId,
            assumed: seenBefore ? { state: "open", acceptedHour: "", takenHour: hourOf(nowMs()) } : undefined,
            plan({ counted, item }) {
              const atMs = nowMs();
              const aside = `${PARKED}${messageId}`;
              if (item[aside]) return { kind: "ended", result: taking("aside", item, dead) };
              if (Number(item["leaseUntilMs"]?.N ?? 0) >= atMs) {
                return { kind: "ended", result: taking("busy", item, dead) };
              }
              return {
                kind: "write",
                to: whenTaken(counted, { dead, hour: hourOf(atMs) }),
                set: {
                  [dead ? "deadAtMs" : "seenAtMs"]: number(atMs),
                  leaseUntilMs: number(leaseUntilMs),
                  ttl: timeToLive(atMs),
                },
                lease: { kind: "take", nowMs: atMs },
                unless: aside,
                result: (after) => taking("taken", after, dead),
              };
            },
          }),
        ),
        options,
      );
    },

    markDelivered(marks) {
      return insist(
        marks.map(
          (mark): CallWrite<void> => ({
            callId: mark.callId,
            assumed: assumeOpen(mark),
            plan: ({ counted, item }) => ({
              kind: "write",
              to: delivered(counted, mark, hourOf(nowMs())),
              set: {
                ...Object.fromEntries(
                  mark.drains.map((drain) => [
                    `${mark.dead ? DEAD_DELIVERED : DELIVERED}${drain}`,
                    number(nowMs()),
                  ]),
                ),
                ttl: timeToLive(nowMs()),
              },
              lease: giveBack(mark, item),
              result: () => undefined,
            }),
          }),
        ),
        (writes) => writeCounted(writes, options),
        options,
      );
    },

    markParked(calls) {
      return writeCounted(
        calls.map(
          (call): CallWrite<void> => ({
            callId: call.callId,
            assumed: assumeOpen(call),
            plan: ({ counted, item }) => ({
              kind: "write",
              to: whenParked(counted, hourOf(nowMs())),
              set: { [`${PARKED}${call.messageId}`]: number(nowMs()), ttl: timeToLive(nowMs()) },
              lease: giveBack(call, item),
              result: () => undefined,
            }),
          }),
        ),
        options,
      );
    },

    async markUnreadable(body) {
      const digest = createHash("sha256").update(body).digest("hex");
      const update = createUpdate();
      update.set("ttl", timeToLive(nowMs()));
      update.require("pk", (pk) => `attribute_not_exists(${pk})`);
      const first = {
        Update: {
          TableName: table,
          Key: { pk: { S: `UNREADABLE#${digest}` }, sk: { S: "MESSAGE" } },
          ...update.build(),
        },
      };
      try {
        await retryConflicts(() => {
          const shard = Math.floor(random() * COUNTER_SHARDS);
          const one = { hour: hourOf(nowMs()), count: "unreadable", by: 1 } as const;
          const TransactItems = [first, ...counterWrites([one], { table, shard })];
          return client.send(new TransactWriteItemsCommand({ TransactItems }));
        }, options);
      } catch (error) {
        // It is counted already.
        if (cancellationReasons(error)?.[0]?.Code !== "ConditionalCheckFailed") throw error;
      }
    },

    async release(callId, leaseUntilMs) {
      const update = createUpdate();
      update.remove("leaseUntilMs");
      update.require("leaseUntilMs", (lease, value) => `${lease} = ${value(number(leaseUntilMs))}`);
      const Key = callKey(callId);
      try {
        await client.send(new UpdateItemCommand({ TableName: table, Key, ...update.build() }));
      } catch (error) {
        // Somebody else has the call, or nobody.
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
      }
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
/** Begins the name of the attribute that says when a message was parked. */
const PARKED = "parked#";

/** A word that comes late must not free a call that somebody else has by now. */
function giveBack({ leaseUntilMs }: Pick<DeliveryMark, "leaseUntilMs">, item: Item): LeaseChange {
  const found = item["leaseUntilMs"]?.N;
  const isOthers = found !== undefined && Number(found) !== leaseUntilMs;
  return isOthers ? { kind: "leave" } : { kind: "give back", leaseUntilMs };
}

/** Whoever took a call finds it open, as it was when it was taken. */
function assumeOpen({ counted }: Pick<DeliveryMark, "counted">): CountedCall | undefined {
  return counted && { ...counted, state: "open" };
}

/** A call that some drains do not have yet stays as it is, and one that nobody took is accepted by the way. */
function delivered(call: CountedCall | undefined, mark: DeliveryMark, hour: string): CountedCall {
  if (mark.complete) return whenDelivered(call, { dead: mark.dead, hour });
  return call ?? whenTaken(call, { dead: mark.dead, hour });
}

function taking(kind: Taking["kind"], item: Item, dead: boolean): Taking {
  // Whoever has the call's own trace needs none that gives it up; the other way round it does.
  const prefixes = dead ? [DELIVERED, DEAD_DELIVERED] : [DELIVERED];
  const counted = countedCall(item);
  return {
    kind,
    untilMs: Number(item["leaseUntilMs"]?.N ?? "0"),
    delivered: new Set(
      prefixes.flatMap((prefix) =>
        Object.keys(item).flatMap((name) => (name.startsWith(prefix) ? [name.slice(prefix.length)] : [])),
      ),
    ),
    wasDead: item["deadAtMs"] !== undefined,
    closed: counted?.state === "delivered" || counted?.state === "dead",
    counted,
  };
}

function timeToLive(atMs: number) {
  return number(Math.ceil((atMs + CALL_RETENTION_MS) / 1000));
}

function number(value: number) {
  return { N: String(value) };
}

/**
 * An account as a DynamoDB item: `pk` is `ACCOUNT#key#<id>` or `ACCOUNT#tenant#<name>`, `sk` the period. All numbers are
 * attributes at the top, because `ADD` makes those by itself, in one write:
 *
 *   spent, committed               picodollars; committed is spent and reserved together, since a condition
 *                                  expression cannot add
 *   held#<minute>                  reserved, by the minute in which it expires
 *   requests, unpriced, inputTokens, outputTokens
 *   model#<name>#spent and so on   the same by model
 *   announced#<percent>            when a threshold's crossing was announced, Unix time in ms
 */
import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { type AccountRef, type AccountTotals, isExpired, type ModelTotals } from "@sluice/ledger";
import type { Picodollars } from "@sluice/prices";

/** An item's attributes. */
export type Item = Readonly<Record<string, AttributeValue>>;

/** The primary key of an account. */
export function accountKey({ owner, periodId }: AccountRef) {
  return { pk: { S: `ACCOUNT#${owner.kind}#${owner.id}` }, sk: { S: periodId } };
}

/** The attribute that sums up what expires in a minute. */
export function heldName(bucket: number): string {
  return `held#${bucket}`;
}

/** What is reserved, by bucket. */
export function heldBuckets(item: Item): ReadonlyMap<number, Picodollars> {
  return new Map(
    Object.entries(item).flatMap(([name, value]): [number, Picodollars][] => {
      const bucket = /^held#(\d+)$/.exec(name)?.[1];
      return bucket === undefined ? [] : [[Number(bucket), money(value)]];
    }),
  );
}

/**
 * Most buckets that one write gives back. Each takes about 30 characters of the write's expressions, which may have 4 KB
 * (Amazon DynamoDB, "Quotas"); the rest is given back by the next write.
 */
export const MAX_GIVEN_BACK = 25;

/** What expired reservations left behind at a moment (Unix time, ms), by bucket, the oldest first. */
export function expiredBuckets(item: Item, nowMs: number): readonly (readonly [number, Picodollars])[] {
  return [...heldBuckets(item)].filter(([bucket]) => isExpired(bucket, nowMs)).toSorted(([a], [b]) => a - b);
}

/** How the account stands at a moment (Unix time, ms). What has expired is not reserved any more. */
export function accountTotals(item: Item, nowMs: number): AccountTotals {
  const spent = money(item["spent"]);
  const expired = expiredBuckets(item, nowMs).reduce((sum, [, amount]) => sum + amount, 0n);
  return {
    spent,
    reserved: (money(item["committed"]) - spent - expired) as Picodollars,
    requests: count(item["requests"]),
    unpricedRequests: count(item["unpriced"]),
    inputTokens: count(item["inputTokens"]),
    outputTokens: count(item["outputTokens"]),
    byModel: modelTotals(item),
    announcedPercents: Object.keys(item)
      .flatMap((name) => /^announced#(\d+)$/.exec(name)?.[1] ?? [])
      .map(Number)
      .toSorted((a, b) => a - b),
  };
}

/** The attributes of one model. */
export function modelNames(model: string) {
  return {
    spent: `model#${model}#spent`,
    requests: `model#${model}#requests`,
    inputTokens: `model#${model}#inputTokens`,
    outputTokens: `model#${model}#outputTokens`,
  };
}

/** The models that an account has entries of. */
export function modelsIn(item: Item): readonly string[] {
  return Object.keys(item).flatMap((name) => /^model#(.+)#requests$/s.exec(name)?.[1] ?? []);
}

function modelTotals(item: Item): Readonly<Record<string, ModelTotals>> {
  return Object.fromEntries(
    modelsIn(item).map((model) => {
      const names = modelNames(model);
      return [
        model,
        {
          spent: money(item[names.spent]),
          requests: count(item[names.requests]),
          inputTokens: count(item[names.inputTokens]),
          outputTokens: count(item[names.outputTokens]),
        },
      ];
    }),
  );
}

function money(value: AttributeValue | undefined): Picodollars {
  return BigInt(value?.N ?? "0") as Picodollars;
}

function count(value: AttributeValue | undefined): number {
  return Number(value?.N ?? "0");
}

/** Settlements against DynamoDB's stand-in, through the real client. */
import { PutItemCommand } from "@aws-sdk/client-dynamodb";
import {
  type AccountRef,
  bucketFor,
  groupSettlements,
  type Hold,
  MAX_GROUP_MODELS,
  MAX_GROUP_SIZE,
  type Settlement,
} from "@sluice/ledger";
import type { Picodollars } from "@sluice/prices";
import { describe, expect, it } from "vitest";
import { settlementUpdate } from "../../../packages/aws/src/settlement-update.ts";
import { type TestTable, tableForTest } from "../../support/table.ts";

const KEY: AccountRef = { owner: { kind: "key", id: "key_1" }, periodId: "month#2026-11" };
const TENANT: AccountRef = { owner: { kind: "tenant", id: "acme" }, periodId: "day#2026-11-21" };
const MINUTE_MS = 60_000;
/** Longest expression, characters (Amazon DynamoDB, "Quotas"). */
const MAX_EXPRESSION = 4096;
/** Most operators and functions of one (the same). */
const MAX_OPERATORS = 300;

function settlement(number: number, cost: bigint | undefined, fields: Partial<Settlement> = {}): Settlement {
  return {
    callId: `req_${number}`,
    accounts: [KEY],
    holds: [],
    ...(cost !== undefined && { cost: cost as Picodollars }),
    model: "openai/gpt-4o",
    inputTokens: 3,
    outputTokens: 2,
    ...fields,
  };
}

async function settle(table: TestTable, settlements: readonly Settlement[]) {
  const results = [];
  for (const group of groupSettlements(settlements)) results.push(await table.settlements.settle(group));
  return {
    settledIds: results.flatMap(({ settledIds }) => settledIds),
    knownIds: results.flatMap(({ knownIds }) => knownIds),
  };
}

async function reserved(table: TestTable, amount: bigint, account = KEY, limit = 10_000n): Promise<Hold> {
  const hold = { account, amount, bucket: bucketFor(table.nowMs + MINUTE_MS) };
  expect(await table.accounts.reserve(hold, limit)).toMatchObject({ granted: true });
  return hold;
}

describe("a settlement", () => {
  it("puts the cost in the place of what was set aside, in the key's and the tenant's account", async () => {
    const table = await tableForTest();
    const holds = [await reserved(table, 40n), await reserved(table, 40n, TENANT)];
    await settle(table, [settlement(1, 7n, { accounts: [KEY, TENANT], holds })]);
    for (const account of [KEY, TENANT]) {
      expect(await table.accounts.read(account)).toMatchObject({
        spent: 7n,
        reserved: 0n,
        requests: 1,
        inputTokens: 3,
        outputTokens: 2,
        byModel: { "openai/gpt-4o": { spent: 7n, requests: 1, inputTokens: 3, outputTokens: 2 } },
      });
    }
  });

  it("sums up by model", async () => {
    const table = await tableForTest();
    await settle(table, [
      settlement(1, 7n),
      settlement(2, 5n, { model: "anthropic/claude#requests" }),
      settlement(3, 1n),
    ]);
    expect((await table.accounts.read(KEY)).byModel).toMatchObject({
      "openai/gpt-4o": { spent: 8n, requests: 2, inputTokens: 6 },
      "anthropic/claude#requests": { spent: 5n, requests: 1 },
    });
  });

  it("without a known cost counts as unpriced and adds nothing to the spend", async () => {
    const table = await tableForTest();
    const hold = await reserved(table, 40n);
    await settle(table, [settlement(1, undefined, { holds: [hold] }), settlement(2, 0n)]);
    expect(await table.accounts.read(KEY)).toMatchObject({
      spent: 0n,
      reserved: 0n,
      requests: 2,
      unpricedRequests: 1,
    });
  });

  it("given again enters nothing again, also among calls that are new", async () => {
    const table = await tableForTest();
    const holds = [await reserved(table, 40n), await reserved(table, 40n), await reserved(table, 40n)];
    const calls = holds.map((hold, index) => settlement(index, 7n, { holds: [hold] }));
    expect(await settle(table, calls.slice(0, 2))).toEqual({ settledIds: ["req_0", "req_1"], knownIds: [] });
    expect(await settle(table, calls)).toEqual({ settledIds: ["req_2"], knownIds: ["req_0", "req_1"] });
    expect(await settle(table, calls)).toEqual({ settledIds: [], knownIds: ["req_0", "req_1", "req_2"] });
    expect(await table.accounts.read(KEY)).toMatchObject({ spent: 21n, reserved: 0n, requests: 3 });
  });

  it("of the same calls by two at once is made by one of them for each call", async () => {
    const table = await tableForTest();
    const calls = await Promise.all(
      Array.from({ length: 30 }, async (_, index) =>
        settlement(index, 7n, { holds: [await reserved(table, 40n)] }),
      ),
    );
    const results = await Promise.all([
      settle(table, calls.slice(0, 20)),
      settle(table, calls.slice(10)),
      settle(table, calls),
    ]);
    expect(results.flatMap(({ settledIds }) => settledIds).toSorted()).toEqual(
      calls.map(({ callId }) => callId).toSorted(),
    );
    expect(await table.accounts.read(KEY)).toMatchObject({ spent: 210n, reserved: 0n, requests: 30 });
  });

  it("while others reserve loses nothing and goes over no limit", async () => {
    const table = await tableForTest();
    const hold = await reserved(table, 40n, KEY, 100n);
    const bucket = bucketFor(table.nowMs + MINUTE_MS);
    const [, ...granted] = await Promise.all([
      settle(table, [settlement(1, 10n, { holds: [hold] })]),
      ...Array.from({ length: 30 }, () =>
        table.accounts.reserve({ account: KEY, bucket, amount: 30n }, 100n),
      ),
    ]);
    const taken = granted.filter((result) => "granted" in result && result.granted).length;
    expect(await table.accounts.read(KEY)).toMatchObject({ spent: 10n, reserved: BigInt(taken) * 30n });
    expect(taken * 30 + 10).toBeLessThanOrEqual(100);
    expect(taken).toBeGreaterThanOrEqual(2);
  });
});

describe("a settlement that comes late", () => {
  it("gives back what has expired, its own hold and those of others, once", async () => {
    const table = await tableForTest();
    const own = await reserved(table, 40n);
    const lost = await reserved(table, 50n);
    table.nowMs = (own.bucket + 1) * MINUTE_MS;
    await settle(table, [settlement(1, 7n, { holds: [own] })]);
    expect(await table.item(KEY)).toMatchObject({ committed: "7", spent: "7" });
    expect(Object.keys(await table.item(KEY))).not.toContain(`held#${own.bucket}`);
    // That of the other call comes later still: nothing is set aside for it any more.
    await settle(table, [settlement(2, 9n, { holds: [lost] })]);
    expect(await table.item(KEY)).toMatchObject({ committed: "16", spent: "16" });
  });

  it("after a refusal gave its hold back adds its cost, and takes nothing of the next call's hold", async () => {
    const table = await tableForTest();
    const late = await reserved(table, 80n, KEY, 100n);
    table.nowMs = (late.bucket + 1) * MINUTE_MS;
    const next = await reserved(table, 90n, KEY, 100n);
    await settle(table, [settlement(1, 7n, { holds: [late] })]);
    expect(await table.accounts.read(KEY)).toMatchObject({ spent: 7n, reserved: 90n });
    await settle(table, [settlement(2, 8n, { holds: [next] })]);
    expect(await table.item(KEY)).toMatchObject({ committed: "15", spent: "15" });
  });

  it("by hours, after the flusher was down, still goes through, however many minutes have expired", async () => {
    const table = await tableForTest();
    const first = bucketFor(table.nowMs);
    const minutes = Array.from({ length: 400 }, (_, index) => first + index);
    await table.client.send(
      new PutItemCommand({
        TableName: table.table,
        Item: {
          pk: { S: "ACCOUNT#key#key_1" },
          sk: { S: KEY.periodId },
          committed: { N: "4000" },
          ...Object.fromEntries(minutes.map((bucket) => [`held#${bucket}`, { N: "10" }])),
        },
      }),
    );
    table.nowMs = (first + 1_000) * MINUTE_MS;
    const calls = minutes.map((bucket, index) =>
      settlement(index, 1n, { holds: [{ account: KEY, bucket, amount: 10n }] }),
    );
    await settle(table, calls);
    expect(await table.item(KEY)).toMatchObject({ committed: "400", spent: "400", requests: "400" });
  });
});

describe("an account", () => {
  it("tells at most fifty models apart, whatever names callers make up", async () => {
    const table = await tableForTest();
    const names = Array.from({ length: 300 }, (_, index) => `openai/${"x".repeat(2_000)}${index}`);
    const calls = [
      ...Array.from({ length: 300 }, (_, index) =>
        settlement(index, 1n, { model: `openai/made-up-${index}` }),
      ),
      ...names.map((model, index) => settlement(1_000 + index, 1n, { model })),
    ];
    await settle(table, calls);
    const { byModel, requests, spent } = await table.accounts.read(KEY);
    expect({ requests, spent }).toEqual({ requests: 600, spent: 600n });
    expect(Object.keys(byModel)).toHaveLength(51);
    expect(byModel["other models"]).toMatchObject({ requests: 550, spent: 550n });
    expect(Math.max(...Object.keys(byModel).map((name) => name.length))).toBeLessThanOrEqual(100);
  });

  it("takes a model's name that is half a character", async () => {
    const table = await tableForTest();
    await settle(table, [
      settlement(1, 1n, { model: "openai/\ud83d" }),
      settlement(2, 1n, { model: `${"x".repeat(99)}😀` }),
      settlement(3, 1n, { model: "" }),
    ]);
    expect(await table.accounts.read(KEY)).toMatchObject({ spent: 3n, requests: 3 });
  });
});

describe("the update of an account", () => {
  it("has no half of a character in a name: DynamoDB refuses those, and the stand-in does not", () => {
    const models = ["openai/\ud83d", `${"x".repeat(99)}😀`];
    const calls = models.map((model, index) => settlement(index, 1n, { model }));
    const { ExpressionAttributeNames } = settlementUpdate(KEY, calls, {}, 0);
    expect(Object.values(ExpressionAttributeNames).filter((name) => !name.isWellFormed())).toEqual([]);
  });

  it("relies on a hold that was given back to be gone still", () => {
    const late = settlement(1, 1n, { holds: [{ account: KEY, bucket: 7, amount: 5n }] });
    const parts = settlementUpdate(KEY, [late], {}, 0);
    const [placeholder] =
      Object.entries(parts.ExpressionAttributeNames).find(([, name]) => name === "held#7") ?? [];
    expect(parts.ConditionExpression).toBe(`attribute_not_exists(${placeholder})`);
  });

  it("fits DynamoDB's expressions for the largest group, with all that is expired", () => {
    const nowMs = Date.UTC(2026, 10, 21, 12);
    const first = bucketFor(nowMs);
    const item = Object.fromEntries(
      Array.from({ length: 500 }, (_, index) => [`held#${first - 400 + index}`, { N: "10" }]),
    );
    const settlements = Array.from({ length: MAX_GROUP_SIZE }, (_, index) =>
      settlement(index, 7n, {
        model: `openai/model-${index % MAX_GROUP_MODELS}`,
        holds: [{ account: KEY, bucket: first + index, amount: 5n }],
      }),
    );
    const late = settlements.map((call, index) => ({
      ...call,
      holds: [{ account: KEY, bucket: first - 1_000 - index, amount: 5n }],
    }));
    for (const calls of [settlements, late]) {
      const { UpdateExpression, ConditionExpression = "" } = settlementUpdate(KEY, calls, item, nowMs);
      expect(UpdateExpression.length).toBeLessThanOrEqual(MAX_EXPRESSION);
      expect(ConditionExpression.length).toBeLessThanOrEqual(MAX_EXPRESSION);
      const operators = ConditionExpression.match(/ AND | = |attribute_\w+\(/g) ?? [];
      expect(operators.length).toBeLessThanOrEqual(MAX_OPERATORS);
    }
  });
});

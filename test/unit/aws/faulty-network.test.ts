/** The ledger's stores when DynamoDB refuses one of two writers, or when its answer gets lost. */
import { TransactionCanceledException, TransactionConflictException } from "@aws-sdk/client-dynamodb";
import { type AccountRef, bucketFor, type Hold, type Settlement } from "@sluice/ledger";
import type { Picodollars } from "@sluice/prices";
import { describe, expect, it } from "vitest";
import { tableForTest } from "../../support/table.ts";

const ACCOUNT: AccountRef = { owner: { kind: "key", id: "key_1" }, periodId: "month#2026-11" };
const MINUTE_MS = 60_000;

/** As DynamoDB words it (API reference, TransactWriteItems, "Errors"). */
const CONFLICT = JSON.stringify({
  __type: "com.amazonaws.dynamodb.v20120810#TransactionConflictException",
  message: "Transaction is ongoing for the item",
});

function cancelled(codes: readonly string[]): string {
  return JSON.stringify({
    __type: "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
    Message: `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes.join(", ")}]`,
    CancellationReasons: codes.map((Code) => ({ Code })),
  });
}

function settlement(callId: string, cost: bigint, hold?: Hold): Settlement {
  return {
    callId,
    accounts: [ACCOUNT],
    holds: hold ? [hold] : [],
    cost: cost as Picodollars,
    model: "openai/gpt-4o",
    inputTokens: 1,
    outputTokens: 1,
  };
}

/** True as often as said, then false. */
function times(count: number, action: string): (asked: string) => boolean {
  let left = count;
  return (asked) => asked === action && left-- > 0;
}

describe("a write that met another one", () => {
  it("is made again when a transaction was under way on the item", async () => {
    const table = await tableForTest();
    const conflicts = times(3, "UpdateItem");
    table.proxy.instead = (action) => (conflicts(action) ? { status: 400, body: CONFLICT } : undefined);
    const taken: Hold = { account: ACCOUNT, bucket: bucketFor(table.nowMs + MINUTE_MS), amount: 40n };
    expect(await table.accounts.reserve(taken, 100n)).toMatchObject({ granted: true });
    expect(table.waits).toHaveLength(3);
    expect(await table.accounts.read(ACCOUNT)).toMatchObject({ reserved: 40n });
  });

  it("throws the conflict when that does not end", async () => {
    const table = await tableForTest();
    table.proxy.instead = (action) => (action === "UpdateItem" ? { status: 400, body: CONFLICT } : undefined);
    const taken: Hold = { account: ACCOUNT, bucket: bucketFor(table.nowMs + MINUTE_MS), amount: 40n };
    await expect(table.accounts.reserve(taken, 100n)).rejects.toBeInstanceOf(TransactionConflictException);
    expect(table.waits).toHaveLength(11);
    expect(Math.max(...table.waits)).toBeLessThanOrEqual(500);
  });

  it("settles once when its transaction was cancelled by conflicts and by throttling", async () => {
    const table = await tableForTest();
    const bodies = [
      cancelled(["None", "TransactionConflict"]),
      cancelled(["TransactionConflict", "ThrottlingError"]),
    ];
    table.proxy.instead = (action) => {
      const body = action === "TransactWriteItems" ? bodies.shift() : undefined;
      return body === undefined ? undefined : { status: 400, body };
    };
    const group = { accounts: [ACCOUNT], settlements: [settlement("req_1", 7n)] };
    expect(await table.settlements.settle(group)).toEqual({ settledIds: ["req_1"], knownIds: [] });
    expect(await table.accounts.read(ACCOUNT)).toMatchObject({ spent: 7n, requests: 1 });
  });

  it("fails when the transaction was cancelled for a reason that no retry helps", async () => {
    const table = await tableForTest();
    let asked = 0;
    table.proxy.instead = (action) => {
      if (action !== "TransactWriteItems") return undefined;
      asked += 1;
      return { status: 400, body: cancelled(["None", "ValidationError"]) };
    };
    const group = { accounts: [ACCOUNT], settlements: [settlement("req_1", 7n)] };
    await expect(table.settlements.settle(group)).rejects.toBeInstanceOf(TransactionCanceledException);
    expect(asked).toBe(1);
  });
});

describe("a write whose answer is lost, and which the SDK sends again", () => {
  it("settles once", async () => {
    const table = await tableForTest();
    const taken: Hold = { account: ACCOUNT, bucket: bucketFor(table.nowMs + MINUTE_MS), amount: 40n };
    await table.accounts.reserve(taken, 100n);
    table.proxy.loses = times(1, "TransactWriteItems");
    table.proxy.answered.length = 0;
    const group = { accounts: [ACCOUNT], settlements: [settlement("req_1", 7n, taken)] };
    const { settledIds, knownIds } = await table.settlements.settle(group);
    expect([...settledIds, ...knownIds]).toEqual(["req_1"]);
    expect(table.proxy.answered.filter((action) => action === "TransactWriteItems")).toHaveLength(2);
    expect(await table.accounts.read(ACCOUNT)).toMatchObject({ spent: 7n, reserved: 0n, requests: 1 });
  });

  it("gives a hold back once, and takes nothing of another call's", async () => {
    const table = await tableForTest();
    const taken: Hold = { account: ACCOUNT, bucket: bucketFor(table.nowMs + MINUTE_MS), amount: 40n };
    await table.accounts.reserve(taken, 100n);
    await table.accounts.reserve(taken, 100n);
    table.proxy.loses = times(1, "TransactWriteItems");
    table.proxy.answered.length = 0;
    await table.accounts.release(taken);
    expect(table.proxy.answered).toHaveLength(2);
    expect(await table.accounts.read(ACCOUNT)).toMatchObject({ reserved: 40n });
  });

  it("adjusts once", async () => {
    const table = await tableForTest();
    table.proxy.loses = times(1, "TransactWriteItems");
    expect(await table.accounts.adjust(ACCOUNT, 5n as Picodollars)).toMatchObject({ spent: 5n });
    expect(table.proxy.answered.filter((action) => action === "TransactWriteItems")).toHaveLength(2);
  });

  it("claims an announcement for the one who asked", async () => {
    const table = await tableForTest();
    table.proxy.loses = times(1, "TransactWriteItems");
    expect(await table.accounts.claimAnnouncement(ACCOUNT, 50)).toBe(true);
    expect(await table.accounts.claimAnnouncement(ACCOUNT, 50)).toBe(false);
  });

  it("may set more aside than the call has, never less, until that expires", async () => {
    const table = await tableForTest();
    const taken: Hold = { account: ACCOUNT, bucket: bucketFor(table.nowMs + MINUTE_MS), amount: 40n };
    table.proxy.loses = times(1, "UpdateItem");
    expect(await table.accounts.reserve(taken, 100n)).toMatchObject({ granted: true });
    const group = { accounts: [ACCOUNT], settlements: [settlement("req_1", 7n, taken)] };
    await table.settlements.settle(group);
    expect(await table.accounts.read(ACCOUNT)).toMatchObject({ spent: 7n, reserved: 40n });
    table.nowMs = (taken.bucket + 1) * MINUTE_MS;
    expect(await table.accounts.read(ACCOUNT)).toMatchObject({ spent: 7n, reserved: 0n });
  });
});

/** Accounts against DynamoDB's stand-in, through the real client. */
import { PutItemCommand } from "@aws-sdk/client-dynamodb";
import { type AccountRef, bucketFor, type Hold } from "@sluice/ledger";
import type { Picodollars } from "@sluice/prices";
import { describe, expect, it } from "vitest";
import { tableForTest } from "../../support/table.ts";

const ACCOUNT: AccountRef = { owner: { kind: "key", id: "key_1" }, periodId: "month#2026-11" };
const MINUTE_MS = 60_000;

function hold(amount: bigint, bucket: number, account = ACCOUNT): Hold {
  return { account, bucket, amount };
}

describe("a reservation", () => {
  it("is granted up to the limit exactly, and refused above it", async () => {
    const table = await tableForTest();
    const bucket = bucketFor(table.nowMs + MINUTE_MS);
    expect(await table.accounts.reserve(hold(60n, bucket), 100n)).toMatchObject({
      granted: true,
      totals: { spent: 0n, reserved: 60n },
    });
    expect(await table.accounts.reserve(hold(41n, bucket), 100n)).toMatchObject({
      granted: false,
      totals: { reserved: 60n },
    });
    expect(await table.accounts.reserve(hold(40n, bucket), 100n)).toMatchObject({
      granted: true,
      totals: { reserved: 100n },
    });
    expect(await table.accounts.reserve(hold(1n, bucket), 100n)).toMatchObject({ granted: false });
  });

  it("larger than the whole limit is refused", async () => {
    const table = await tableForTest();
    const bucket = bucketFor(table.nowMs + MINUTE_MS);
    expect(await table.accounts.reserve(hold(101n, bucket), 100n)).toMatchObject({ granted: false });
    expect(await table.accounts.read(ACCOUNT)).toMatchObject({ reserved: 0n });
  });

  it("counts what was spent, and an adjustment", async () => {
    const table = await tableForTest();
    const bucket = bucketFor(table.nowMs + MINUTE_MS);
    expect(await table.accounts.adjust(ACCOUNT, 50n as Picodollars)).toMatchObject({ spent: 50n });
    expect(await table.accounts.reserve(hold(51n, bucket), 100n)).toMatchObject({ granted: false });
    expect(await table.accounts.adjust(ACCOUNT, -20n as Picodollars)).toMatchObject({ spent: 30n });
    expect(await table.accounts.reserve(hold(70n, bucket), 100n)).toMatchObject({ granted: true });
  });

  it("of a thousand at once is granted as often as the limit allows, and at no moment more is set aside", async () => {
    const table = await tableForTest();
    const bucket = bucketFor(table.nowMs + MINUTE_MS);
    const limit = 1_000n;
    const storm = { over: false };
    const seen: bigint[] = [];
    const watch = (async () => {
      while (!storm.over) {
        const { spent, reserved } = await table.accounts.read(ACCOUNT);
        seen.push(spent + reserved);
      }
    })();
    const results = await Promise.all(
      Array.from({ length: 1_000 }, () => table.accounts.reserve(hold(40n, bucket), limit)),
    );
    storm.over = true;
    await watch;
    expect(results.filter(({ granted }) => granted)).toHaveLength(25);
    expect(seen.filter((committed) => committed > limit)).toEqual([]);
    expect(seen.length).toBeGreaterThan(1);
    expect(await table.accounts.read(ACCOUNT)).toMatchObject({ spent: 0n, reserved: 1_000n });
  });

  it("takes one request to the store, granted or not", async () => {
    const table = await tableForTest();
    const bucket = bucketFor(table.nowMs + MINUTE_MS);
    table.proxy.answered.length = 0;
    await table.accounts.reserve(hold(100n, bucket), 100n);
    await table.accounts.reserve(hold(1n, bucket), 100n);
    expect(table.proxy.answered).toEqual(["UpdateItem", "UpdateItem"]);
  });
});

describe("a reservation that nobody settles", () => {
  it("is not counted any more once its minute and a minute for clocks that differ have passed", async () => {
    const table = await tableForTest();
    const bucket = bucketFor(table.nowMs + MINUTE_MS);
    await table.accounts.reserve(hold(100n, bucket), 100n);
    table.nowMs = (bucket + 1) * MINUTE_MS - 1;
    expect(await table.accounts.read(ACCOUNT)).toMatchObject({ reserved: 100n });
    table.nowMs += 1;
    expect(await table.accounts.read(ACCOUNT)).toMatchObject({ reserved: 0n });
  });

  it("is given back to the next one that would be refused", async () => {
    const table = await tableForTest();
    const bucket = bucketFor(table.nowMs + MINUTE_MS);
    await table.accounts.reserve(hold(100n, bucket), 100n);
    table.nowMs = (bucket + 1) * MINUTE_MS;
    const next = bucketFor(table.nowMs + MINUTE_MS);
    expect(await table.accounts.reserve(hold(100n, next), 100n)).toMatchObject({
      granted: true,
      totals: { reserved: 100n },
    });
    expect(await table.item(ACCOUNT)).toMatchObject({ committed: "100", [`held#${next}`]: "100" });
    expect(Object.keys(await table.item(ACCOUNT))).not.toContain(`held#${bucket}`);
  });

  it("is given back once by a hundred that are refused at once", async () => {
    const table = await tableForTest();
    const bucket = bucketFor(table.nowMs + MINUTE_MS);
    await table.accounts.reserve(hold(70n, bucket), 100n);
    await table.accounts.reserve(hold(30n, bucket + 1), 100n);
    table.nowMs = (bucket + 2) * MINUTE_MS;
    const next = bucketFor(table.nowMs + MINUTE_MS);
    const results = await Promise.all(
      Array.from({ length: 100 }, () => table.accounts.reserve(hold(10n, next), 100n)),
    );
    expect(results.filter(({ granted }) => granted)).toHaveLength(10);
    expect(await table.accounts.read(ACCOUNT)).toMatchObject({ reserved: 100n });
  });

  it("is given back whole after hours without a settlement, however many minutes that were", async () => {
    const table = await tableForTest();
    const first = bucketFor(table.nowMs);
    const buckets = Array.from({ length: 300 }, (_, index) => [`held#${first + index}`, { N: "1" }] as const);
    await table.client.send(
      new PutItemCommand({
        TableName: table.table,
        Item: {
          pk: { S: "ACCOUNT#key#key_1" },
          sk: { S: ACCOUNT.periodId },
          committed: { N: "300" },
          ...Object.fromEntries(buckets),
        },
      }),
    );
    table.nowMs = (first + 400) * MINUTE_MS;
    const next = bucketFor(table.nowMs + MINUTE_MS);
    expect(await table.accounts.reserve(hold(300n, next), 300n)).toMatchObject({ granted: true });
    expect(await table.item(ACCOUNT)).toMatchObject({ committed: "300", [`held#${next}`]: "300" });
  });

  it("leaves nothing behind for ever where all are granted, as with parallel calls", async () => {
    const table = await tableForTest();
    for (let minute = 0; minute < 40; minute += 1) {
      const taken = hold(1n, bucketFor(table.nowMs + MINUTE_MS));
      expect(await table.accounts.reserve(taken, 1_000n)).toMatchObject({ granted: true });
      await table.accounts.release(taken);
      table.nowMs += MINUTE_MS;
    }
    const kept = Object.keys(await table.item(ACCOUNT)).filter((name) => name.startsWith("held#"));
    expect(kept.length).toBeLessThan(15);
    expect(await table.accounts.read(ACCOUNT)).toMatchObject({ reserved: 0n });
  });
});

describe("a release", () => {
  it("gives the hold back", async () => {
    const table = await tableForTest();
    const taken = hold(70n, bucketFor(table.nowMs + MINUTE_MS));
    await table.accounts.reserve(taken, 100n);
    await table.accounts.release(taken);
    expect(await table.accounts.read(ACCOUNT)).toMatchObject({ reserved: 0n });
    expect(await table.item(ACCOUNT)).toMatchObject({ committed: "0", [`held#${taken.bucket}`]: "0" });
  });

  it("after the hold was given back as expired gives nothing back a second time", async () => {
    const table = await tableForTest();
    const taken = hold(70n, bucketFor(table.nowMs + MINUTE_MS));
    await table.accounts.reserve(taken, 100n);
    table.nowMs = (taken.bucket + 1) * MINUTE_MS;
    await table.accounts.reserve(hold(90n, bucketFor(table.nowMs + MINUTE_MS)), 100n);
    await table.accounts.release(taken);
    expect(await table.accounts.read(ACCOUNT)).toMatchObject({ reserved: 90n });
    expect(await table.item(ACCOUNT)).toMatchObject({ committed: "90" });
  });
});

describe("an announcement", () => {
  it("is claimed by one of many, once", async () => {
    const table = await tableForTest();
    const claims = await Promise.all(
      Array.from({ length: 20 }, () => table.accounts.claimAnnouncement(ACCOUNT, 80)),
    );
    expect(claims.filter(Boolean)).toHaveLength(1);
    expect(await table.accounts.claimAnnouncement(ACCOUNT, 80)).toBe(false);
    expect(await table.accounts.claimAnnouncement(ACCOUNT, 50)).toBe(true);
    expect(await table.accounts.read(ACCOUNT)).toMatchObject({ announcedPercents: [50, 80] });
  });

  it("that came to nothing can be claimed again", async () => {
    const table = await tableForTest();
    await table.accounts.claimAnnouncement(ACCOUNT, 80);
    await table.accounts.disclaimAnnouncement(ACCOUNT, 80);
    expect(await table.accounts.claimAnnouncement(ACCOUNT, 80)).toBe(true);
  });

  it("in an account that has nothing else does not stop reservations", async () => {
    const table = await tableForTest();
    await table.accounts.claimAnnouncement(ACCOUNT, 50);
    const taken = hold(100n, bucketFor(table.nowMs + MINUTE_MS));
    expect(await table.accounts.reserve(taken, 100n)).toMatchObject({ granted: true });
  });
});

import { bucketFor, isExpired, isOpenWhenUnavailable, reachedPercents } from "@sluice/ledger";
import type { Picodollars } from "@sluice/prices";
import { describe, expect, it } from "vitest";

const usd = (amount: bigint) => amount as Picodollars;

describe("the thresholds of a budget", () => {
  it.each([
    [49n, 100n, []],
    [50n, 100n, [50]],
    [79n, 100n, [50]],
    [80n, 100n, [50, 80]],
    [99n, 100n, [50, 80]],
    [100n, 100n, [50, 80, 100]],
    [250n, 100n, [50, 80, 100]],
    [0n, 0n, [50, 80, 100]],
    [-1n, 100n, []],
    // Where a double would round the share up to the threshold.
    [499_999_999_999_999_999n, 1_000_000_000_000_000_000n, []],
  ])("reached by %s of %s are %s", (spent, limit, percents) => {
    expect(reachedPercents(usd(spent), usd(limit))).toEqual(percents);
  });
});

describe("a budget whose store is away", () => {
  it("refuses when it is strict, lets through when it is soft, and does what its switch says", () => {
    const policy = { limit: usd(1n), period: "month" } as const;
    expect(isOpenWhenUnavailable({ ...policy, mode: "strict" })).toBe(false);
    expect(isOpenWhenUnavailable({ ...policy, mode: "soft" })).toBe(true);
    expect(isOpenWhenUnavailable({ ...policy, mode: "strict", whenUnavailable: "open" })).toBe(true);
    expect(isOpenWhenUnavailable({ ...policy, mode: "soft", whenUnavailable: "closed" })).toBe(false);
  });
});

describe("the minute in which a reservation expires", () => {
  it("is never before the moment it was made for, and is over a minute later at the earliest", () => {
    for (const atMs of [0, 1, 59_999, 60_000, 60_001, 1_760_000_000_123]) {
      const bucket = bucketFor(atMs);
      expect(bucket * 60_000).toBeGreaterThanOrEqual(atMs);
      expect(isExpired(bucket, atMs)).toBe(false);
      expect(isExpired(bucket, (bucket + 1) * 60_000 - 1)).toBe(false);
      expect(isExpired(bucket, (bucket + 1) * 60_000)).toBe(true);
    }
  });
});

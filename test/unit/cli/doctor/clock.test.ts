import { describe, expect, it } from "vitest";
import { checkClock } from "../../../../packages/cli/src/doctor/check-clock.ts";

const readings = (...aheadMs: readonly number[]) =>
  aheadMs.map((ahead, at) => ({ host: `host-${at}`, aheadMs: ahead }));

describe("the clock", () => {
  it.each<[what: string, aheadMs: readonly number[], status: string, message: RegExp]>([
    ["agrees", [-400, 300, 900], "ok", /agrees/],
    ["is behind", [42_000, 41_500, 42_300], "warn", /^It is 42 s behind/],
    ["is ahead", [-42_000], "warn", /^It is 42 s ahead of/],
    [
      "is so far off that AWS refuses signatures",
      [-400_000, -400_100],
      "fail",
      /^It is 400 s ahead.*signatures/,
    ],
    ["is not blamed for one server whose own is wrong", [200, 9_000_000, 100], "ok", /agrees/],
    ["was not seen", [], "skip", /No other machine's/],
  ])("%s", (_what, aheadMs, status, message) => {
    const finding = checkClock(readings(...aheadMs));
    expect(finding).toMatchObject({ status, message: expect.stringMatching(message) });
    expect(finding.remedy !== undefined).toBe(status === "warn" || status === "fail");
  });
});

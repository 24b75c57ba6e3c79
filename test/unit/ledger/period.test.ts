import { PERIODS, periodAt } from "@sluice/ledger";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

const at = (text: string) => Date.parse(text);

describe("a budget's period", () => {
  it.each([
    ["day", "2026-11-21T23:59:59.999Z", "day#2026-11-21", "2026-11-22T00:00:00Z"],
    ["week", "2026-11-21T12:00:00Z", "week#2026-11-16", "2026-11-23T00:00:00Z"],
    ["week", "2026-11-23T00:00:00Z", "week#2026-11-23", "2026-11-30T00:00:00Z"],
    ["week", "2027-01-01T00:00:00Z", "week#2026-12-28", "2027-01-04T00:00:00Z"],
    ["month", "2026-12-31T23:59:59Z", "month#2026-12", "2027-01-01T00:00:00Z"],
    ["month", "2028-02-29T00:00:00Z", "month#2028-02", "2028-03-01T00:00:00Z"],
  ] as const)("%s at %s is %s and ends at %s", (period, moment, id, reset) => {
    expect(periodAt(period, at(moment))).toEqual({ id, resetsAtMs: at(reset) });
  });

  it("never ends when there is none", () => {
    expect(periodAt("none", 0)).toEqual({ id: "none" });
  });

  it("is the same up to its reset, and another one from then on", () => {
    const moment = fc.integer({ min: 0, max: at("2100-01-01T00:00:00Z") });
    fc.assert(
      fc.property(fc.constantFrom(...PERIODS), moment, (period, atMs) => {
        const { id, resetsAtMs } = periodAt(period, atMs);
        if (resetsAtMs === undefined) return;
        expect(resetsAtMs).toBeGreaterThan(atMs);
        expect(periodAt(period, resetsAtMs - 1).id).toBe(id);
        expect(periodAt(period, resetsAtMs).id).not.toBe(id);
      }),
    );
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseDuration, parseMoment } from "../../../../packages/cli/src/options/duration.ts";

const NOW_MS = Date.parse("2026-11-21T12:00:00Z");

describe("durations", () => {
  it.each([
    ["90s", 90_000],
    ["15m", 900_000],
    ["24h", 86_400_000],
    ["30d", 2_592_000_000],
    ["2w", 1_209_600_000],
    ["0s", 0],
  ])("reads %s", (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each(["", "30", "d", "-1d", "1.5h", "1h30m", "30 d", "1y", "1D"])("takes %j for no duration", (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });
});

describe("moments", () => {
  it.each([
    ["30d", "2026-12-21T12:00:00Z"],
    ["2027-01-31", "2027-01-31T00:00:00Z"],
    ["2028-02-29", "2028-02-29T00:00:00Z"],
    ["2027-01-31T08:30Z", "2027-01-31T08:30:00Z"],
    ["2027-01-31T08:30:15+02:00", "2027-01-31T06:30:15Z"],
  ])("reads %s as %s", (text, iso) => {
    expect(parseMoment(text, NOW_MS)).toBe(Date.parse(iso));
  });

  it.each(["2027-02-29", "2026-13-01", "2027-01-31T08:30", "31.01.2027", "tomorrow", "2027-01-31T25:00Z"])(
    "takes %j for no moment",
    (text) => {
      expect(parseMoment(text, NOW_MS)).toBeUndefined();
    },
  );

  it("reads back whatever a date prints of itself", () => {
    fc.assert(
      fc.property(fc.date({ min: new Date(0), max: new Date("9999-12-31"), noInvalidDate: true }), (date) => {
        expect(parseMoment(date.toISOString(), NOW_MS)).toBe(date.getTime());
      }),
    );
  });
});

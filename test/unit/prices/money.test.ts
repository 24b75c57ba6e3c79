import { formatUsd, type Picodollars, parseUsd, sumUsd, toUsdNumber } from "@sluice/prices";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

const amounts = fc.bigInt({ min: -(10n ** 24n), max: 10n ** 24n }).map((value) => value as Picodollars);

describe("money", () => {
  it("reads what it wrote, whatever the amount", () => {
    fc.assert(
      fc.property(amounts, (amount) => {
        expect(parseUsd(formatUsd(amount))).toBe(amount);
      }),
    );
  });

  it("writes the shortest exact text", () => {
    expect(
      ["0.0125", "3", "0", "-0.5", "1000000", "0.000000000001"].map((text) => formatUsd(parseUsd(text))),
    ).toEqual(["0.0125", "3", "0", "-0.5", "1000000", "0.000000000001"]);
    expect(formatUsd(parseUsd("1.500"))).toBe("1.5");
  });

  it("refuses text that is no plain decimal, and decimals that it would have to round", () => {
    for (const text of ["", "1e-3", "+1", " 1", "1.", ".5", "NaN", "0x10", "1,5", "0.0000000000001"]) {
      expect(() => parseUsd(text)).toThrow(RangeError);
    }
    expect(formatUsd(parseUsd("0.0000000000010"))).toBe("0.000000000001");
  });

  it("adds up exactly where doubles do not", () => {
    const tenth = parseUsd("0.1");
    expect(formatUsd(sumUsd(Array.from({ length: 10 }, () => tenth)))).toBe("1");
    expect(formatUsd(sumUsd([tenth, parseUsd("0.2")]))).toBe("0.3");
    expect(sumUsd([])).toBe(0n);
  });

  it("gives Langfuse the nearest double", () => {
    expect(toUsdNumber(parseUsd("0.0125"))).toBe(0.0125);
    expect(toUsdNumber(parseUsd("-3.000000000001"))).toBe(-3.000000000001);
  });
});

import { parseUsd } from "@sluice/prices";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bar, dollars, percentOf, span } from "../../../../packages/cli/src/output/amounts.ts";
import { fields, table } from "../../../../packages/cli/src/output/table.ts";

describe("amounts for people", () => {
  it.each([
    ["1", "$1.00"],
    ["0.5", "$0.50"],
    ["-0.5", "-$0.50"],
    ["0.000125", "$0.000125"],
    ["1234567.891", "$1234567.891"],
  ])("shows %s USD as %s", (usd, shown) => {
    expect(dollars(parseUsd(usd))).toBe(shown);
  });

  it("rounds shares down, so that 100 percent means that nothing is left", () => {
    expect([percentOf(0n, 3n), percentOf(2n, 3n), percentOf(999n, 1000n), percentOf(3n, 3n)]).toEqual([
      0, 66, 99, 100,
    ]);
    expect(percentOf(0n, 0n)).toBe(100);
  });

  it("draws a bar of the same width for whatever an account holds", () => {
    const amount = fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n });
    const limit = fc.bigInt({ min: 0n, max: 10n ** 15n });
    fc.assert(
      fc.property(amount, limit, limit, (spent, reserved, most) => {
        expect(bar(spent, reserved, most)).toMatch(/^█*▒*░*$/);
        expect(bar(spent, reserved, most)).toHaveLength(30);
      }),
    );
    expect(bar(1n, 1n, 3n)).toBe("██████████▒▒▒▒▒▒▒▒▒▒░░░░░░░░░░");
  });

  it("names spans by their largest unit", () => {
    expect([1000, 60_000, 7_200_000, 864_000_000].map(span)).toEqual([
      "1 second",
      "1 minute",
      "2 hours",
      "10 days",
    ]);
  });
});

describe("text in columns", () => {
  it("aligns columns, numbers flush right", () => {
    const rows = [
      ["gpt-4o", "$1.00"],
      ["o1", "$10.00"],
    ];
    expect(table(["MODEL", "SPENT"], rows, { hasColours: false, right: ["SPENT"] }).split("\n")).toEqual([
      "MODEL    SPENT",
      "gpt-4o   $1.00",
      "o1      $10.00",
    ]);
  });

  it("leaves out fields without a value", () => {
    expect(
      fields([
        ["alias", "a"],
        ["owner", undefined],
        ["tenant", ""],
        ["status", "enabled"],
      ]),
    ).toBe("alias   a\nstatus  enabled");
  });
});

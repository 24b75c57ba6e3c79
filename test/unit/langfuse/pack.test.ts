import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { packBySize } from "../../../packages/langfuse/src/pack.ts";

const items = (...sizes: readonly number[]) => sizes.map((size) => new Uint8Array(size));

describe("packing by size", () => {
  test("counts the comma between two items", () => {
    expect(packBySize(items(5, 4), 10)).toEqual([{ from: 0, to: 2 }]);
    expect(packBySize(items(5, 5), 10)).toEqual([
      { from: 0, to: 1 },
      { from: 1, to: 2 },
    ]);
  });

  test("gives an item above the limit a run of its own", () => {
    expect(packBySize(items(1, 50, 1, 1), 10)).toEqual([
      { from: 0, to: 1 },
      { from: 1, to: 2 },
      { from: 2, to: 4 },
    ]);
  });

  test("covers every item once, within the limit, and could not join two neighbouring runs", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 12 })),
        fc.integer({ min: 12, max: 40 }),
        (sizes, limit) => {
          const runs = packBySize(items(...sizes), limit);
          const bytes = (from: number, to: number) =>
            sizes.slice(from, to).reduce((sum, size) => sum + size, 0) + (to - from - 1);
          expect(runs.flatMap(({ from, to }) => sizes.slice(from, to))).toEqual(sizes);
          for (const { from, to } of runs) expect(bytes(from, to)).toBeLessThanOrEqual(limit);
          for (const { from, to } of runs.slice(0, -1)) expect(bytes(from, to + 1)).toBeGreaterThan(limit);
        },
      ),
    );
  });
});

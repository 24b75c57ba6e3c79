import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { monthlyCost, type Workload } from "../../../packages/cli/src/cost/cost-model.ts";

const WORKLOAD: Workload = {
  calls: 1_000_000,
  seconds: 8,
  requestKb: 32,
  answerKb: 8,
  memoryMb: 512,
  budgets: "strict",
};

describe("the cost of a month", () => {
  it("is the gateway's running time above all: 8 s at half a GB", () => {
    const { perCalls } = monthlyCost(WORKLOAD);
    expect(perCalls[0]?.usd).toBeCloseTo(1_000_000 * 8 * 0.5 * 0.0000133334, 6);
    expect(Math.max(...perCalls.map(({ usd }) => usd))).toBe(perCalls[0]?.usd);
  });

  it("of no calls is what the stage costs", () => {
    const idle = monthlyCost({ ...WORKLOAD, calls: 0 });
    expect(idle.perCalls.every(({ usd }) => usd === 0)).toBe(true);
    expect(idle.totalUsd).toBeGreaterThan(0);
    expect(idle.totalUsd).toBeLessThan(10);
  });

  it("counts a message by its blocks of 64 KB", () => {
    const queue = (requestKb: number) =>
      monthlyCost({ ...WORKLOAD, requestKb }).perCalls.find(({ what }) => what === "queue")?.usd ?? 0;
    expect(queue(600)).toBeGreaterThan(queue(60) * 3);
  });

  it("only grows with what is asked of it", () => {
    const workload = fc.record({
      calls: fc.integer({ min: 0, max: 10_000_000 }),
      seconds: fc.integer({ min: 1, max: 900 }),
      requestKb: fc.integer({ min: 1, max: 6_000 }),
      answerKb: fc.integer({ min: 1, max: 6_000 }),
      memoryMb: fc.integer({ min: 128, max: 10_240 }),
    });
    fc.assert(
      fc.property(
        workload,
        fc.constantFrom("calls", "seconds", "requestKb", "answerKb", "memoryMb"),
        (base, field) => {
          const total = (extra: number) =>
            monthlyCost({ ...base, [field]: base[field] + extra, budgets: "soft" }).totalUsd;
          expect(total(100)).toBeGreaterThanOrEqual(total(0));
        },
      ),
    );
  });
});

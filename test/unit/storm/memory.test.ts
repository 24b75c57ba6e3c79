/** The storm's judgement on memory: it must see a leak, and must not cry over a heap that finds its size. */
import { describe, expect, it } from "vitest";
import { judgeMemory, type MemorySample } from "../../storm/delivery/memory.ts";
import { seededRandom } from "../../support/delivery.ts";

/** A process over 1,000 invocations that holds `rssMb` after so many of them, and up to 20 MB of bodies beside. */
function process(rssMb: (invocations: number) => number, invocations = 1_000): readonly MemorySample[] {
  const random = seededRandom(1);
  return Array.from({ length: invocations / 5 }, (_, index) => ({
    invocations: 5 * (index + 1),
    rssMb: rssMb(5 * (index + 1)) + 20 * random(),
  }));
}

const warmingUp = (invocations: number) => 60 + 100 * (1 - Math.exp(-invocations / 100));

describe("the storm's judgement on memory", () => {
  it("finds a process flat that grew while it was new", () => {
    expect(judgeMemory([process(warmingUp)])).toMatchObject({ judged: 1, flat: true });
  });

  it.each([0.05, 0.2, 1])("sees %d MB kept of each call", (leakMb) => {
    const leaking = process((invocations) => warmingUp(invocations) + leakMb * invocations);
    const { flat, steepest } = judgeMemory([process(warmingUp), leaking]);
    expect(flat).toBe(false);
    expect(steepest?.slopeMbPer1000).toBeGreaterThan(900 * leakMb);
    expect(steepest?.slopeMbPer1000).toBeLessThan(1_100 * leakMb + 20);
  });

  it("does not judge what did not live long", () => {
    const leaking = process((invocations) => 60 + invocations, 50);
    expect(judgeMemory([leaking])).toMatchObject({ processes: 1, judged: 0, flat: undefined });
  });
});

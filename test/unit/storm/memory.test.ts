/** The storm's judgement on memory: it must see a leak, and must not cry over a heap that finds its size. */
import { describe, expect, it } from "vitest";
import { isBad, judgeMemory, type MemorySample } from "../../storm/delivery/memory.ts";
import { seededRandom } from "../../support/delivery.ts";

const LIMIT_MB = 512;

/** A process in which `liveMb` is alive after so many invocations, and up to 2 MB of bodies that are under way. */
function process(liveMb: (invocations: number) => number, invocations = 1_000): readonly MemorySample[] {
  const random = seededRandom(1);
  return Array.from({ length: invocations / 20 }, (_, index) => {
    const soFar = 20 * (index + 1);
    return { invocations: soFar, liveMb: liveMb(soFar) + 2 * random(), rssMb: 60 + Math.min(150, soFar) };
  });
}

const warmingUp = (invocations: number) => 15 + 10 * (1 - Math.exp(-invocations / 100));

describe("the storm's judgement on memory", () => {
  it("finds a process flat that grew while it was new, and whose resident memory grew with its heap", () => {
    const found = judgeMemory([process(warmingUp)], LIMIT_MB);
    expect(found).toMatchObject({ judged: 1, flat: true, mostRssMb: 210 });
    expect(isBad(found)).toBe(false);
  });

  it.each([0.015, 0.05, 1])("sees %d MB kept of each call", (leakMb) => {
    const leaking = process((invocations) => warmingUp(invocations) + leakMb * invocations);
    const found = judgeMemory([process(warmingUp), leaking], LIMIT_MB);
    expect(found.flat).toBe(false);
    expect(isBad(found)).toBe(true);
    // From the middle of one third to the middle of the next.
    expect(found.steepest?.grownMb).toBeGreaterThan(300 * leakMb - 2);
    expect(found.steepest?.grownMb).toBeLessThan(360 * leakMb + 2);
  });

  it.each([
    { name: "did not live long", samples: process((invocations) => 15 + invocations, 280) },
    { name: "was seen too seldom", samples: process((invocations) => 15 + invocations).slice(-4) },
  ])("does not judge what $name", ({ samples }) => {
    expect(judgeMemory([samples], LIMIT_MB)).toMatchObject({ processes: 1, judged: 0, flat: undefined });
  });

  it("finds fault with a process that needs more than a deployment gives it", () => {
    const found = judgeMemory([process(warmingUp)], 200);
    expect(found.flat).toBe(true);
    expect(isBad(found)).toBe(true);
  });
});

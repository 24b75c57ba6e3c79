/** What a seed makes of a storm. */
import { describe, expect, it } from "vitest";
import { drawSchedule, FAULTS, KILLING_SHARE } from "../../storm/delivery/schedule.ts";
import { seededRandom } from "../../support/delivery.ts";

const HALF_AN_HOUR_MS = 30 * 60_000;
const draw = (seed: number, durationMs: number) => drawSchedule(seededRandom(seed), durationMs);

describe("the schedule of a storm", () => {
  it("is its seed's", () => {
    expect(draw(7, 60_000)).toEqual(draw(7, 60_000));
    expect(draw(7, 60_000)).not.toEqual(draw(8, 60_000));
  });

  it.each([1, 7, 4372])("has every fault in a minute, with seed %d", (seed) => {
    const faults = new Set(draw(seed, 60_000).map(({ fault }) => fault));
    expect(FAULTS.filter((fault) => !faults.has(fault) && !fault.endsWith("killed"))).toEqual([]);
  });

  it("takes Langfuse away for ten minutes of half an hour", () => {
    const outages = draw(7, HALF_AN_HOUR_MS).filter(({ fault }) => fault === "langfuse outage");
    expect(outages.map(({ fromMs, untilMs }) => Math.round((untilMs - fromMs) / 60_000))).toEqual([10]);
  });

  it("kills nothing in its last part, so that processes grow old", () => {
    const kills = draw(7, HALF_AN_HOUR_MS).filter(({ fault }) => fault.endsWith("killed"));
    expect(kills.length).toBeGreaterThan(100);
    expect(Math.max(...kills.map(({ untilMs }) => untilMs))).toBeLessThanOrEqual(
      KILLING_SHARE * HALF_AN_HOUR_MS,
    );
  });
});

/** A short storm with a fixed seed. The long one: `npm run storm`. */
import { expect, it } from "vitest";
import { runStorm } from "../storm/delivery/storm.ts";

it("of kills and faults at every boundary loses no trace, repeats none outside the window, and spends to the last digit", async () => {
  const ledger = await runStorm({ seed: 2244, durationMs: 8_000 });
  expect(ledger).toMatchObject({
    lost: [],
    duplicatesOutside: [],
    parkedWrongly: [],
    spendMismatches: [],
    undrained: 0,
    holds: true,
  });
  // It was a storm: calls went through it, and processes died in it.
  expect(ledger.traced).toBeGreaterThan(50);
  expect(ledger.kills).not.toEqual({});
}, 180_000);

/** A short storm with a fixed seed. The long one: `npm run storm`. */
import { expect, it } from "vitest";
import { runStorm } from "../storm/delivery/storm.ts";

/** One whose ten seconds have both functions killed, a flusher that oversleeps, both keys rotated, and most other faults. */
const SEED = 16801;

/** It takes some forty seconds. On a busy machine the storm's own stages end first, and say what was under way. */
const LIMIT_MS = 600_000;

it(
  "of kills and faults at every boundary loses no trace, repeats none outside the window, and spends to the last digit",
  async () => {
    const ledger = await runStorm({ seed: SEED, durationMs: 10_000 });
    expect(ledger).toMatchObject({
      lost: [],
      duplicatesOutside: [],
      parkedWrongly: [],
      spendMismatches: [],
      reconciledWrongly: [],
      undrained: 0,
      holds: true,
    });
    // It was a storm: calls went through it, processes died in it, and keys changed.
    expect(ledger.traced).toBeGreaterThan(50);
    expect(ledger.kills).not.toEqual({});
    expect(ledger.rotations).toMatchObject({ provider: { rotations: 1 }, langfuse: { rotations: 1 } });
    expect(Object.keys(ledger.struck).length).toBeGreaterThan(5);
  },
  LIMIT_MS,
);

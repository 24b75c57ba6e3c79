/** The callers of the storm, at the same time and at their own pace. */
import { setTimeout as sleep } from "node:timers/promises";
import { seededRandom } from "../../support/delivery.ts";
import { makeCall, type Seen, type Target } from "./traffic.ts";

/** How many there are. */
export const CALLERS = 12;
/** How long a caller leaves a gateway alone that turned it away, ms. */
const TURNED_AWAY_PAUSE_MS = 300;
/** Share of the storm over which a given number of calls is spread; the rest makes up for what was slower. */
const CALLING_SHARE = 0.95;

/** What they do. */
export interface Calling {
  readonly seed: number;
  /** For how long calls are made, and faults injected, ms. */
  readonly durationMs: number;
  /** How many calls are made at least, evenly spread. Default: as many as the callers can. */
  readonly calls?: number;
}

/**
 * Calls until the time is over and there are enough, each with random numbers of its own, so that it asks the same whenever
 * its turn comes. What callers saw is added to `seen`.
 */
export async function makeCalls(
  target: Target,
  { seed, durationMs, calls = 0 }: Calling,
  seen: Seen[],
): Promise<void> {
  const startedAtMs = Date.now();
  const everyMs = calls === 0 ? 0 : (CALLING_SHARE * durationMs) / calls;
  let next = 1;
  const goesOn = () => Date.now() < startedAtMs + durationMs || next <= calls;
  await Promise.all(
    Array.from({ length: CALLERS }, async () => {
      while (goesOn()) {
        const call = next++;
        await sleep(Math.max(0, startedAtMs + (call - 1) * everyMs - Date.now()));
        const saw = await makeCall(call, seededRandom(seed * 1_000_003 + call), target);
        seen.push(saw);
        if (saw.status === 503) await sleep(TURNED_AWAY_PAUSE_MS);
      }
    }),
  );
}

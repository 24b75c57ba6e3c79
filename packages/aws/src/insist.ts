/** Writes again what was not written, of writes that nobody else can make good. */
import type { Waiting } from "./write-conflicts.ts";

/** Tries of a write, the first included. */
const MAX_TRIES = 6;
/** After so long no try is begun any more, ms: a table that is silent costs a try many seconds, and is away for longer. */
const TRYING_TIME_MS = 5_000;
const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 1_000;

/** The clock, and how a wait is made. */
export interface Insisting extends Waiting {
  /** Unix time, ms. */
  readonly nowMs: () => number;
}

/**
 * Makes writes that may be made twice, and those of them again that fail: up to six times, and for five seconds. The SDK's own tries are
 * not enough, since they come out of a store that errors of a minute ago have emptied, and a process that stood still finds its
 * connections closed. `make` answers for each write, in their order, and never rejects; nor does this.
 */
export async function insist<W, T>(
  writes: readonly W[],
  make: (writes: readonly W[]) => Promise<readonly PromiseSettledResult<T>[]>,
  { nowMs, wait, random }: Insisting,
): Promise<readonly PromiseSettledResult<T>[]> {
  const untilMs = nowMs() + TRYING_TIME_MS;
  const outcomes = [...(await make(writes))];
  for (let tries = 1; tries < MAX_TRIES && nowMs() < untilMs; tries += 1) {
    const failed = outcomes.flatMap(({ status }, index) => (status === "rejected" ? [index] : []));
    if (failed.length === 0) break;
    await wait(Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (tries - 1)) * (0.5 + random() / 2));
    const again = await make(failed.flatMap((index) => writes.slice(index, index + 1)));
    for (const [at, index] of failed.entries()) {
      const outcome = again[at];
      if (outcome) outcomes[index] = outcome;
    }
  }
  return outcomes;
}

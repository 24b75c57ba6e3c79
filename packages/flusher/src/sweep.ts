/** Brings records back that the queue did not take when their calls ended: they wait in the bucket. */
import type { Log } from "./ports.ts";

/** The event that asks the flusher for a sweep, in the place of a batch. `infra/flusher.ts` sends it by a schedule. */
export const SWEEP_EVENT = { sluice: "sweep" } as const;

/** Whether the event is `SWEEP_EVENT`. */
export function isSweepEvent(event: object): event is typeof SWEEP_EVENT {
  return "sluice" in event && event.sluice === SWEEP_EVENT.sluice;
}

/** Message bodies that wait in the bucket. Every method throws what the store throws; the signal ends it. */
export interface Spill {
  /** Keys of up to `count` objects, in their order. */
  list(count: number, signal: AbortSignal): Promise<readonly string[]>;
  /** The message body, or undefined when another sweep was faster. */
  read(key: string, signal: AbortSignal): Promise<string | undefined>;
  remove(key: string, signal: AbortSignal): Promise<void>;
}

/** What a sweep is made of. */
export interface SweepDependencies {
  readonly spill: Spill;
  /** Puts a body on the queue. Resolves once it is acknowledged. */
  readonly enqueue: (body: string, signal: AbortSignal) => Promise<void>;
  readonly log: Log;
  /** Unix time, ms. */
  readonly nowMs: () => number;
}

/**
 * Sweeps. Both never reject, end soon after the signal, and may run beside other sweeps: a record that is brought
 * back twice is one call to the ledger.
 */
export interface Sweeper {
  /** Brings back everything that waits, until the signal. */
  everything(signal: AbortSignal): Promise<void>;
  /** Brings back some of it, unless this instance has swept within the last minute. */
  someIfDue(signal: AbortSignal): Promise<void>;
}

/** Objects of a round. */
const ROUND = 100;
const AT_ONCE = 10;
const DUE_AFTER_MS = 60_000;

/** A sweeper, which remembers when it swept. */
export function createSweeper(dependencies: SweepDependencies): Sweeper {
  const { nowMs, log } = dependencies;
  let sweptAtMs = Number.NEGATIVE_INFINITY;
  const sweep = async (rounds: number, signal: AbortSignal) => {
    sweptAtMs = nowMs();
    let total = 0;
    try {
      for (let round = 0; round < rounds && !signal.aborted; round++) {
        const moved = await unlessAborted(sweepRound(dependencies, signal), signal);
        total += moved;
        // Those that cannot be moved are the first again.
        if (moved < ROUND) break;
      }
    } catch (error) {
      log.error("The sweep of spilled records did not come to its end.", { error });
    }
    if (total > 0) log.warn("Spilled records are back in the queue.", { count: total });
  };
  return {
    everything: (signal) => sweep(Number.POSITIVE_INFINITY, signal),
    someIfDue: async (signal) => {
      if (nowMs() - sweptAtMs >= DUE_AFTER_MS) await sweep(1, signal);
    },
  };
}

/** Moves up to a round of objects; returns how many. */
async function sweepRound(dependencies: SweepDependencies, signal: AbortSignal): Promise<number> {
  const { spill, log } = dependencies;
  const keys = [...(await spill.list(ROUND, signal))];
  let moved = 0;
  while (keys.length > 0 && !signal.aborted) {
    const some = keys.splice(0, AT_ONCE);
    const ends = await Promise.allSettled(some.map((key) => bringBack(key, dependencies, signal)));
    const failures = ends.flatMap((end, index) =>
      end.status === "rejected" ? [{ key: some[index], error: end.reason as unknown }] : [],
    );
    moved += some.length - failures.length;
    const [failure] = failures;
    if (failure) {
      log.error("Spilled records could not be brought back; they stay.", {
        count: failures.length,
        object: failure.key,
        error: failure.error,
      });
    }
    // The queue is still away: the others would fare no better.
    if (failures.length === some.length) break;
  }
  return moved;
}

/** The object goes only after the queue has its message. */
async function bringBack(
  key: string,
  { spill, enqueue }: SweepDependencies,
  signal: AbortSignal,
): Promise<void> {
  const body = await spill.read(key, signal);
  if (body === undefined) return;
  await enqueue(body, signal);
  await spill.remove(key, signal);
}

/** A store that does not heed its signal must not hold the batch up whose end the sweep follows. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(new Error("The time for the sweep is up."));
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

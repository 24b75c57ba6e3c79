/**
 * Whether every accepted call is accounted for: accepted = delivered + parked + in flight, and what is in flight is in the
 * queue. The counts come from the ledger of delivery, the rest from the queue itself.
 */
import { MAX_DELAY_MS } from "./backoff.ts";
import type { Log } from "./ports.ts";

/** The counts of the calls that were accepted in an hour, and two that go by other hours. */
export interface HourCounts {
  /** When the hour began, Unix time in ms. */
  readonly hourMs: number;
  readonly accepted: number;
  readonly delivered: number;
  readonly parked: number;
  readonly inFlight: number;
  /** Calls in flight, whenever accepted, that a flusher took last in this hour. */
  readonly lastTaken: number;
  /** Messages parked in this hour that name no call. */
  readonly unreadable: number;
}

/** The counts of the ledger of delivery. Every method throws what the store throws. */
export interface DeliveryCounts {
  /** Every hour that is still counted (42 days) and in which something was, the oldest first. */
  read(): Promise<readonly HourCounts[]>;
  /** When the queue was last seen without a message that could be received, Unix time in ms. */
  workedOffAtMs(): Promise<number | undefined>;
  noteWorkedOff(atMs: number): Promise<void>;
}

/** Messages of a queue, which SQS counts approximately. */
export interface QueueDepth {
  /** Ready to be received. */
  readonly waiting: number;
  /** Received and not yet deleted. */
  readonly inFlight: number;
  /** Not before their time. */
  readonly delayed: number;
}

/** Where the accepted calls are. */
export interface Reconciliation {
  /** Calls of which a flusher has heard, in the hours that are still counted. Always the sum of the next three. */
  readonly accepted: number;
  /** Every drain has its trace. */
  readonly delivered: number;
  /** Put aside in the dead-letter queue. */
  readonly parked: number;
  /** To come back: their messages must be in the queue. */
  readonly inFlight: number;
  /** Parked messages that name no call, and so are in no other count. */
  readonly unreadable: number;
  /** Calls in flight that are not where they must be, or the amount by which the counts do not add up. */
  readonly unaccounted: number;
  /** The oldest call in flight was accepted before then, Unix time in ms; undefined when none is in flight. */
  readonly oldestBeforeMs?: number;
  /** When the last hour began in which any count has changed, Unix time in ms. */
  readonly lastHourMs?: number;
}

const HOUR_MS = 60 * 60_000;
/**
 * Ms after its hour in which a call that was taken is either finished or back in the queue for SQS to count: the longest
 * run of a flusher is five minutes, and SQS's counts settle within about one.
 */
const SETTLED_AFTER_MS = 15 * 60_000;
/**
 * Ms after which a message that is in the queue has surely been taken once more. The flusher hides it for two hours at most;
 * the other two hours are four visibility timeouts of the queue, for flushers that were killed before they took it.
 */
const FORGOTTEN_AFTER_MS = MAX_DELAY_MS + 2 * HOUR_MS;

/** What is compared. The depth must have been read before the counts, so that a call that ends in between is in neither. */
export interface ReconciliationInput {
  readonly depth: QueueDepth;
  /** The oldest first. */
  readonly hours: readonly HourCounts[];
  /** When the queue was last seen without a message that could be received, Unix time in ms. */
  readonly workedOffAtMs: number | undefined;
  /** Unix time, ms. */
  readonly nowMs: number;
}

/**
 * Compares the counts with the queue. A call is missing by either of two signs, and neither can be raised by a count that
 * is a little late:
 *
 * - More calls wait for their next try than the queue has messages of any kind. It is the quick sign, and all there is in
 *   a small queue; but the switches of other calls are in the queue too, and can hide it.
 * - A call was not taken for longer than the flusher ever hides a message, although the queue was seen worked off
 *   since. It needs no number of SQS, and no traffic hides it.
 */
export function reconcile({ depth, hours, workedOffAtMs, nowMs }: ReconciliationInput): Reconciliation {
  const sum = (name: Exclude<keyof HourCounts, "hourMs">, among = hours) =>
    among.reduce((total, hour) => total + hour[name], 0);
  const [accepted, delivered, parked, inFlight] = [
    sum("accepted"),
    sum("delivered"),
    sum("parked"),
    sum("inFlight"),
  ];
  const takenBefore = (limitMs: number) =>
    Math.max(
      0,
      sum(
        "lastTaken",
        hours.filter(({ hourMs }) => hourMs + HOUR_MS <= limitMs),
      ),
    );
  const held = depth.waiting + depth.inFlight + depth.delayed;
  const notInQueue = Math.max(0, takenBefore(nowMs - SETTLED_AFTER_MS) - held);
  const forgotten = workedOffAtMs === undefined ? 0 : takenBefore(workedOffAtMs - FORGOTTEN_AFTER_MS);
  const oldest = hours.find((hour) => hour.inFlight > 0);
  const last = hours.at(-1);
  return {
    accepted,
    delivered,
    parked,
    inFlight,
    unreadable: sum("unreadable"),
    unaccounted: Math.max(notInQueue, forgotten) + Math.abs(accepted - delivered - parked - inFlight),
    ...(oldest && { oldestBeforeMs: Math.min(nowMs, oldest.hourMs + HOUR_MS) }),
    ...(last && { lastHourMs: last.hourMs }),
  };
}

/** What a reconciler is made of. */
export interface ReconcilerDependencies {
  readonly counts: DeliveryCounts;
  /** The depth of the trace queue. Throws what the queue throws. */
  readonly depth: () => Promise<QueueDepth>;
  /** Unix time, ms. */
  readonly nowMs: () => number;
}

/** Reads the queue and then the counts, and compares them. Changes nothing. Throws what a store throws. */
export async function readReconciliation({
  counts,
  depth,
  nowMs,
}: ReconcilerDependencies): Promise<Reconciliation> {
  const depthNow = await depth();
  const atMs = nowMs();
  const [hours, workedOffAtMs] = await Promise.all([counts.read(), counts.workedOffAtMs()]);
  return reconcile({ depth: depthNow, hours, workedOffAtMs, nowMs: atMs });
}

/** Reconciles and tells of it. Never rejects. */
export type Reconciler = () => Promise<void>;

/** A reconciler that publishes what it found: as a metric, on which an alarm stands. */
export function createReconciler(
  dependencies: ReconcilerDependencies & {
    readonly publish: (found: Reconciliation) => void;
    readonly log: Log;
  },
): Reconciler {
  const { counts, depth, nowMs } = dependencies;
  return async () => {
    try {
      const depthNow = await depth();
      if (depthNow.waiting === 0) await counts.noteWorkedOff(nowMs());
      const found = await readReconciliation({ counts, depth: () => Promise.resolve(depthNow), nowMs });
      dependencies.publish(found);
      if (found.unaccounted > 0) {
        dependencies.log.error("Calls are not accounted for: see docs/delivery.md, Reconciliation.", {
          ...found,
        });
      }
    } catch (error) {
      dependencies.log.error("The counts of delivery could not be reconciled.", { error });
    }
  };
}

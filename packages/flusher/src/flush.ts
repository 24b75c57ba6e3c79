/** The way of a batch: decode, prepare, take, settle, export, mark, acknowledge. */
import type { Catalogue } from "@sluice/prices";
import type { OpenedRecord } from "@sluice/trace";
import { judge } from "./dead-call.ts";
import { loggedReason } from "./logged-reason.ts";
import type { MessageEnd } from "./message-end.ts";
import { parkAll, type ToPark } from "./park-all.ts";
import type { DeliveryMark, FlusherDependencies, QueueMessage } from "./ports.ts";
import { type Prepared, prepare, traceBytes } from "./prepare.ts";
import { settleCalls } from "./settle-calls.ts";
import { exportSlice } from "./slice.ts";
import {
  asDead,
  type Ended,
  eachAtOnce,
  isDeadCall,
  letGo,
  markDelivered,
  type Taken,
  takeCalls,
  unlessUnmarked,
} from "./take-calls.ts";
import { isClaim, unpack } from "./unpack.ts";

/** Encoded traces that are held at once, bytes. Of records, one is decoded at a time. */
export const MAX_SLICE_BYTES = 16_000_000;
/** Age at which a message is parked instead of coming back, ms: a day before the queue's 14 days are over. */
export const PARK_AFTER_MS = 13 * 24 * 60 * 60_000;

/** What became of a batch. Every message is in exactly one of the three. */
export interface FlushResult {
  /** Messages that each of their drains has. */
  readonly doneIds: readonly string[];
  /** Messages that must come back: for `batchItemFailures`. */
  readonly failed: readonly {
    readonly id: string;
    readonly reason: string;
    /** A drain's own wish for when to come back, ms. */
    readonly retryAfterMs?: number;
  }[];
  /** Messages put aside, with the reason. They count as done. */
  readonly parked: readonly { readonly id: string; readonly reason: string }[];
  /** Of the done, those whose calls were delivered by this very batch. */
  readonly deliveredIds: readonly string[];
  /** How many of the done were duplicates, whose calls had been delivered before. */
  readonly duplicates: number;
}

/** Flushes one batch. Never rejects: a message that met an unforeseen error is among the failed. */
export type Flush = (
  messages: readonly QueueMessage[],
  options?: {
    /** Unix time in ms after which no new slice is begun: what remains comes back. */
    readonly deadlineAtMs?: number;
    /** Unix time in ms at which this consumer ends by force: until then its calls are nobody else's. */
    readonly leaseUntilMs?: number;
  },
) => Promise<FlushResult>;

/** A flusher over its dependencies. It holds no state between batches. */
export function createFlusher(dependencies: FlusherDependencies): Flush {
  return async (messages, { deadlineAtMs = Number.POSITIVE_INFINITY, leaseUntilMs } = {}) => {
    const ends = new Map<QueueMessage, MessageEnd>();
    let catalogue: Catalogue;
    try {
      catalogue = await dependencies.loadPrices();
    } catch (error) {
      const reason = `The prices could not be loaded: ${describe(error)}`;
      for (const message of messages) ends.set(message, { kind: "failed", reason });
      return report(ends, dependencies);
    }
    // Claims come last, in slices of their own: a slow store delays no message that needs nothing fetched.
    const [claims, inline] = partition(messages, isClaim);
    for (const waiting of [inline, claims]) {
      while (waiting.length > 0) {
        if (dependencies.nowMs() >= deadlineAtMs) {
          for (const message of waiting.splice(0)) ends.set(message, OUT_OF_TIME);
          break;
        }
        const slice = await fillSlice(waiting, catalogue, dependencies);
        const untilMs = leaseUntilMs ?? dependencies.nowMs() + LEASE_MS;
        const [worked] = await Promise.all([
          workOff(slice.prepared, untilMs, catalogue, dependencies),
          finish(slice.ended, ends, untilMs, dependencies),
        ]);
        await finish(worked, ends, untilMs, dependencies);
      }
    }
    return report(ends, dependencies);
  };
}

const DROPPED_SWITCH: MessageEnd = { kind: "done", needless: "switch" };
const OUT_OF_TIME: MessageEnd = { kind: "failed", reason: "The function's time was up before its turn." };
/** How long a call is a consumer's whose own end is not known, ms. */
const LEASE_MS = 5 * 60_000;

function partition<T>(items: readonly T[], test: (item: T) => boolean): readonly [T[], T[]] {
  return [items.filter(test), items.filter((item) => !test(item))];
}

/** Messages that are worked on together, and those that have ended on the way. */
interface Slice {
  readonly prepared: readonly Prepared[];
  readonly ended: readonly Ended[];
}

/** Takes messages from `waiting` until a slice is full. */
async function fillSlice(
  waiting: QueueMessage[],
  catalogue: Catalogue,
  dependencies: FlusherDependencies,
): Promise<Slice> {
  const prepared: Prepared[] = [];
  const ended: Ended[] = [];
  const switches: { readonly message: QueueMessage; readonly opened: OpenedRecord }[] = [];
  const add = (item: Prepared) => {
    prepared.push(item);
    return traceBytes(item);
  };
  for (let bytes = 0; bytes < MAX_SLICE_BYTES; ) {
    const message = waiting.shift();
    if (!message) break;
    const unpacked = await unpack(message, dependencies.claims);
    if (unpacked.kind === "foreign") {
      const { reason, callId } = unpacked;
      ended.push({ message, callId, end: { kind: "park", reason } });
    } else if (unpacked.kind === "unavailable") {
      const { reason, callId } = unpacked;
      ended.push({ message, callId, end: { kind: "failed", reason } });
    } else if (unpacked.record.kind === "opened") {
      switches.push({ message, opened: unpacked.record });
      bytes += unpacked.record.request.body.byteLength;
    } else {
      bytes += add(prepare(message, unpacked.record, catalogue, dependencies.drains, dependencies));
    }
  }
  await eachAtOnce(switches, async ({ message, opened }) => {
    const verdict = await judgeSwitch(message, opened, dependencies);
    if (verdict.kind === "dead") {
      add(asDead(prepare(message, verdict.record, catalogue, dependencies.drains, dependencies)));
    } else {
      ended.push({ message, callId: opened.callId, end: verdict.end });
    }
  });
  return { prepared, ended };
}

/** A switch whose call is known has done its duty. */
async function judgeSwitch(message: QueueMessage, opened: OpenedRecord, deps: FlusherDependencies) {
  try {
    if (await deps.deliveries.knows(opened.callId)) return { kind: "known", end: DROPPED_SWITCH } as const;
    return judge(opened, message, deps.nowMs());
  } catch (error) {
    const reason = `The ledger of delivery is away: ${describe(error)}`;
    return { kind: "unknown", end: { kind: "failed", reason } } as const;
  }
}

/** Take, settle, export, mark: in this order, so that a drain that is down delays no budget and nothing is done twice. */
async function workOff(
  prepared: readonly Prepared[],
  leaseUntilMs: number,
  catalogue: Catalogue,
  deps: FlusherDependencies,
): Promise<readonly Ended[]> {
  const took = await takeCalls(prepared, leaseUntilMs, deps);
  const { ended, abandoned } = took;
  const taken = await Promise.all(took.taken.map((item) => withEveryTrace(item, catalogue, deps)));
  const failed = await settleCalls(
    [...taken, ...abandoned].flatMap(({ toSettle }) => toSettle ?? []),
    deps,
  );
  const endOf = ({ toSettle, end }: Taken): MessageEnd | undefined => {
    const reason = toSettle && failed.get(toSettle.settlement.callId);
    return reason === undefined ? end : { kind: "failed", reason };
  };
  const settledEnds = taken.flatMap((item): Ended[] => {
    const { message, record, counted } = item;
    const end = endOf(item);
    return end ? [{ message, callId: record.callId, counted, end }] : [];
  });
  const exported = await exportSlice(
    taken.filter((item) => endOf(item) === undefined),
    deps,
  );
  const unmarked = await markDelivered(
    exported.flatMap(({ item, newlyDelivered, end, counted }): DeliveryMark[] => {
      const { callId } = item.record;
      const complete = end.kind === "done";
      if (!complete && newlyDelivered.length === 0) return [];
      return [{ callId, drains: newlyDelivered, dead: isDeadCall(item), complete, leaseUntilMs, counted }];
    }),
    deps,
  );
  const all = [...settledEnds, ...unlessUnmarked(exported, unmarked)];
  // A call that comes back must be free for whoever receives it.
  await letGo(
    all.flatMap(({ callId, end }) => (end.kind === "failed" && callId !== undefined ? [callId] : [])),
    leaseUntilMs,
    deps.deliveries,
  );
  return [...ended, ...all];
}

/**
 * A call that was given up for dead, with its trace for the drains that it is not drawn for: they have the one that says that
 * it died. Its record is read again, which is rare, so that none has to be kept for it.
 */
async function withEveryTrace(
  item: Taken,
  catalogue: Catalogue,
  { claims, drains, wholes }: FlusherDependencies,
): Promise<Taken> {
  if (!item.revived || item.sampledOut.length === 0 || item.end) return item;
  const unpacked = await unpack(item.message, claims);
  if (unpacked.kind !== "record" || unpacked.record.kind !== "exchange") return item;
  const { traces, media, whole } = prepare(item.message, unpacked.record, catalogue, drains, {
    sampling: false,
    wholes,
  });
  return { ...item, traces, media, whole };
}

/** A message that would come back but has not long to live is parked: the queue would drop it without a word. */
function beforeRetention(message: QueueMessage, end: MessageEnd, nowMs: number): MessageEnd {
  if (end.kind !== "failed" || nowMs - message.sentAtMs < PARK_AFTER_MS) return end;
  return { kind: "park", reason: `The queue's retention is near its end. Last: ${end.reason}` };
}

/** Notes how messages end, and parks what is to be parked; what cannot be parked stays in the queue. */
async function finish(
  ended: readonly Ended[],
  ends: Map<QueueMessage, MessageEnd>,
  leaseUntilMs: number,
  { park, deliveries, log, nowMs }: FlusherDependencies,
): Promise<void> {
  const toPark: ToPark[] = [];
  for (const one of ended) {
    const end = beforeRetention(one.message, one.end, nowMs());
    log.debug?.("A message has ended.", {
      messageId: one.message.id,
      callId: one.callId,
      end: end.kind,
      ...(end.kind !== "done" && { reason: loggedReason(end.reason) }),
    });
    ends.set(one.message, end);
    if (end.kind === "park") toPark.push({ ...one, reason: end.reason });
  }
  for (const { message, reason, why } of await parkAll(toPark, park, deliveries, leaseUntilMs)) {
    ends.set(message, { kind: "failed", reason: `${why}, and should be because: ${reason}` });
  }
}

function report(ends: ReadonlyMap<QueueMessage, MessageEnd>, { log }: FlusherDependencies): FlushResult {
  const result = {
    doneIds: [] as string[],
    failed: [] as Failed[],
    parked: [] as Parked[],
    deliveredIds: [] as string[],
    duplicates: 0,
  };
  for (const [{ id, receiveCount }, end] of ends) {
    if (end.kind === "done") {
      result.doneIds.push(id);
      if (end.needless === undefined) result.deliveredIds.push(id);
      if (end.needless === "duplicate") result.duplicates += 1;
    }
    if (end.kind === "park") {
      result.parked.push({ id, reason: end.reason });
      log.error("A message was parked.", { messageId: id, receiveCount, reason: loggedReason(end.reason) });
    }
    if (end.kind === "failed") {
      const { reason, retryAfterMs } = end;
      result.failed.push({ id, reason, ...(retryAfterMs !== undefined && { retryAfterMs }) });
    }
  }
  // One line for each reason: with a drain down, a line for each message would say the same a thousand times.
  for (const [reason, failures] of Map.groupBy(result.failed, ({ reason }) => loggedReason(reason))) {
    log.warn("Messages will come back.", { count: failures.length, reason });
  }
  return result;
}

type Failed = FlushResult["failed"][number];
type Parked = FlushResult["parked"][number];

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

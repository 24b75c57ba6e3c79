/** The ledger of delivery: who works on a call, and which drains have its trace. */
import { deadCallId } from "./dead-call.ts";
import type { MessageEnd } from "./message-end.ts";
import type { CountedUnder, DeliveryLedger, DeliveryMark, Log, QueueMessage } from "./ports.ts";
import type { Prepared } from "./prepare.ts";

/** Calls that are looked up or let go of at the same time. */
const AT_ONCE = 50;

/** A call that this consumer works on. */
export interface Taken extends Prepared {
  /** Names of the drains that have its trace already. */
  readonly delivered: ReadonlySet<string>;
  readonly counted: CountedUnder | undefined;
  /** It was given up for dead: each drain that fits it may show it as such. */
  readonly revived: boolean;
}

/** A message and how it ends. */
export interface Ended {
  readonly message: QueueMessage;
  readonly end: MessageEnd;
  /** The call that the message is about, where that is known. */
  readonly callId?: string | undefined;
  /** Of a call that was taken. */
  readonly counted?: CountedUnder | undefined;
}

const DUPLICATE: MessageEnd = { kind: "done", needless: "duplicate" };

/**
 * Takes calls for this consumer until `leaseUntilMs` (Unix time). A call that each of its drains has is a duplicate and done,
 * and so is one that was done before, whatever drains the config has come to name since, and a copy of a message that is parked; one
 * that another consumer works on comes back when that one's time is over. So does every call while the ledger is away; a call that it
 * may have given all the same, with only its answer lost, is let go of, unless this batch has it for another message. Never rejects.
 */
export async function takeCalls(
  prepared: readonly Prepared[],
  leaseUntilMs: number,
  deps: { readonly deliveries: DeliveryLedger; readonly log: Log; readonly nowMs: () => number },
): Promise<{
  readonly taken: readonly Taken[];
  readonly ended: readonly Ended[];
  /** Of the calls that another consumer has, those that it has had before: it may be gone, and their budgets should not wait. */
  readonly abandoned: readonly Prepared[];
}> {
  const abandoned: Prepared[] = [];
  const taken: Taken[] = [];
  const ended: Ended[] = [];
  const unclosed: DeliveryMark[] = [];
  const outcomes = await deps.deliveries.take(
    prepared.map((item) => ({
      callId: item.record.callId,
      messageId: item.message.id,
      dead: isDeadCall(item),
      // A switch goes off when it is received a second time, and then its call is new to the ledger.
      seenBefore: item.message.receiveCount > (isDeadCall(item) ? 2 : 1),
    })),
    leaseUntilMs,
  );
  for (const [index, item] of prepared.entries()) {
    const { message, record } = item;
    const { callId } = record;
    const outcome = outcomes[index];
    if (outcome?.status !== "fulfilled") {
      ended.push({ message, callId, end: { kind: "failed", reason: awayReason(outcome?.reason) } });
      continue;
    }
    const { kind, untilMs, delivered, wasDead, closed, counted } = outcome.value;
    if (kind === "aside") {
      // SQS may hand out what it was told to delete, and such a copy need not come back: the call must stay parked.
      ended.push({ message, callId, end: DUPLICATE });
      continue;
    }
    const dead = isDeadCall(item);
    const revived = wasDead && !dead;
    // A call that died went to every drain that fits it, so that there its own trace has to take that one's place.
    const drains = revived ? [...item.drains, ...item.sampledOut] : item.drains;
    const isDone = closed && !revived;
    if (isDone || (drains.length > 0 && drains.every((drain) => delivered.has(drain)))) {
      // A drain that the call still waited for takes it no longer: nothing else would say that it is done.
      if (!closed) unclosed.push({ callId, drains: [], dead, complete: true, leaseUntilMs, counted });
      ended.push({ message, callId, end: DUPLICATE });
    } else if (kind === "busy") {
      const reason = "Another consumer is at work on the call.";
      const retryAfterMs = Math.max(0, untilMs - deps.nowMs());
      ended.push({ message, callId, end: { kind: "failed", reason, retryAfterMs } });
      if (message.receiveCount > 1 && !wasDead) abandoned.push(item);
    } else {
      taken.push({ ...(revived ? revive(item) : item), drains, delivered, counted, revived });
    }
  }
  // The taking of a message's copy may have failed beside that of the message, and they are under one lease.
  const ours = new Set(taken.map(({ record }) => record.callId));
  const unsure = prepared
    .filter(({ record }, index) => outcomes[index]?.status !== "fulfilled" && !ours.has(record.callId))
    .map(({ record }) => record.callId);
  const [unmarked] = await Promise.all([
    markDelivered(unclosed, deps),
    letGoOfUnsure(unsure, leaseUntilMs, deps.deliveries),
  ]);
  return { taken, ended: unlessUnmarked(ended, unmarked), abandoned };
}

/** What a message is told that every drain has, while the ledger does not know it. */
const UNMARKED: MessageEnd = {
  kind: "failed",
  reason: "The delivery could not be noted in the ledger.",
};

/** A message is done only when the ledger knows it, or a call that is delivered would be missed for ever. */
export function unlessUnmarked(ended: readonly Ended[], unmarked: ReadonlySet<string>): readonly Ended[] {
  return ended.map((one) =>
    one.end.kind === "done" && one.callId !== undefined && unmarked.has(one.callId)
      ? { ...one, end: UNMARKED }
      : one,
  );
}

function awayReason(error: unknown): string {
  return `The ledger of delivery is away: ${error instanceof Error ? error.message : String(error)}`;
}

/**
 * A call that was given up for dead and turns up after all. Its span has the same ids and start, so that Langfuse puts it
 * in the place of the other one; what was set aside for it has been given back already.
 */
function revive(item: Prepared): Prepared {
  const { toSettle } = item;
  if (!toSettle) return item;
  return { ...item, toSettle: { ...toSettle, settlement: { ...toSettle.settlement, holds: [] } } };
}

/** Whether a message is about a call that is given up for dead. */
export function isDeadCall({ record }: Prepared): boolean {
  return record.outcome.kind === "failed" && record.outcome.code === "function_killed";
}

/** The call with its settlement under the name of a dead one. */
export function asDead(item: Prepared): Prepared {
  const { toSettle, record } = item;
  if (!toSettle) return item;
  return {
    ...item,
    toSettle: { ...toSettle, settlement: { ...toSettle.settlement, callId: deadCallId(record.callId) } },
  };
}

/**
 * Marks what became of calls. Resolves to the ids of those that could not be marked: their messages come back, which costs
 * at most a second, equal span. This is the one window in which a trace can be exported twice. Never rejects.
 */
export async function markDelivered(
  marks: readonly DeliveryMark[],
  deps: { readonly deliveries: DeliveryLedger; readonly log: Log },
): Promise<ReadonlySet<string>> {
  if (marks.length === 0) return new Set();
  const outcomes = await deps.deliveries.markDelivered(marks);
  const failed = marks.flatMap(({ callId }, index) => {
    const outcome = outcomes[index];
    return outcome?.status === "fulfilled" ? [] : [{ callId, error: outcome?.reason as unknown }];
  });
  for (const { callId, error } of failed) {
    deps.log.warn("A delivery could not be marked; the trace may be exported again.", { callId, error });
  }
  return new Set(failed.map(({ callId }) => callId));
}

/**
 * Lets go of calls that come back, so that whoever receives them next need not wait. Failures cost only that wait. A request that is
 * made again because its answer was lost finds another consumer's lease, and leaves it alone.
 */
export async function letGo(
  callIds: readonly string[],
  leaseUntilMs: number,
  deliveries: DeliveryLedger,
): Promise<void> {
  await eachAtOnce(callIds, (callId) => deliveries.release(callId, leaseUntilMs).catch(() => undefined));
}

/**
 * Lets go of calls whose taking failed: it may have succeeded, and then they would wait for the end of a lease that nobody has.
 * A lease of another consumer's is left alone. The first failure ends it: the ledger is still away, and each call would wait for it.
 */
async function letGoOfUnsure(
  callIds: readonly string[],
  leaseUntilMs: number,
  deliveries: DeliveryLedger,
): Promise<void> {
  let isAway = false;
  await eachAtOnce(callIds, async (callId) => {
    if (isAway) return;
    await deliveries.release(callId, leaseUntilMs).catch(() => {
      isAway = true;
    });
  });
}

/** Runs `work` on every item, some at a time. */
export async function eachAtOnce<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const waiting = [...items];
  const worker = async () => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, worker));
}

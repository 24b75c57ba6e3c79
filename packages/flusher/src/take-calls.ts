/** The ledger of delivery: who works on a call, and which drains have its trace. */
import { deadCallId } from "./dead-call.ts";
import type { MessageEnd } from "./message-end.ts";
import type { DeliveryLedger, Log, QueueMessage } from "./ports.ts";
import type { Prepared } from "./prepare.ts";

/** Calls that are looked up or marked at the same time. */
const AT_ONCE = 50;

/** A call that this consumer works on. */
export interface Taken extends Prepared {
  /** Names of the drains that have its trace already. */
  readonly delivered: ReadonlySet<string>;
}

/** A message and how it ends. */
export interface Ended {
  readonly message: QueueMessage;
  readonly end: MessageEnd;
}

const DUPLICATE: MessageEnd = { kind: "done" };

/**
 * Takes calls for this consumer until `leaseUntilMs` (Unix time). A call that every drain has is a duplicate and done; one
 * that another consumer works on comes back when that one's time is over; so does every call while the ledger is away.
 * Never rejects.
 */
export async function takeCalls(
  prepared: readonly Prepared[],
  drains: readonly string[],
  leaseUntilMs: number,
  deps: { readonly deliveries: DeliveryLedger; readonly nowMs: () => number },
): Promise<{
  readonly taken: readonly Taken[];
  readonly ended: readonly Ended[];
  /** Of the calls that another consumer has, those that it has had before: it may be gone, and their budgets should not wait. */
  readonly abandoned: readonly Prepared[];
}> {
  const abandoned: Prepared[] = [];
  const taken: Taken[] = [];
  const ended: Ended[] = [];
  await eachAtOnce(prepared, async (item) => {
    const { message, record } = item;
    try {
      const dead = isDeadCall(item);
      const result = await deps.deliveries.take(record.callId, leaseUntilMs, { dead });
      if (drains.length > 0 && drains.every((drain) => result.delivered.has(drain))) {
        ended.push({ message, end: DUPLICATE });
      } else if (result.kind === "busy") {
        const reason = "Another consumer is at work on the call.";
        const retryAfterMs = Math.max(0, result.untilMs - deps.nowMs());
        ended.push({ message, end: { kind: "failed", reason, retryAfterMs } });
        if (message.receiveCount > 1 && !result.wasDead) abandoned.push(item);
      } else {
        const { delivered } = result;
        taken.push({ ...(result.wasDead && !dead ? revive(item) : item), delivered });
      }
    } catch (error) {
      const reason = `The ledger of delivery is away: ${error instanceof Error ? error.message : String(error)}`;
      ended.push({ message, end: { kind: "failed", reason } });
    }
  });
  return { taken, ended, abandoned };
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
 * Marks which drains took the trace of which call. A mark that fails is logged and costs at most a second, equal span:
 * the one window in which a trace can be exported twice.
 */
export async function markDelivered(
  delivered: readonly { readonly item: Taken; readonly drains: readonly string[] }[],
  deps: { readonly deliveries: DeliveryLedger; readonly log: Log },
): Promise<void> {
  await eachAtOnce(delivered, async ({ item, drains }) => {
    if (drains.length === 0) return;
    try {
      await deps.deliveries.markDelivered(item.record.callId, drains, { dead: isDeadCall(item) });
    } catch (error) {
      deps.log.warn("A delivery could not be marked; the trace may be exported again.", {
        callId: item.record.callId,
        error,
      });
    }
  });
}

/** Lets go of calls that come back, so that whoever receives them next need not wait. Failures cost only that wait. */
export async function letGo(callIds: readonly string[], deliveries: DeliveryLedger): Promise<void> {
  await eachAtOnce(callIds, (callId) => deliveries.release(callId).catch(() => undefined));
}

/** Runs `work` on every item, some at a time. */
export async function eachAtOnce<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const waiting = [...items];
  const worker = async () => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, worker));
}

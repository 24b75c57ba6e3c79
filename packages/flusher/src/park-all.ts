/** Puts messages aside, and counts what was put aside. */
import type { DeliveryLedger, Park, QueueMessage } from "./ports.ts";
import type { Ended } from "./take-calls.ts";

/** Messages parked at the same time. */
const PARKED_AT_ONCE = 10;

/** A message that no retry can help. */
export interface ToPark extends Ended {
  readonly reason: string;
}

/** A message that stays in the queue although it should not. */
export interface NotParked {
  readonly message: QueueMessage;
  readonly reason: string;
  /** What went wrong, as the beginning of a sentence. */
  readonly why: string;
}

/**
 * Parks messages and then counts them, so that what is counted as parked is in the dead-letter queue. Killed in between,
 * or with the ledger away, a message comes again: it is parked a second time, which a replay makes one call of again, and
 * counted once. Calls are let go of that are under the lease that ends at `leaseUntilMs` (Unix time). Resolves to the messages that must
 * come again. Never rejects.
 */
export async function parkAll(
  toPark: readonly ToPark[],
  park: Park,
  deliveries: DeliveryLedger,
  leaseUntilMs: number,
): Promise<readonly NotParked[]> {
  const failed: NotParked[] = [];
  const fail = ({ message, reason }: ToPark, what: string, error: unknown) => {
    const cause = error instanceof Error ? error.message : String(error);
    failed.push({ message, reason, why: `${what} (${cause})` });
  };
  const waiting = [...toPark];
  while (waiting.length > 0) {
    const some = waiting.splice(0, PARKED_AT_ONCE);
    const ends = await Promise.allSettled(some.map(({ message, reason }) => park(message, reason)));
    const stored = some.filter((one, index) => {
      const end = ends[index];
      if (end?.status === "fulfilled") return true;
      fail(one, "It could not be parked", end?.reason);
      return false;
    });
    await count(stored, deliveries, leaseUntilMs, (one, error) =>
      fail(one, "It was parked but could not be counted", error),
    );
  }
  return failed;
}

async function count(
  stored: readonly ToPark[],
  deliveries: DeliveryLedger,
  leaseUntilMs: number,
  fail: (one: ToPark, error: unknown) => void,
): Promise<void> {
  const calls = stored.flatMap((one) =>
    one.callId === undefined
      ? []
      : [{ one, callId: one.callId, messageId: one.message.id, leaseUntilMs, counted: one.counted }],
  );
  const unreadable = stored.filter(({ callId }) => callId === undefined);
  const [counted, ...others] = await Promise.all([
    calls.length === 0 ? [] : deliveries.markParked(calls),
    ...unreadable.map(async (one) => {
      try {
        await deliveries.markUnreadable(one.message.body);
      } catch (error) {
        return () => fail(one, error);
      }
      return undefined;
    }),
  ]);
  for (const other of others) other?.();
  for (const [index, { one }] of calls.entries()) {
    const outcome = counted[index];
    if (outcome?.status !== "fulfilled") fail(one, outcome?.reason);
  }
}

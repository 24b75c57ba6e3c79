/** Two writers at one item: DynamoDB refuses one of them when a transaction is involved, and the SDK does not retry. */
import {
  type CancellationReason,
  TransactionCanceledException,
  TransactionConflictException,
} from "@aws-sdk/client-dynamodb";

/** Tries of one write. With the waits below they last about three seconds. */
const MAX_TRIES = 12;
const FIRST_WAIT_MS = 5;
const LONGEST_WAIT_MS = 500;

/** How a wait is made; handed in so that it can be seen and shortened. `random` is in [0, 1). */
export interface Waiting {
  readonly wait: (ms: number) => Promise<void>;
  readonly random: () => number;
}

/**
 * Runs a write until it meets no conflict. Throws the last conflict after `MAX_TRIES`, and every other error
 * at once.
 */
export async function retryConflicts<T>(write: () => Promise<T>, { wait, random }: Waiting): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await write();
    } catch (error) {
      if (tries >= MAX_TRIES || !isConflict(error)) throw error;
      await wait(Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** tries) * random());
    }
  }
}

/** The reasons of a cancelled transaction, in the order of its actions; undefined for any other error. */
export function cancellationReasons(error: unknown): readonly CancellationReason[] | undefined {
  return error instanceof TransactionCanceledException ? (error.CancellationReasons ?? []) : undefined;
}

/** Whether a write failed only because somebody else wrote at the same time. */
function isConflict(error: unknown): boolean {
  if (error instanceof TransactionConflictException) return true;
  const codes = cancellationReasons(error)?.map(({ Code }) => Code ?? "None") ?? [];
  return (
    codes.some((code) => RETRYABLE.has(code)) && codes.every((code) => code === "None" || RETRYABLE.has(code))
  );
}

/** Amazon DynamoDB API reference, TransactWriteItems: reasons that a retry can help. */
const RETRYABLE = new Set(["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"]);

/** Where records wait that did not get to their drains: the bucket, the dead-letter queue, a log. */
import { open } from "node:fs/promises";
import { DeleteMessageCommand } from "@aws-sdk/client-sqs";
import { SPILL_PREFIX } from "@sluice/aws";
import { readUnsentRecords } from "@sluice/trace";
import { CommandFailure } from "../failure.ts";
import type { RecordPlace } from "../target/record-place.ts";
import { heldMessages } from "./parked.ts";

/** A record that can be sent again. */
export interface WaitingRecord {
  /** An object's key, a message's id or a call's id. */
  readonly name: string;
  /** Why it was parked, where that is known. */
  readonly reason?: string | undefined;
  /** The message body; undefined when it is gone meanwhile. */
  body(): Promise<string | undefined>;
  /** Takes it away from where it waits. To be called only after the queue has acknowledged it. */
  remove(): Promise<void>;
}

const LIST_PAGE = 1000;

/** Every key of spilled records, in their order. */
export async function* spilledKeys({ bucket }: Pick<RecordPlace, "bucket">): AsyncGenerator<string> {
  for (let after: string | undefined; ; ) {
    const keys = await bucket.list(SPILL_PREFIX, LIST_PAGE, { after });
    yield* keys;
    if (keys.length < LIST_PAGE) return;
    after = keys.at(-1);
  }
}

/** Some records, which may be brought back at the same time. Their source is asked for more once they are done. */
export type WaitingRecords = AsyncIterable<readonly WaitingRecord[]>;

/** Records of one page. */
const PAGE = 10;

/** The records that wait in the bucket. */
export async function* spilledRecords(place: RecordPlace): AsyncGenerator<readonly WaitingRecord[]> {
  const record = (name: string): WaitingRecord => ({
    name,
    async body() {
      const bytes = await place.bucket.get(name);
      return bytes && Buffer.from(bytes).toString();
    },
    remove: () => place.bucket.remove(name),
  });
  let page: WaitingRecord[] = [];
  for await (const name of spilledKeys(place)) {
    if (page.push(record(name)) < PAGE) continue;
    yield page;
    page = [];
  }
  if (page.length > 0) yield page;
}

/** The records that are parked. */
export async function* parkedRecords({
  sqs,
  deadLetterQueueUrl: QueueUrl,
}: RecordPlace): AsyncGenerator<readonly WaitingRecord[]> {
  for await (const messages of heldMessages(sqs, QueueUrl)) {
    yield messages.map(({ id, body, reason, receiptHandle: ReceiptHandle }) => ({
      name: id,
      reason,
      body: () => Promise.resolve(body),
      async remove() {
        await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
      },
    }));
  }
}

/**
 * The records in the lines of a log, which keeps them. `note` is told of what cannot be brought back: a record with a
 * part missing, a line that was cut.
 */
export async function* loggedRecords(
  lines: AsyncIterable<string>,
  note: (text: string) => void,
): AsyncGenerator<readonly WaitingRecord[]> {
  const { records, incompleteCallIds, unreadableLines } = await readUnsentRecords(lines);
  if (incompleteCallIds.length > 0) {
    note(`Parts are missing of ${incompleteCallIds.join(", ")}: read more of the log.`);
  }
  if (unreadableLines > 0) note(`Lines with a record that were cut off or changed: ${unreadableLines}.`);
  const all = records.map(({ callId, body }) => {
    return { name: callId, body: () => Promise.resolve(body), remove: () => Promise.resolve() };
  });
  for (let from = 0; from < all.length; from += PAGE) yield all.slice(from, from + PAGE);
}

/** The lines of a file. Throws `CommandFailure` when it cannot be read. */
export async function* fileLines(path: string): AsyncGenerator<string> {
  try {
    await using file = await open(path);
    yield* file.readLines();
  } catch (error) {
    const { code = "unreadable" } = error as NodeJS.ErrnoException;
    throw new CommandFailure("no_file", `${path} cannot be read (${code}).`, { cause: error });
  }
}

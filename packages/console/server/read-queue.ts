/** Queue and parked records, read by what `npx sluice queue status` reads them by. */
import { depthOf } from "@sluice/aws";
import { messageView } from "@sluice/cli/records/message-view";
import { peekMessages } from "@sluice/cli/records/parked";
import { spilledKeys } from "@sluice/cli/records/sources";
import type { Target } from "@sluice/cli/target/target";
import { readReconciliation } from "@sluice/flusher";
import type { DepthView, ParkedView, QueueView } from "../api/events.ts";

/** Parked messages that are looked at. */
const PEEKED = 100;
/** Spilled objects that are counted. */
const COUNTED = 1000;

/** Reads the queue, again and again. */
export interface QueueReader {
  /** `mayPeek`: whether parked messages may be looked at, which hides them from others for that moment. */
  read(mayPeek: boolean): Promise<QueueView>;
}

/** Begins without knowing any parked message. */
export function queueReader(target: Pick<Target, "records" | "counts">, nowMs: () => number): QueueReader {
  let peekedAt: string | undefined;
  let parkedMessages: readonly ParkedView[] = [];
  let before: string | undefined;
  const place = target.records();

  return {
    async read(mayPeek) {
      const { sqs, queueUrl, deadLetterQueueUrl, bucket } = await place;
      const [queue, parked] = await Promise.all([depthOf(sqs, queueUrl), depthOf(sqs, deadLetterQueueUrl)]);
      const depth = JSON.stringify(parked);
      // Looking hides messages from a command that is sending them again: only once nobody holds one and their number has settled.
      const isSettled = depth === before && parked.inFlight === 0;
      before = depth;
      if (totalOf(parked) === 0) parkedMessages = [];
      else if (mayPeek && isSettled && depth !== peekedAt) {
        parkedMessages = (await peekMessages(sqs, deadLetterQueueUrl, PEEKED)).map(messageView);
        peekedAt = depth;
      }
      if (totalOf(parked) === 0) peekedAt = undefined;
      const {
        lastHourMs: _,
        unreadable: __,
        ...calls
      } = await readReconciliation({
        counts: target.counts,
        depth: () => Promise.resolve(queue),
        nowMs,
      });
      let spilled = 0;
      for await (const _key of spilledKeys({ bucket })) if (++spilled >= COUNTED) break;
      return { queue, parked, parkedMessages, spilled, calls };
    },
  };
}

/** All messages of a queue. */
export function totalOf({ waiting, inFlight, delayed }: DepthView): number {
  return waiting + inFlight + delayed;
}

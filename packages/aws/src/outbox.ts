/**
 * Puts records on the queue; what is too large for a message goes to S3 first. A record that the queue does not take
 * in time is kept in the bucket, where the flusher looks for it.
 */
import { SendMessageCommand, type SendMessageCommandInput, type SQSClient } from "@aws-sdk/client-sqs";
import type { Log, Outbox } from "@sluice/gateway";
import { isRefusal, type TryDependencies, tryUntil } from "./try-until.ts";

/** Stores an object; the signal ends it. Throws when it is not stored. */
export type PutObject = (key: string, bytes: Uint8Array, signal: AbortSignal) => Promise<void>;

/** What the outbox is made of. */
export interface OutboxOptions extends TryDependencies {
  readonly client: SQSClient;
  readonly queueUrl: string;
  readonly putObject: PutObject;
  readonly log: Pick<Log, "warn">;
}

const DEFAULT_TIME_MS = 10_000;
/** Of the time that is left, the part after which the queue is given up for the bucket. */
const QUEUE_SHARE = 0.6;
/** Time for a queue that took nothing when it was last asked, ms. SQS answers within a tenth of it. */
const BRIEF_TIME_MS = 500;

/**
 * An outbox in front of the queue. The object of a claim check is stored before its message is sent.
 *
 * It remembers that the queue was away for the whole time that a record could wait: records that have a second way then ask it
 * briefly before they go to the bucket, until it takes one again. Such a record is no less safe: when the bucket does not take it
 * either, all the time that is left is the queue's.
 */
export function createOutbox(options: OutboxOptions): Outbox {
  const { client, queueUrl, putObject, log, nowMs } = options;
  let isQueueAway = false;

  const enqueue = async (message: SendMessageCommandInput, untilMs: number, signal?: AbortSignal) => {
    const fromMs = nowMs();
    try {
      await tryUntil(
        untilMs,
        (abortSignal) => client.send(new SendMessageCommand(message), { abortSignal }),
        options,
        signal,
      );
      isQueueAway = false;
    } catch (error) {
      // A refusal is an answer, and a call that had no time left, or was told to stop, has not seen much.
      if (!signal?.aborted && !isRefusal(error) && untilMs - fromMs >= BRIEF_TIME_MS) isQueueAway = true;
      throw error;
    }
  };

  const spill = async (key: string, body: string, untilMs: number, error: unknown) => {
    const bytes = Buffer.from(body);
    await tryUntil(untilMs, (signal) => putObject(key, bytes, signal), options);
    log.warn("The queue did not take a record; it waits in the bucket.", {
      fallback: "spill",
      object: key,
      error: describe(error),
    });
  };

  return {
    async send(record, { delaySeconds, giveUpAtMs = nowMs() + DEFAULT_TIME_MS, signal, spillKey } = {}) {
      // Without its object neither the message nor its spilled copy is of use, so this one gets all the time.
      if (record.kind === "claim") {
        const { key, bytes } = record.object;
        await tryUntil(giveUpAtMs, (ends) => putObject(key, bytes, ends), options, signal);
      }
      const message = { QueueUrl: queueUrl, MessageBody: record.body, DelaySeconds: delaySeconds };
      if (spillKey === undefined) {
        await enqueue(message, giveUpAtMs, signal);
        return undefined;
      }
      const leftMs = Math.max(0, giveUpAtMs - nowMs());
      const isBrief = isQueueAway && leftMs * QUEUE_SHARE > BRIEF_TIME_MS;
      const queueMs = isBrief ? BRIEF_TIME_MS : leftMs * QUEUE_SHARE;
      const bucketUntilMs = isBrief ? nowMs() + queueMs + leftMs * (1 - QUEUE_SHARE) : giveUpAtMs;
      try {
        await enqueue(message, nowMs() + queueMs);
      } catch (error) {
        try {
          await spill(spillKey, record.body, bucketUntilMs, error);
          return "spilled";
        } catch (spillError) {
          if (!isBrief || isRefusal(error)) throw spillError;
          await enqueue(message, giveUpAtMs);
        }
      }
      return undefined;
    },
  };
}

function describe(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

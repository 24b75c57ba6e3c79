/**
 * Puts records on the queue; what is too large for a message goes to S3 first. A record that the queue does not take
 * in time is kept in the bucket, where the flusher looks for it.
 */
import { SendMessageCommand, type SQSClient } from "@aws-sdk/client-sqs";
import type { Log, Outbox } from "@sluice/gateway";
import { type TryDependencies, tryUntil } from "./try-until.ts";

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

/** An outbox in front of the queue. The object of a claim check is stored before its message is sent. */
export function createOutbox(options: OutboxOptions): Outbox {
  const { client, queueUrl, putObject, log, nowMs } = options;
  return {
    async send(record, { delaySeconds, giveUpAtMs = nowMs() + DEFAULT_TIME_MS, spillKey } = {}) {
      // Without its object neither the message nor its spilled copy is of use, so this one gets all the time.
      if (record.kind === "claim") {
        const { key, bytes } = record.object;
        await tryUntil(giveUpAtMs, (signal) => putObject(key, bytes, signal), options);
      }
      const leftMs = Math.max(0, giveUpAtMs - nowMs());
      const queueUntilMs = spillKey === undefined ? giveUpAtMs : giveUpAtMs - leftMs * (1 - QUEUE_SHARE);
      const message = { QueueUrl: queueUrl, MessageBody: record.body, DelaySeconds: delaySeconds };
      try {
        await tryUntil(
          queueUntilMs,
          (abortSignal) => client.send(new SendMessageCommand(message), { abortSignal }),
          options,
        );
      } catch (error) {
        if (spillKey === undefined) throw error;
        const bytes = Buffer.from(record.body);
        await tryUntil(giveUpAtMs, (signal) => putObject(spillKey, bytes, signal), options);
        log.warn("The queue did not take a record; it waits in the bucket.", {
          fallback: "spill",
          object: spillKey,
          error: describe(error),
        });
      }
    },
  };
}

function describe(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

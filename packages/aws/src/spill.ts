/** The records that the queue did not take, as objects of the bucket. Loads no S3 client of its own. */
import { SendMessageCommand, type SQSClient } from "@aws-sdk/client-sqs";
import type { Spill, SweepDependencies } from "@sluice/flusher";
import type { Bucket } from "./bucket.ts";

/** Where the gateway puts what the queue does not take. */
export const SPILL_PREFIX = "spill/";

/** What waits in the bucket. */
export function createSpill(bucket: Bucket): Spill {
  return {
    list: (count, signal) => bucket.list(SPILL_PREFIX, count, { signal }),
    async read(key, signal) {
      const bytes = await bucket.get(key, signal);
      return bytes && Buffer.from(bytes).toString();
    },
    remove: (key, signal) => bucket.remove(key, signal),
  };
}

/** Puts message bodies on a queue. Throws what the SDK throws. */
export function createEnqueue(client: SQSClient, queueUrl: string): SweepDependencies["enqueue"] {
  return async (body, abortSignal) => {
    await client.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: body }), { abortSignal });
  };
}

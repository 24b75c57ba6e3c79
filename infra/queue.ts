import { queueLimits } from "./limits.ts";

/** What both queues have: encryption with SQS's own keys (no charge, no KMS permission) and the longest retention SQS offers. */
const atRest = {
  sqsManagedSseEnabled: true,
  messageRetentionSeconds: queueLimits.retentionSeconds,
};

/** Records that cannot be delivered, parked by the flusher with the reason, or by SQS after too many receives. */
export const deadLetterQueue = new sst.aws.Queue("TracesDeadLetter", {
  visibilityTimeout: `${queueLimits.visibilityTimeoutSeconds} seconds`,
  transform: { queue: atRest },
});

/** One record for each call, from the gateway to the flusher. A standard queue: at least once, in any order. */
export const traceQueue = new sst.aws.Queue("Traces", {
  visibilityTimeout: `${queueLimits.visibilityTimeoutSeconds} seconds`,
  dlq: { queue: deadLetterQueue.arn, retry: queueLimits.maximumReceives },
  transform: { queue: atRest },
});

/** Only the trace queue may name this dead-letter queue in a redrive policy. */
export const deadLetterSources = new aws.sqs.RedriveAllowPolicy("TracesDeadLetterSources", {
  queueUrl: deadLetterQueue.url,
  redriveAllowPolicy: $jsonStringify({ redrivePermission: "byQueue", sourceQueueArns: [traceQueue.arn] }),
});

import { bucket } from "./bucket.ts";
import { bundledFunction } from "./bundled-function.ts";
import { environment } from "./environment.ts";
import { events } from "./events.ts";
import { flusherLimits } from "./limits.ts";
import { deadLetterQueue, traceQueue } from "./queue.ts";
import { drainsSecret } from "./secrets.ts";
import { table } from "./table.ts";

/** The flusher: takes batches of records from the queue and exports them to the drains. */
export const flusher = bundledFunction("Flusher", {
  bundle: "flusher",
  description: "Sluice flusher: settles budgets and exports trace records to the drains",
  memory: `${flusherLimits.memoryMb} MB`,
  timeout: `${flusherLimits.timeoutSeconds} seconds`,
  environment: {
    ...environment,
    SLUICE_DRAINS_SECRET: drainsSecret.arn,
    SLUICE_EVENTS_TOPIC: events.arn,
  },
  permissions: [
    {
      // The first three are the poller's, which acts in the function's role; the last is our backoff per record.
      actions: [
        "sqs:ReceiveMessage",
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes",
        "sqs:ChangeMessageVisibility",
      ],
      resources: [traceQueue.arn],
    },
    // Parking; bringing back what was spilled.
    { actions: ["sqs:SendMessage"], resources: [deadLetterQueue.arn, traceQueue.arn] },
    { actions: ["sns:Publish"], resources: [events.arn] },
    {
      // TransactWriteItems has no action of its own: it needs those of the writes inside.
      actions: [
        "dynamodb:GetItem",
        "dynamodb:PutItem",
        "dynamodb:UpdateItem",
        "dynamodb:DeleteItem",
        "dynamodb:ConditionCheckItem",
      ],
      resources: [table.arn],
    },
    {
      // Add the counters of delivery up; of the table's other items none.
      actions: ["dynamodb:Query"],
      resources: [table.arn],
      conditions: [
        { test: "ForAllValues:StringLike", variable: "dynamodb:LeadingKeys", values: ["DELIVERIES#*"] },
      ],
    },
    {
      actions: ["s3:GetObject", "s3:DeleteObject"],
      resources: [$interpolate`${bucket.arn}/claims/*`, $interpolate`${bucket.arn}/spill/*`],
    },
    // Calls whose traces have to be cut. Nobody but the account's own people reads them.
    { actions: ["s3:PutObject"], resources: [$interpolate`${bucket.arn}/wholes/*`] },
    {
      // Find what was spilled, and get a 404 instead of a 403 for a claim that is gone.
      actions: ["s3:ListBucket"],
      resources: [bucket.arn],
      conditions: [{ test: "StringLike", variable: "s3:prefix", values: ["claims/*", "spill/*"] }],
    },
    { actions: ["secretsmanager:GetSecretValue"], resources: [drainsSecret.arn] },
  ],
});

/** The event source mapping: Lambda polls the queue and calls the flusher. */
export const flusherSource = traceQueue.subscribe(flusher.arn, {
  batch: {
    size: flusherLimits.batchSize,
    window: `${flusherLimits.batchWindowSeconds} seconds`,
    // Only the records that the flusher names come back; the rest of the batch is done.
    partialResponses: true,
  },
  transform: {
    eventSourceMapping: { scalingConfig: { maximumConcurrency: flusherLimits.maximumConcurrency } },
  },
});

/**
 * Brings spilled records back when no batch comes that would do so, for after an outage there may be no call for hours; and
 * compares the counts of delivery with the queue.
 */
export const sweep = new sst.aws.Cron("Sweep", {
  schedule: `rate(${flusherLimits.sweepIntervalMinutes} minutes)`,
  function: flusher.arn,
  event: { sluice: "sweep" },
});

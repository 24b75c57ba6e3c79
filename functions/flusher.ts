/**
 * The flusher function: environment to dependencies to handler. Called by the queue's event source mapping, and by a schedule to
 * bring spilled records back.
 */

import { setTimeout } from "node:timers/promises";
import withMiddleware from "@middy/core";
import {
  createAccountStore,
  createClients,
  createDeadLetters,
  createDeliveryCounts,
  createDeliveryLedger,
  createDeliveryMetrics,
  createDrainCredentials,
  createEnqueue,
  createJsonLog,
  createJsonSecret,
  createPutOff,
  createSettlementStore,
  createSpill,
  createWholes,
  depthOf,
  logLevel,
  toBatchResponse,
  toQueueMessages,
} from "@sluice/aws";
import { createAnnounce } from "@sluice/aws/announce";
import { createBucket } from "@sluice/aws/bucket";
import { createDrainAlarm } from "@sluice/aws/drain-alarm";
import { createBatchMetrics, createExportMetrics, tallySettlements } from "@sluice/aws/flusher-metrics";
import { createMetricWriter } from "@sluice/aws/metric-writer";
import { resolveConfig } from "@sluice/config";
import {
  createFlusher,
  createReconciler,
  createSweeper,
  createWorkOff,
  isSweepEvent,
  type SWEEP_EVENT,
  withBreaker,
} from "@sluice/flusher";
import { createHttpExchange, createHttpPost } from "@sluice/langfuse";
import type { Context, SQSEvent } from "aws-lambda";
import config from "../sluice.config.ts";
import { createDrains } from "./drains.ts";
import { required } from "./environment.ts";
import { createPriceLoader } from "./prices.ts";

/** Kept free before the time limit, ms, so that what was exported is reported and not done again. */
const DEADLINE_MARGIN_MS = 20_000;

/** Time for one export request, ms. Langfuse answers in well under a second; a slow one is tried again later. */
const EXPORT_TIMEOUT_MS = 30_000;

/** Time for bringing some spilled records back after a batch, ms. */
const SWEEP_TIME_MS = 10_000;

const nowMs = () => Date.now();
const resolved = resolveConfig(config, process.env);
const { dynamodb, secretsManager, sqs } = createClients();
const ledger = {
  client: dynamodb,
  table: required("SLUICE_TABLE"),
  wait: (ms: number) => setTimeout(ms),
  random: () => Math.random(),
  nowMs,
};

const bucket = createBucket(required("SLUICE_BUCKET"));
const park = createDeadLetters(sqs, required("SLUICE_DLQ_URL"));
const credentials = createDrainCredentials(
  createJsonSecret(secretsManager, required("SLUICE_DRAINS_SECRET"), nowMs),
);
const write = (line: string) => process.stdout.write(line);
const log = createJsonLog(write, nowMs, logLevel(process.env["SLUICE_LOG_LEVEL"]));
const metrics = createMetricWriter({ write, stage: required("SLUICE_STAGE"), nowMs });
const post = createHttpPost(EXPORT_TIMEOUT_MS);
const onRefusal = createDrainAlarm(metrics);
const onExport = createExportMetrics(metrics);
const publishBatch = createBatchMetrics(metrics, nowMs);
const settlements = tallySettlements(
  createSettlementStore({
    ...ledger,
    wait: async (ms) => {
      settlements.conflict();
      await ledger.wait(ms);
    },
  }),
);

const flush = createFlusher({
  claims: { fetch: ({ key }) => bucket.get(key) },
  wholes: createWholes(bucket, required("SLUICE_BUCKET")),
  park: (message, reason) => park(message.body, reason),
  drains: createDrains(Object.values(resolved.drains), {
    credentials,
    post,
    exchange: createHttpExchange(),
    nowMs,
    guard: (drain) => withBreaker(drain, nowMs, onRefusal, onExport),
  }),
  loadPrices: createPriceLoader(config.prices, resolved),
  deliveries: createDeliveryLedger(ledger),
  settlements: settlements.store,
  accounts: createAccountStore(ledger),
  announce: createAnnounce(process.env["SLUICE_EVENTS_TOPIC"], metrics),
  log,
  nowMs,
});

const putOff = createPutOff({ client: sqs, queueUrl: required("SLUICE_QUEUE_URL"), nowMs });
const workOff = createWorkOff({
  flush,
  onFlushed: (messages, result) => publishBatch(messages, result, settlements.take()),
  log,
  random: () => Math.random(),
  nowMs,
});

const sweeper = createSweeper({
  spill: createSpill(bucket),
  enqueue: createEnqueue(sqs, required("SLUICE_QUEUE_URL")),
  log,
  nowMs,
});

const reconcile = createReconciler({
  counts: createDeliveryCounts(ledger),
  depth: () => depthOf(sqs, required("SLUICE_QUEUE_URL")),
  publish: createDeliveryMetrics({ write: metrics, nowMs }),
  log,
  nowMs,
});

/** Works off a batch, or, called by the schedule, brings spilled records back and compares the counts. */
export const handler = withMiddleware(async (event: SQSEvent | typeof SWEEP_EVENT, context: Context) => {
  const timeMs = context.getRemainingTimeInMillis() - DEADLINE_MARGIN_MS;
  if (isSweepEvent(event)) {
    // First, since what is brought back may take all the time there is.
    await reconcile();
    await sweeper.everything(AbortSignal.timeout(Math.max(0, timeMs)));
    return undefined;
  }
  const comingBack = await workOff(toQueueMessages(event), putOff(event), {
    deadlineAtMs: nowMs() + timeMs,
    leaseUntilMs: nowMs() + context.getRemainingTimeInMillis(),
  });
  if (context.getRemainingTimeInMillis() >= DEADLINE_MARGIN_MS) {
    await sweeper.someIfDue(AbortSignal.timeout(SWEEP_TIME_MS));
  }
  return toBatchResponse(comingBack);
}).onError(({ error }) => {
  log.error("The batch failed as a whole; every message of it comes back.", { error });
});

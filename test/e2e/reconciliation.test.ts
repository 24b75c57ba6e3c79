/** The equation of delivery, through the built bundles: flushers killed at random, and a queue that is purged. */
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { PurgeQueueCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { createDeliveryCounts, depthOf } from "@sluice/aws";
import { type Reconciliation, readReconciliation, SWEEP_EVENT } from "@sluice/flusher";
import { expect, it, onTestFinished } from "vitest";
import {
  type BudgetSystem,
  type BudgetSystemSetup,
  killFlushers,
  startBudgetSystem,
} from "../support/budget-system.ts";
import { CENT_REQUEST } from "../support/cent-model.ts";
import { seededRandom } from "../support/delivery.ts";
import { chatCompletion, json, startUpstream } from "../support/upstream.ts";

const HOUR_MS = 60 * 60_000;

/** A system, and what it says of its calls after a time. */
async function start(setup: BudgetSystemSetup) {
  const upstream = await startUpstream(json(chatCompletion("hi")));
  const budgets = await startBudgetSystem({
    ...setup,
    env: { OPENAI_BASE_URL: upstream.baseUrl, ...setup.env },
  });
  const { endpoints, table, queueUrl } = budgets.system;
  const common = { region: "us-east-1", credentials: { accessKeyId: "local", secretAccessKey: "local" } };
  const dynamodb = new DynamoDBClient({ ...common, endpoint: endpoints.dynamodb });
  const sqs = new SQSClient({ ...common, endpoint: endpoints.sqs, useQueueUrlAsEndpoint: false });
  onTestFinished(async () => {
    dynamodb.destroy();
    sqs.destroy();
    await budgets.stop();
    await upstream.stop();
  });
  const found = (laterMs = 0): Promise<Reconciliation> => {
    const nowMs = () => Date.now() + laterMs;
    const counts = createDeliveryCounts({ client: dynamodb, table, nowMs });
    return readReconciliation({ counts, depth: () => depthOf(sqs, queueUrl), nowMs });
  };
  return { budgets, sqs, found };
}

async function makeCalls(budgets: BudgetSystem, count: number): Promise<void> {
  const key = await budgets.createKey({});
  const left = Array.from({ length: count }, (_, index) => index).values();
  const caller = async () => {
    for (const index of left) {
      const response = await budgets.call(key, { ...CENT_REQUEST, user: String(index) });
      expect(response.status).toBe(200);
    }
  };
  await Promise.all(Array.from({ length: 8 }, caller));
}

it("holds when flushers are killed at random and every record comes three times: each call is delivered once", async () => {
  const { budgets, sqs, found } = await start({ deliveries: 3 });
  const stopKilling = killFlushers(budgets.system, seededRandom(7), 150);
  const MessageBody = "not a record";
  await sqs.send(new SendMessageCommand({ QueueUrl: budgets.system.queueUrl, MessageBody }));
  await makeCalls(budgets, 150);
  const { kills } = await stopKilling();
  expect(kills).toBeGreaterThan(3);
  await expect
    .poll(() => found(), { timeout: 90_000 })
    .toMatchObject({ accepted: 150, delivered: 150, parked: 0, inFlight: 0, unreadable: 1, unaccounted: 0 });
  expect(await found(2 * HOUR_MS)).toMatchObject({ unaccounted: 0 });
}, 400_000);

it("shows calls whose messages are taken away behind Sluice's back, and the sweep publishes the equation", async () => {
  // Port 9 of this machine takes no connection: Langfuse is away.
  const { budgets, sqs, found } = await start({
    env: { LANGFUSE_BASE_URL: "http://127.0.0.1:9", LANGFUSE_PUBLIC_KEY: "pk", LANGFUSE_SECRET_KEY: "sk" },
  });
  await makeCalls(budgets, 3);
  await expect
    .poll(() => found(), { timeout: 90_000 })
    .toMatchObject({ accepted: 3, delivered: 0, inFlight: 3, unaccounted: 0 });
  // However late it is, what is in the queue is not missed.
  expect(await found(2 * HOUR_MS)).toMatchObject({ unaccounted: 0 });
  await sqs.send(new PurgeQueueCommand({ QueueUrl: budgets.system.queueUrl }));
  expect(await found(2 * HOUR_MS)).toMatchObject({ inFlight: 3, unaccounted: 3 });
  await budgets.system.flusher.invoke(SWEEP_EVENT);
  const line = budgets.system.lines.find((text) => text.includes('"Unaccounted"')) ?? "";
  expect(JSON.parse(line.slice(line.indexOf("{")))).toMatchObject({ Accepted: 3, Delivered: 0, InFlight: 3 });
}, 400_000);

/** `sluice queue` with ten thousand parked records: it asks for a few of them, and for no more however many there are. */
import { SendMessageBatchCommand, type SQSClient } from "@aws-sdk/client-sqs";
import { expect, it, onTestFinished } from "vitest";
import { startAwsProxy } from "../support/aws-proxy.ts";
import { commandLine, recordStores } from "../support/cli.ts";
import { chatRecord, messageBody } from "../support/records.ts";

const PARKED = 10_000;
/** Most messages of one request, and requests at the same time. */
const BATCH = 10;
const AT_ONCE = 20;

async function park(sqs: SQSClient, QueueUrl: string, count: number): Promise<void> {
  const MessageBody = messageBody(chatRecord());
  const MessageAttributes = { reason: { DataType: "String", StringValue: "langfuse: HTTP 400" } };
  const Entries = Array.from({ length: BATCH }, (_, at) => ({
    Id: String(at),
    MessageBody,
    MessageAttributes,
  }));
  let batches = count / BATCH;
  const worker = async () => {
    while (batches-- > 0) await sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

it("queue status needs no more requests for ten thousand parked records than for a hundred", async () => {
  const stores = await recordStores();
  const proxy = await startAwsProxy(stores.server.url);
  onTestFinished(() => proxy.stop());
  const cli = await commandLine({}, { ...stores.server, url: proxy.url });
  await park(stores.sqs, stores.deadLetterQueueUrl, PARKED);

  const status = await cli.json<{ parked: { waiting: number; reasons: object[] } }>("queue", "status");
  expect(status.parked).toMatchObject({
    waiting: PARKED,
    reasons: [{ reason: "langfuse: HTTP 400", count: 100 }],
  });
  const counts = Object.fromEntries(
    [...Map.groupBy(proxy.answered, (action) => action)].map(([action, those]) => [action, those.length]),
  );
  // Two depths, ten times ten messages looked at and let go again, and one list of what was spilled.
  expect(counts).toEqual({
    GetQueueAttributes: 2,
    ReceiveMessage: 10,
    ChangeMessageVisibilityBatch: 10,
    GET: 1,
  });
  // All of them are to be seen again.
  expect(await cli.json("queue", "status")).toMatchObject({ parked: { waiting: PARKED, inFlight: 0 } });
}, 400_000);

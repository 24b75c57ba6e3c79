import { once } from "node:events";
import { createConnection } from "node:net";
import { networkInterfaces } from "node:os";
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { expect, it, onTestFinished } from "vitest";
import { startQueuesAndObjects } from "../../../../packages/local/src/queues-and-objects/server.ts";
import { temporaryDirectory } from "../../../support/local-lambda.ts";

async function start(directory?: string) {
  const server = await startQueuesAndObjects({ ...(directory && { directory }) });
  onTestFinished(() => server.close());
  const options = {
    endpoint: server.url,
    region: "us-east-1",
    credentials: { accessKeyId: "x", secretAccessKey: "x" },
  };
  return { server, sqs: new SQSClient(options), s3: new S3Client(options) };
}

it("keeps messages and objects across a restart, and a message that was in work is there again", async () => {
  const directory = await temporaryDirectory();
  const first = await start(directory);
  await first.sqs.send(new CreateQueueCommand({ QueueName: "q", Attributes: { VisibilityTimeout: "1800" } }));
  await first.s3.send(new CreateBucketCommand({ Bucket: "bucket" }));
  await first.s3.send(new PutObjectCommand({ Bucket: "bucket", Key: "claims/1", Body: "kept" }));
  const QueueUrl = first.server.queueUrl("q");
  await first.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "hello" }));
  const received = await first.sqs.send(new ReceiveMessageCommand({ QueueUrl }));
  expect(received.Messages).toHaveLength(1);
  await first.server.close();

  const second = await start(directory);
  const again = await second.sqs.send(
    new ReceiveMessageCommand({
      QueueUrl: second.server.queueUrl("q"),
      MessageSystemAttributeNames: ["ApproximateReceiveCount"],
    }),
  );
  const object = await second.s3.send(new GetObjectCommand({ Bucket: "bucket", Key: "claims/1" }));

  expect(again.Messages).toMatchObject([{ Body: "hello", Attributes: { ApproximateReceiveCount: "2" } }]);
  expect(await object.Body?.transformToString()).toBe("kept");
});

it("keeps a message whose visibility is set to 0, for the next who asks", async () => {
  const { server, sqs } = await start(await temporaryDirectory());
  await sqs.send(new CreateQueueCommand({ QueueName: "q", Attributes: { VisibilityTimeout: "1800" } }));
  const QueueUrl = server.queueUrl("q");
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "hello" }));
  const { Messages: [message] = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl }));
  const ReceiptHandle = message?.ReceiptHandle;
  await sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: 0 }));
  const { Messages: again = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl }));
  expect(again.map(({ Body }) => Body)).toEqual(["hello"]);
});

it("knows a queue by the URL and the ARN it gives", async () => {
  const { server, sqs } = await start();
  await sqs.send(new CreateQueueCommand({ QueueName: "q" }));

  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: server.queueUrl("q"), AttributeNames: ["QueueArn"] }),
  );

  expect(Attributes).toEqual({ QueueArn: server.queueArn("q") });
});

it("takes an object of 40 MB", async () => {
  const { s3 } = await start();
  await s3.send(new CreateBucketCommand({ Bucket: "bucket" }));
  const Body = Buffer.alloc(40_000_000, "x");

  await s3.send(new PutObjectCommand({ Bucket: "bucket", Key: "k", Body }));
  const stored = await s3.send(new GetObjectCommand({ Bucket: "bucket", Key: "k" }));

  expect(stored.ContentLength).toBe(Body.length);
});

/** An address of this machine that the network can reach. */
const outside = Object.values(networkInterfaces())
  .flat()
  .find((address) => address && !address.internal && address.family === "IPv4")?.address;

it.runIf(outside)("cannot be reached from the network", async () => {
  const { server } = await start();
  const socket = createConnection(Number(new URL(server.url).port), outside);

  await expect(once(socket, "connect")).rejects.toThrow("ECONNREFUSED");
});

import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  type EventSourceOptions,
  startEventSource,
} from "../../../../packages/local/src/event-source/poller.ts";
import type { FunctionOptions } from "../../../../packages/local/src/lambda/function-options.ts";
import { startQueuesAndObjects } from "../../../../packages/local/src/queues-and-objects/server.ts";
import { type AwsProxy, startAwsProxy } from "../../../support/aws-proxy.ts";
import { functionFrom, gate } from "../../../support/local-lambda.ts";

interface Setup {
  readonly handler: string;
  readonly visibilitySeconds?: number;
  readonly maxReceiveCount?: number;
  readonly mapping?: Partial<EventSourceOptions>;
  readonly lambda?: Partial<FunctionOptions>;
  /** Sent before the mapping is started; `after` right behind them. */
  readonly before?: readonly string[];
  readonly after?: readonly string[];
  /** What the mapping is answered in the queue's place. */
  readonly instead?: AwsProxy["instead"];
}

async function mapping({
  handler,
  visibilitySeconds = 1,
  maxReceiveCount = 100,
  mapping = {},
  lambda = {},
  before = [],
  after = [],
  instead,
}: Setup) {
  const queues = await startQueuesAndObjects({});
  onTestFinished(() => queues.close());
  const client = new SQSClient({
    endpoint: queues.url,
    region: "us-east-1",
    credentials: { accessKeyId: "x", secretAccessKey: "x" },
  });
  await client.send(new CreateQueueCommand({ QueueName: "dead" }));
  await client.send(
    new CreateQueueCommand({
      QueueName: "traces",
      Attributes: {
        VisibilityTimeout: String(visibilitySeconds),
        RedrivePolicy: JSON.stringify({ deadLetterTargetArn: queues.queueArn("dead"), maxReceiveCount }),
      },
    }),
  );
  const queueUrl = queues.queueUrl("traces");
  const send = (bodies: readonly string[]) =>
    client.send(
      new SendMessageBatchCommand({
        QueueUrl: queueUrl,
        Entries: bodies.map((MessageBody, index) => ({ Id: String(index), MessageBody })),
      }),
    );
  for (const bodies of [before, after]) if (bodies.length > 0) await send(bodies);
  const proxy = await startAwsProxy(queues.url);
  if (instead) proxy.instead = instead;
  const proxied = new SQSClient({
    endpoint: proxy.url,
    region: "us-east-1",
    credentials: { accessKeyId: "x", secretAccessKey: "x" },
    useQueueUrlAsEndpoint: false,
  });
  onTestFinished(async () => {
    proxied.destroy();
    await proxy.stop();
  });
  const made = await functionFrom(`export const handler = ${handler};`, lambda);
  const problems: string[] = [];
  const source = startEventSource({
    client: proxied,
    queueUrl,
    queueArn: queues.queueArn("traces"),
    lambda: made.lambda,
    batchWindowSeconds: 0,
    log: (line) => problems.push(line),
    ...mapping,
  });
  onTestFinished(() => source.stop());
  /** Messages that are visible and that are not. */
  const left = async (name = "traces") => {
    const { Attributes = {} } = await client.send(
      new GetQueueAttributesCommand({ QueueUrl: queues.queueUrl(name), AttributeNames: ["All"] }),
    );
    return (
      Number(Attributes["ApproximateNumberOfMessages"]) +
      Number(Attributes["ApproximateNumberOfMessagesNotVisible"])
    );
  };
  return { ...made, source, client, queues, queueUrl, send, left, problems };
}

describe("the event source mapping", () => {
  it("hands a message over as Lambda does and deletes it", async () => {
    const { client, queueUrl, lines, left } = await mapping({
      handler: `async (event) => { console.log("EVENT " + JSON.stringify(event)); }`,
    });

    await client.send(
      new SendMessageCommand({
        QueueUrl: queueUrl,
        MessageBody: "hellö",
        MessageAttributes: {
          kind: { DataType: "String", StringValue: "exchange" },
          raw: { DataType: "Binary", BinaryValue: Buffer.from([1, 2]) },
        },
      }),
    );

    await expect.poll(() => lines.join("\n"), { timeout: 90_000 }).toContain("EVENT ");
    const event = JSON.parse(lines.find((line) => line.includes("EVENT "))?.split("EVENT ")[1] ?? "");
    expect(event.Records).toEqual([
      {
        messageId: expect.stringMatching(/^[0-9a-f-]{36}$/),
        receiptHandle: expect.any(String),
        body: "hellö",
        attributes: {
          ApproximateReceiveCount: "1",
          SentTimestamp: expect.stringMatching(/^\d{13}$/),
          SenderId: "000000000000",
          ApproximateFirstReceiveTimestamp: expect.stringMatching(/^\d{13}$/),
        },
        messageAttributes: {
          kind: { stringValue: "exchange", stringListValues: [], binaryListValues: [], dataType: "String" },
          raw: { binaryValue: "AQI=", stringListValues: [], binaryListValues: [], dataType: "Binary" },
        },
        md5OfBody: expect.stringMatching(/^[0-9a-f]{32}$/),
        md5OfMessageAttributes: expect.stringMatching(/^[0-9a-f]{32}$/),
        eventSource: "aws:sqs",
        eventSourceARN: "arn:aws:sqs:us-east-1:000000000000:traces",
        awsRegion: "us-east-1",
      },
    ]);
    await expect.poll(() => left()).toBe(0);
  });

  it("gathers what is waiting into one batch", async () => {
    const { lines } = await mapping({
      handler: `async ({ Records }) => { console.log("batch of " + Records.length); }`,
      mapping: { batchWindowSeconds: 1 },
      visibilitySeconds: 60,
      before: ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10"],
    });

    await expect.poll(() => lines.join("\n"), { timeout: 90_000 }).toContain("batch of 10");
  });

  it("keeps exactly the messages that the function names, until they succeed", async () => {
    const { lines, left } = await mapping({
      handler: `async ({ Records }) => {
        console.log("got " + Records.map((r) => r.body + r.attributes.ApproximateReceiveCount).sort());
        return { batchItemFailures: Records
          .filter((r) => r.body === "b" && r.attributes.ApproximateReceiveCount < 3)
          .map((r) => ({ itemIdentifier: r.messageId })) };
      }`,
      before: ["a", "b", "c"],
    });

    await expect.poll(() => left(), { timeout: 90_000 }).toBe(0);

    const batches = lines.flatMap((line) => line.split("got ")[1] ?? []);
    expect(batches).toEqual(["a1,b1,c1", "b2", "b3"]);
  });

  it("leaves a batch in the queue when the function throws, and SQS moves it to the dead-letter queue", async () => {
    const { left, problems } = await mapping({
      handler: `async () => { throw new Error("no drain"); }`,
      maxReceiveCount: 2,
      before: ["poison"],
    });

    await expect.poll(() => left("dead"), { timeout: 90_000 }).toBe(1);
    expect(await left()).toBe(0);
    expect(problems.join()).toContain("under-test failed with 1 messages: Error: no drain");
  });

  it("deletes the others when one request to delete fails, and gets those that stayed again", async () => {
    let deletes = 0;
    const { lines, problems, left } = await mapping({
      handler: `async ({ Records }) => { console.log("batch of " + Records.length); }`,
      mapping: { batchWindowSeconds: 1 },
      visibilitySeconds: 4,
      before: ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10"],
      after: ["11", "12"],
      instead: (action) =>
        action === "DeleteMessageBatch" && ++deletes === 1
          ? { status: 400, body: '{"__type":"com.amazonaws.sqs#InvalidSecurity"}' }
          : undefined,
    });

    await expect.poll(() => left(), { timeout: 90_000 }).toBe(0);

    expect(lines.flatMap((line) => line.split("batch of ")[1] ?? [])).toEqual(["12", "10"]);
    expect(problems.join()).toContain("cannot delete 10 messages: ");
  });

  it("runs no more invocations at a time than it may", async () => {
    const door = await gate();
    const { lambda, outcomes, left } = await mapping({
      handler: `async () => { await fetch(process.env.GATE); }`,
      lambda: { environment: { GATE: door.url } },
      mapping: { batchSize: 1, maximumConcurrency: 2 },
      visibilitySeconds: 60,
      before: ["1", "2", "3", "4", "5"],
    });
    await expect.poll(() => lambda.environments.filter(({ state }) => state === "busy").length).toBe(2);
    expect(lambda.environments).toHaveLength(2);
    door.open();

    await expect.poll(() => left()).toBe(0);
    expect(outcomes).toHaveLength(5);
  });

  it("finishes the batch in hand when it is stopped", async () => {
    const door = await gate();
    const { source, left } = await mapping({
      handler: `async () => { await fetch(process.env.GATE); }`,
      lambda: { environment: { GATE: door.url } },
      visibilitySeconds: 60,
      before: ["1", "2", "3"],
    });
    await door.reached;

    const stopped = source.stop();
    door.open();
    await stopped;

    expect(await left()).toBe(0);
  });

  it("takes no message after it was stopped", async () => {
    const { source, client, queueUrl, send } = await mapping({ handler: `async () => {}` });

    await source.stop();
    await send(["late"]);

    const { Messages } = await client.send(new ReceiveMessageCommand({ QueueUrl: queueUrl }));
    expect(Messages).toMatchObject([{ Body: "late" }]);
  });
});

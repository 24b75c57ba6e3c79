import { createHash, randomBytes } from "node:crypto";
import { CreateQueueCommand, SQSClient } from "@aws-sdk/client-sqs";
import { createPutOff, depthOf, toQueueMessages } from "@sluice/aws";
import type { QueueMessage } from "@sluice/flusher";
import type { SQSEvent } from "aws-lambda";
import { describe, expect, it, onTestFinished } from "vitest";
import { startQueuesAndObjects } from "../../../packages/local/src/queues-and-objects/server.ts";
import { type AwsProxy, startAwsProxy } from "../../support/aws-proxy.ts";
import { modelQueue, serveModelQueue } from "../../support/model-queue.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** How many messages may be hidden in these tests before others are sent afresh. */
const MOST_HIDDEN = 3;
const BROKEN = { status: 500, body: JSON.stringify({ __type: "com.amazonaws.sqs#InternalError" }) };

/** A queue on a clock of its own with `messages` in it, all of which were received once, and what puts them off. */
async function world(messages: number) {
  let clockMs = Date.UTC(2026, 10, 21);
  const nowMs = () => clockMs;
  const queue = modelQueue({
    nowMs,
    retentionMs: 14 * 24 * HOUR_MS,
    visibilityTimeoutMs: HOUR_MS / 2,
    maximumReceives: 400,
  });
  const server = await serveModelQueue(queue);
  const proxy = await startAwsProxy(server.url);
  const client = clientOf(proxy);
  onTestFinished(async () => {
    client.destroy();
    await proxy.stop();
    await server[Symbol.asyncDispose]();
  });
  for (let sent = 0; sent < messages; sent++) queue.send(`body ${sent}`);
  const event = queue.receiveEvent(1_000);
  const putOff = createPutOff({ client, queueUrl: `${proxy.url}/traces`, nowMs, mostHidden: MOST_HIDDEN });
  return {
    queue,
    proxy,
    event,
    messages: toQueueMessages(event),
    putOff,
    startedAtMs: clockMs,
    /** Lets time pass and receives what is visible then. */
    after(ms: number): SQSEvent {
      clockMs += ms;
      return queue.receiveEvent(1_000);
    },
    delete(ids: ReadonlySet<string>) {
      for (const id of ids) queue.delete(id);
    },
  };
}

function clientOf({ url }: Pick<AwsProxy, "url">): SQSClient {
  return new SQSClient({
    endpoint: url,
    region: "us-east-1",
    credentials: { accessKeyId: "x", secretAccessKey: "x" },
    useQueueUrlAsEndpoint: false,
    maxAttempts: 1,
  });
}

const after = (delayMs: number) => (message: QueueMessage) => ({ message, delayMs });
const idsOf = ({ Records }: SQSEvent) => Records.map(({ messageId }) => messageId);

describe("a queue with room", () => {
  it("hides messages, each for its own time", async () => {
    const { messages, event, putOff, after: later } = await world(2);
    const [first, second] = messages as [QueueMessage, QueueMessage];

    const sent = await putOff(event)([after(2 * MINUTE_MS)(first), after(HOUR_MS)(second)]);

    expect([...sent]).toEqual([]);
    expect(idsOf(later(2 * MINUTE_MS - 1))).toEqual([]);
    expect(idsOf(later(1))).toEqual([first.id]);
    expect(idsOf(later(HOUR_MS))).toContain(second.id);
  });

  it("is asked for its depth only for waits that could fill it", async () => {
    const { messages, event, putOff, proxy } = await world(20);

    await putOff(event)(messages.map(after(MINUTE_MS - 1)));
    await putOff(event)([]);

    expect(new Set(proxy.answered)).toEqual(new Set(["ChangeMessageVisibilityBatch"]));
  });
});

describe("a queue that hides as many messages as it should", () => {
  it("gets them afresh, delayed, with their age and their receives", async () => {
    const { queue, messages, event, putOff, startedAtMs, after: later, delete: remove } = await world(23);
    remove(await putOff(event)(messages.map(after(10 * MINUTE_MS))));

    expect(queue.size).toBe(23);
    expect(idsOf(later(10 * MINUTE_MS - 1))).toEqual([]);
    const again = toQueueMessages(later(1));
    expect(again.map(({ body }) => body).toSorted()).toEqual(messages.map(({ body }) => body).toSorted());
    for (const { id, ...message } of again) {
      expect(messages.map((before) => before.id)).not.toContain(id);
      expect(message).toMatchObject({
        sentAtMs: startedAtMs,
        receiveCount: 2,
        dueAtMs: startedAtMs + 10 * MINUTE_MS,
      });
    }
  });

  it("gets a message with a longer wait than it can delay after the longest that it can", async () => {
    const { messages, event, putOff, startedAtMs, after: later, delete: remove } = await world(4);
    remove(await putOff(event)(messages.map(after(2 * HOUR_MS))));

    const early = toQueueMessages(later(15 * MINUTE_MS));
    expect(early).toHaveLength(4);
    expect(early[0]?.dueAtMs).toBe(startedAtMs + 2 * HOUR_MS);
  });

  it("hides what it does not take, and what it refuses to count", async () => {
    const { messages, event, putOff, proxy, after: later } = await world(12);
    proxy.instead = (action) => (action === "SendMessageBatch" ? BROKEN : undefined);
    expect([...(await putOff(event)(messages.map(after(HOUR_MS))))]).toEqual([]);
    expect(idsOf(later(HOUR_MS))).toHaveLength(12);

    proxy.instead = (action) => (action === "GetQueueAttributes" ? BROKEN : undefined);
    expect([...(await putOff(event)(messages.map(after(2 * HOUR_MS))))]).toEqual([]);
    expect(idsOf(later(2 * HOUR_MS - 1))).toEqual([]);
    expect(idsOf(later(1))).toHaveLength(12);
  });

  it("hides a message that some of a request's others left alone", async () => {
    const { messages, event, putOff, proxy, after: later, delete: remove } = await world(10);
    const Successful = [0, 1, 2].map((index) => ({
      Id: String(index),
      MessageId: `fresh-${index}`,
      MD5OfMessageBody: createHash("md5")
        .update(messages[index]?.body ?? "")
        .digest("hex"),
    }));
    const Failed = [{ Id: "3", SenderFault: false, Code: "InternalError" }];
    proxy.instead = (action) =>
      action === "SendMessageBatch"
        ? { status: 200, body: JSON.stringify({ Successful, Failed }) }
        : undefined;

    const sent = await putOff(event)(messages.map(after(HOUR_MS)));
    remove(sent);

    expect([...sent]).toEqual(messages.slice(0, 3).map(({ id }) => id));
    expect(idsOf(later(HOUR_MS))).toEqual(messages.slice(3).map(({ id }) => id));
  });
});

describe("messages that are large", () => {
  /** An emulator that refuses what SQS refuses: more than a mebibyte in a request, attributes and all. */
  it("go in requests that the queue takes, and alone where they must; what has no room for more is hidden", async () => {
    const server = await startQueuesAndObjects({});
    const client = clientOf({ url: server.url });
    onTestFinished(async () => {
      client.destroy();
      await server.close();
    });
    await client.send(new CreateQueueCommand({ QueueName: "traces" }));
    const queueUrl = server.queueUrl("traces");
    const sizes = [600_000, 500_000, 540_000, 1_000, 1_048_000, 1_048_500, 2_000];
    const messages = sizes.map(
      (bytes, index): QueueMessage => ({
        id: `m${index}`,
        body: randomBytes(bytes / 2).toString("hex"),
        sentAtMs: Date.now(),
        receiveCount: 1,
      }),
    );
    const putOff = createPutOff({ client, queueUrl, nowMs: Date.now, mostHidden: 0 });

    const sent = await putOff({ Records: [] })(messages.map(after(HOUR_MS)));

    // The attributes may take 256 bytes.
    expect([...sent].toSorted()).toEqual(["m0", "m1", "m2", "m3", "m4", "m6"]);
    expect(await depthOf(client, queueUrl)).toMatchObject({ delayed: 6 });
  });
});

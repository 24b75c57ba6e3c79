/** What becomes of a record when the queue, or queue and bucket, are away for the whole call. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { ReceiveMessageCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { SWEEP_EVENT } from "@sluice/flusher";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type AwsProxy, startAwsProxy } from "../support/aws-proxy.ts";
import { commandLine, writeEndpointsOf } from "../support/cli.ts";
import { startSystem, type TestSystem } from "../support/system.ts";
import { chatCompletion, json, startUpstream, type Upstream } from "../support/upstream.ts";

const AWAY = { status: 503, body: "{}" };

let upstream: Upstream;
let sqs: AwsProxy;
let s3: AwsProxy;
let system: TestSystem;
let objects: S3Client;

beforeAll(async () => {
  upstream = await startUpstream(json(chatCompletion("hi")));
  system = await startSystem(
    { OPENAI_BASE_URL: upstream.baseUrl },
    {
      endpoint: async (service, url) => {
        if (service === "sqs") return (sqs = await startAwsProxy(url)).url;
        if (service === "s3") return (s3 = await startAwsProxy(url)).url;
        return url;
      },
    },
  );
  objects = new S3Client({
    endpoint: system.endpoints.s3,
    forcePathStyle: true,
    region: "us-east-1",
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
  });
});

afterAll(async () => {
  objects.destroy();
  await system.stop();
  await Promise.all([sqs.stop(), s3.stop(), upstream.stop()]);
});

beforeEach(() => {
  sqs.instead = () => undefined;
  s3.instead = () => undefined;
});

async function call(user: string, padding = ""): Promise<unknown> {
  const response = await fetch(`${system.url}/v1/chat/completions`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${system.key}`,
      "content-type": "application/json",
      "x-user-id": user,
    },
    body: JSON.stringify({ model: "gpt-4o", messages: [{ role: "user", content: padding }] }),
  });
  return await response.json();
}

const spansOf = (user: string) => system.spans().filter((span) => span.user === user);

async function spilled(): Promise<readonly string[]> {
  const { Contents = [] } = await objects.send(
    new ListObjectsV2Command({ Bucket: system.bucket, Prefix: "spill/" }),
  );
  return Contents.flatMap(({ Key }) => Key ?? []);
}

describe("with the queue away for the whole call", () => {
  it("the answer ends, the record waits in the bucket, and a sweep makes it one trace", async () => {
    sqs.instead = (action) => (action === "SendMessage" ? AWAY : undefined);
    expect(await call("spilled")).toMatchObject({ object: "chat.completion" });
    expect(await spilled()).toHaveLength(1);
    await system.flusher.invoke(SWEEP_EVENT);
    expect(await spilled()).toHaveLength(1);

    sqs.instead = () => undefined;
    await Promise.all([system.flusher.invoke(SWEEP_EVENT), system.flusher.invoke(SWEEP_EVENT)]);
    expect(await spilled()).toEqual([]);
    await expect.poll(() => spansOf("spilled"), { timeout: 90_000 }).toHaveLength(1);
    // A call after it has gone the whole way, so a second trace of the first would be there as well.
    await call("after");
    await expect.poll(() => spansOf("after"), { timeout: 90_000 }).toHaveLength(1);
    expect(spansOf("spilled")).toHaveLength(1);
  });

  it("an instance that knows it asks only briefly, and every call becomes one trace", async () => {
    let tries = 0;
    sqs.instead = (action) => {
      if (action !== "SendMessage") return undefined;
      tries += 1;
      return AWAY;
    };
    const users: string[] = [];
    const triesOfNextCall = async () => {
      const before = tries;
      const user = `away-${users.length}`;
      users.push(user);
      expect(await call(user)).toMatchObject({ object: "chat.completion" });
      return tries - before;
    };
    const first = await triesOfNextCall();
    // The call may meet another instance, which has to learn it first.
    await expect.poll(triesOfNextCall, { timeout: 90_000 }).toBeLessThan(first / 2);
    expect(await spilled()).toHaveLength(users.length);

    sqs.instead = () => undefined;
    await system.flusher.invoke(SWEEP_EVENT);
    expect(await spilled()).toEqual([]);
    for (const user of users) await expect.poll(() => spansOf(user), { timeout: 90_000 }).toHaveLength(1);
  });
});

describe("with queue and bucket away for the whole call", () => {
  it("the answer ends, the record is in the log, and a replay makes it one trace, also when run twice", async () => {
    sqs.instead = (action) => (action === "SendMessage" ? AWAY : undefined);
    s3.instead = (action) => (action === "PUT" ? AWAY : undefined);
    expect(await call("logged")).toMatchObject({ object: "chat.completion" });
    const marked = () => system.lines.filter((line) => line.includes("SLUICE_UNSENT_RECORD"));
    await expect.poll(marked, { timeout: 90_000 }).toHaveLength(1);
    expect(await spilled()).toEqual([]);

    sqs.instead = () => undefined;
    s3.instead = () => undefined;
    const cli = await commandLine();
    await writeEndpointsOf(system, cli.dataDirectory);
    const file = join(cli.dataDirectory, "gateway.log");
    await writeFile(file, system.lines.join("\n"));
    for (const _run of [1, 2]) {
      const replayed = await cli.json("replay", "--from", "log", "--file", file, "--yes");
      expect(replayed).toMatchObject({ sent: 1 });
    }
    await expect.poll(() => spansOf("logged"), { timeout: 90_000 }).toHaveLength(1);
    await call("after-logged");
    await expect.poll(() => spansOf("after-logged"), { timeout: 90_000 }).toHaveLength(1);
    expect(spansOf("logged")).toHaveLength(1);
  });
});
describe("a parked message that is replayed and still poison", () => {
  it("is parked again with its reason", async () => {
    const client = new SQSClient({
      endpoint: system.endpoints.sqs,
      region: "us-east-1",
      credentials: { accessKeyId: "local", secretAccessKey: "local" },
    });
    await client.send(new SendMessageCommand({ QueueUrl: system.queueUrl, MessageBody: "poison" }));
    const parked = async () => {
      const { Messages = [] } = await client.send(
        new ReceiveMessageCommand({
          QueueUrl: system.deadLetterQueueUrl,
          MessageAttributeNames: ["All"],
          VisibilityTimeout: 0,
        }),
      );
      return Messages.map(({ MessageId, Body, MessageAttributes }) => ({
        MessageId,
        Body,
        reason: MessageAttributes?.["reason"]?.StringValue,
      }));
    };
    const poison = {
      MessageId: expect.any(String) as string,
      Body: "poison",
      reason: expect.stringContaining("not a Sluice record") as string,
    };
    await expect.poll(parked, { timeout: 90_000 }).toEqual([poison]);
    const [before] = await parked();
    const cli = await commandLine();
    await writeEndpointsOf(system, cli.dataDirectory);
    expect(await cli.json("replay", "--from", "dlq", "--yes")).toMatchObject({ sent: 1 });
    await expect
      .poll(async () => (await parked()).filter(({ MessageId }) => MessageId !== before?.MessageId), {
        timeout: 90_000,
      })
      .toEqual([poison]);
    expect(await parked()).toHaveLength(1);
    client.destroy();
  });
});

/** The promises of the delivery, through the built bundles. */
import { readFile } from "node:fs/promises";
import {
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type AwsProxy, startAwsProxy } from "../support/aws-proxy.ts";
import { startSystem, type TestSystem } from "../support/system.ts";
import {
  chatChunk,
  chatCompletion,
  DONE,
  json,
  sse,
  startUpstream,
  type Upstream,
  USAGE_CHUNK,
} from "../support/upstream.ts";

let upstream: Upstream;
let sqs: AwsProxy;
let system: TestSystem;

beforeAll(async () => {
  upstream = await startUpstream(json(chatCompletion("hi")));
  system = await startSystem(
    { OPENAI_BASE_URL: upstream.baseUrl },
    {
      endpoint: async (service, url) => {
        if (service !== "sqs") return url;
        sqs = await startAwsProxy(url);
        return sqs.url;
      },
    },
  );
});

afterAll(async () => {
  await system.stop();
  await sqs.stop();
  await upstream.stop();
});

function post(body: unknown, headers: Record<string, string> = {}) {
  return fetch(`${system.url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${system.key}`, "content-type": "application/json", ...headers },
    body: JSON.stringify({ model: "gpt-4o", messages: [], ...(body as object) }),
  });
}

function queueClient(): SQSClient {
  return new SQSClient({
    endpoint: system.endpoints.sqs,
    region: "us-east-1",
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
  });
}

describe("the end of an answer", () => {
  it("leaves only after SQS has the record, and everything before it leaves at once", async () => {
    upstream.answer = sse([chatChunk("a"), USAGE_CHUNK, DONE]);
    const queue = Promise.withResolvers<void>();
    const asked = Promise.withResolvers<void>();
    sqs.before = (action) => {
      if (action !== "SendMessage") return undefined;
      asked.resolve();
      return queue.promise;
    };
    const response = await post({ stream: true });
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader?.read())?.value).toBe(chatChunk("a"));
    const end = reader?.read();
    // SQS has the request and does not answer: the end must not come, however long we look.
    expect(await Promise.race([end, asked.promise.then(() => "nothing yet")])).toBe("nothing yet");
    const before = sqs.answered.length;
    queue.resolve();
    expect((await end)?.value).toBe(DONE);
    expect(sqs.answered.slice(before)).toContain("SendMessage");
    sqs.before = () => undefined;
  });

  it("of an event stream lets every chunk through as it is sent", async () => {
    const steps = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    upstream.answer = async (_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(chatChunk("one"));
      await steps[0]?.promise;
      response.write(chatChunk("two"));
      await steps[1]?.promise;
      response.end(DONE);
    };
    const response = await post({ stream: true });
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader?.read())?.value).toBe(chatChunk("one"));
    steps[0]?.resolve();
    expect((await reader?.read())?.value).toBe(chatChunk("two"));
    steps[1]?.resolve();
    expect((await reader?.read())?.value).toBe(DONE);
  });
});

describe("large bodies", () => {
  it("of 3 MB asked and 12 MB answered pass whole and are traced, within the function's memory", async () => {
    const answer = chatCompletion("x".repeat(12 * 1024 * 1024));
    upstream.answer = json(answer);
    // Random text: what compresses well would fit a message and need no claim check.
    const prompt = Array.from({ length: 3 * 1024 * 64 }, () => Math.random().toString(36).slice(2, 18))
      .join("")
      .slice(0, 3 * 1024 * 1024);
    const response = await post({ messages: [{ role: "user", content: prompt }] }, { "x-user-id": "large" });
    expect(await response.json()).toEqual(answer);
    await expect
      .poll(() => system.spans().filter(({ user }) => user === "large"), { timeout: 90_000 })
      .toHaveLength(1);
    const [span] = system.spans().filter(({ user }) => user === "large");
    expect(span).toMatchObject({ usage: { input: 3, output: 2, total: 5 }, level: "WARNING" });
    expect(span?.metadata["cut_field_characters"]).toBeDefined();
    const peaks = await Promise.all(system.gateway.environments.map(({ pid }) => peakMemoryMb(pid)));
    expect(Math.max(...peaks)).toBeLessThan(512);
  });

  it("above the limit are refused with 413 in OpenAI's shape", async () => {
    const response = await post({ padding: "x".repeat(7 * 1024 * 1024) });
    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({
      error: { type: "invalid_request_error", code: "request_too_large", param: null },
    });
  });
});

describe("a message that is not ours", () => {
  it("ends in the dead-letter queue with its reason, and delays no other", async () => {
    upstream.answer = json(chatCompletion("hi"));
    const client = queueClient();
    await client.send(
      new SendMessageCommand({ QueueUrl: system.queueUrl, MessageBody: "hello, I am nobody's" }),
    );
    await (await post({}, { "x-user-id": "beside-poison" })).json();
    await expect
      .poll(() => system.spans().filter(({ user }) => user === "beside-poison"), { timeout: 90_000 })
      .toHaveLength(1);
    const received = async () => {
      const { Messages = [] } = await client.send(
        new ReceiveMessageCommand({ QueueUrl: system.deadLetterQueueUrl, MessageAttributeNames: ["All"] }),
      );
      return Messages.map(({ Body, MessageAttributes }) => ({
        Body,
        reason: MessageAttributes?.["reason"]?.StringValue,
      }));
    };
    await expect
      .poll(received, { timeout: 90_000 })
      .toEqual([
        { Body: "hello, I am nobody's", reason: expect.stringContaining("not a Sluice record") as string },
      ]);
    const counts = async () =>
      (
        await client.send(
          new GetQueueAttributesCommand({
            QueueUrl: system.queueUrl,
            AttributeNames: ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
          }),
        )
      ).Attributes;
    await expect
      .poll(counts, { timeout: 90_000 })
      .toEqual({ ApproximateNumberOfMessages: "0", ApproximateNumberOfMessagesNotVisible: "0" });
    client.destroy();
  });
});

/** Highest resident memory of a process so far, MB. */
async function peakMemoryMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? "0") / 1024;
}

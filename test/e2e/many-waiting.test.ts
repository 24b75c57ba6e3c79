/** A drain that is away while the queue hides as many messages as it should, through the built bundles. */
import { SQSClient } from "@aws-sdk/client-sqs";
import { depthOf } from "@sluice/aws";
import { expect, it, onTestFinished } from "vitest";
import { type AwsProxy, startAwsProxy } from "../support/aws-proxy.ts";
import { startLangfuseEndpoint } from "../support/langfuse-endpoint.ts";
import { startSystem } from "../support/system.ts";
import { chatCompletion, json, startUpstream } from "../support/upstream.ts";

const CALLS = 3;
/** What SQS says of a queue with days of records in it. */
const MANY = { status: 200, body: '{"Attributes":{"ApproximateNumberOfMessagesNotVisible":"60000"}}' };

it("lets records wait as delayed messages, of which a queue may have any number", async () => {
  const upstream = await startUpstream(json(chatCompletion("hi")));
  const langfuse = await startLangfuseEndpoint(() => ({ status: 429, headers: { "retry-after": "3600" } }));
  const proxies: AwsProxy[] = [];
  const system = await startSystem(
    {
      OPENAI_BASE_URL: upstream.baseUrl,
      LANGFUSE_BASE_URL: langfuse.baseUrl,
      LANGFUSE_PUBLIC_KEY: "pk",
      LANGFUSE_SECRET_KEY: "sk",
    },
    {
      endpoint: async (service, url) => {
        if (service !== "sqs") return url;
        const proxy = await startAwsProxy(url);
        proxy.instead = (action) => (action === "GetQueueAttributes" ? MANY : undefined);
        proxies.push(proxy);
        return proxy.url;
      },
    },
  );
  const direct = new SQSClient({
    endpoint: system.endpoints.sqs,
    region: "us-east-1",
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
    useQueueUrlAsEndpoint: false,
  });
  onTestFinished(async () => {
    direct.destroy();
    await system.stop();
    await Promise.all(proxies.map((proxy) => proxy.stop()));
    await langfuse[Symbol.asyncDispose]();
    await upstream.stop();
  });

  for (let made = 0; made < CALLS; made++) {
    const response = await fetch(`${system.url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${system.key}`, "content-type": "application/json" },
      body: JSON.stringify({ model: "gpt-4o", messages: [] }),
    });
    expect(response.status).toBe(200);
    await response.text();
  }

  // Each call's record, and its dead man's switch, which is delayed until the call must have ended.
  await expect
    .poll(() => depthOf(direct, system.queueUrl), { timeout: 90_000 })
    .toEqual({ waiting: 0, inFlight: 0, delayed: 2 * CALLS });
  expect(langfuse.requests.length).toBeGreaterThan(0);
  expect(langfuse.stored).toEqual([]);
  expect(system.lines.some((line) => line.includes("Messages were sent afresh"))).toBe(true);
  expect(await depthOf(direct, system.deadLetterQueueUrl)).toMatchObject({ waiting: 0, inFlight: 0 });
});

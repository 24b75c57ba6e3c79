import { setTimeout as sleep } from "node:timers/promises";
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { createOutbox, type OutboxOptions } from "@sluice/aws";
import { createBucket } from "@sluice/aws/bucket";
import { decodeRecord, packRecord } from "@sluice/trace";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { startQueuesAndObjects } from "../../../packages/local/src/queues-and-objects/server.ts";
import { type AwsProxy, startAwsProxy } from "../../support/aws-proxy.ts";
import { chatRecord } from "../../support/records.ts";

const SPILL_KEY = "spill/2026-11-21/req_1";
const REFUSED = { status: 400, body: JSON.stringify({ __type: "com.amazonaws.sqs#InvalidMessageContents" }) };
const BROKEN = { status: 500, body: JSON.stringify({ __type: "com.amazonaws.sqs#InternalError" }) };

/** The outbox with a breakable network between it and queue and bucket, which a test reads directly. */
async function world({
  maxAttempts = 3,
  ...time
}: Partial<Pick<OutboxOptions, "nowMs" | "wait"> & { maxAttempts: number }> = {}) {
  const server = await startQueuesAndObjects({});
  const [sqs, s3] = await Promise.all([startAwsProxy(server.url), startAwsProxy(server.url)]);
  const common = {
    region: "us-east-1",
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
  };
  const direct = new SQSClient({ ...common, endpoint: server.url });
  const client = new SQSClient({
    ...common,
    endpoint: sqs.url,
    useQueueUrlAsEndpoint: false,
    maxAttempts,
  });
  onTestFinished(async () => {
    direct.destroy();
    client.destroy();
    await Promise.all([sqs.stop(), s3.stop()]);
    await server.close();
  });
  const queueUrl = server.queueUrl("traces");
  await direct.send(new CreateQueueCommand({ QueueName: "traces" }));
  server.createBucket("records");
  const at = (endpoint: string) => createBucket("records", { ...common, endpoint, forcePathStyle: true });
  const asked: string[] = [];
  const warnings: Readonly<Record<string, unknown>>[] = [];
  for (const proxy of [sqs, s3]) proxy.before = (action) => void asked.push(action);
  return {
    sqs,
    s3,
    asked,
    warnings,
    bucket: at(server.url),
    outbox: createOutbox({
      client,
      queueUrl,
      putObject: at(s3.url).put,
      log: { warn: (_message, fields) => void warnings.push(fields) },
      nowMs: Date.now,
      wait: (ms) => sleep(ms),
      random: () => 0.5,
      ...time,
    }),
    async bodies() {
      const { Messages = [] } = await direct.send(
        new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: 10 }),
      );
      return Messages.map(({ Body }) => Body);
    },
  };
}

/** Requests are taken and never answered. */
function hang(proxy: AwsProxy): void {
  const never = Promise.withResolvers<void>();
  onTestFinished(() => never.resolve());
  proxy.before = () => never.promise;
}

const packed = packRecord(chatRecord());
/** Random bytes do not compress: too large for a message. */
const claimed = packRecord(
  chatRecord({
    request: { contentType: "text/plain", body: crypto.getRandomValues(new Uint8Array(60_000)) },
  }),
  1_000_000,
);

describe("the outbox", () => {
  let at: Awaited<ReturnType<typeof world>>;
  beforeEach(async () => {
    at = await world();
  });
  const soon = (ms = 1_500) => ({ giveUpAtMs: Date.now() + ms, spillKey: SPILL_KEY });

  it("sends a record again that a failing queue did not take", async () => {
    let failures = 7;
    at.sqs.instead = () => (failures-- > 0 ? BROKEN : undefined);
    await at.outbox.send(packed, soon(20_000));
    expect(await at.bodies()).toEqual([packed.body]);
    expect(at.asked).toHaveLength(8);
    expect(at.warnings).toEqual([]);
  });

  it("keeps the very message in the bucket when the queue takes requests and does not answer", async () => {
    hang(at.sqs);
    await at.outbox.send(packed, soon());
    expect(Buffer.from((await at.bucket.get(SPILL_KEY)) ?? []).toString()).toBe(packed.body);
    expect(at.warnings).toMatchObject([{ fallback: "spill", object: SPILL_KEY }]);
  });

  it("goes to the bucket at once when the queue refuses the request itself", async () => {
    at.sqs.instead = () => REFUSED;
    await at.outbox.send(packed, soon(20_000));
    expect(at.asked).toEqual(["SendMessage", "PUT"]);
    expect(await at.bucket.list("spill/", 10)).toEqual([SPILL_KEY]);
  });

  it("rejects when neither queue nor bucket answers in time", async () => {
    hang(at.sqs);
    hang(at.s3);
    await expect(at.outbox.send(packed, soon())).rejects.toThrow("did not answer in time");
  });

  it("rejects without a spill key, and leaves the bucket alone", async () => {
    at.sqs.instead = () => REFUSED;
    await expect(at.outbox.send(packed)).rejects.toThrow("UnknownError");
    expect(at.asked).toEqual(["SendMessage"]);
  });

  it("rejects as soon as it is told to give up, whether it waits for an answer or for the next try", async () => {
    for (const away of [hang, (proxy: AwsProxy) => void (proxy.instead = () => BROKEN)]) {
      away(at.sqs);
      const reached = Promise.withResolvers<void>();
      const { before } = at.sqs;
      at.sqs.before = (action) => {
        reached.resolve();
        return before(action);
      };
      const asking = new AbortController();
      const asked = at.outbox.send(packed, { giveUpAtMs: Date.now() + 600_000, signal: asking.signal });
      await reached.promise;
      asking.abort();
      await expect(asked).rejects.toThrow("did not answer in time");
      at.sqs.before = () => undefined;
    }
    expect(await at.bodies()).toEqual([]);
  });

  it("tries once even after its time is up", async () => {
    await at.outbox.send(packed, { giveUpAtMs: 0 });
    expect(await at.bodies()).toEqual([packed.body]);
  });

  it("spills the small message of a claim check whose object is stored", async () => {
    if (claimed.kind !== "claim") throw new Error("The record is not too large.");
    at.sqs.instead = () => REFUSED;
    await at.outbox.send(claimed, soon());
    expect(Buffer.from((await at.bucket.get(SPILL_KEY)) ?? []).toString()).toBe(claimed.body);
    const object = await at.bucket.get(claimed.object.key);
    expect(decodeRecord(object ?? new Uint8Array()).callId).toBe(chatRecord().callId);
  });

  it("sends no claim of an object that is not stored", async () => {
    at.s3.instead = () => ({ status: 503, body: "" });
    await expect(at.outbox.send(claimed, soon(300))).rejects.toThrow(/in time|Unknown/);
    expect(await at.bodies()).toEqual([]);
    expect(at.asked).not.toContain("SendMessage");
  });
});

describe("a queue that was away for a whole send", () => {
  /** A clock that stands still while requests are under way, and goes on with each wait. */
  async function clocked() {
    let nowMs = 1_000_000;
    const at = await world({
      nowMs: () => nowMs,
      wait: async (ms) => void (nowMs += ms),
      // The SDK's own waits would be real ones.
      maxAttempts: 1,
    });
    return {
      ...at,
      /** Sends a record, with a second way or without, and tells how often which store was asked for it. */
      async send(spillKey?: string) {
        at.asked.splice(0);
        await at.outbox.send(packed, {
          giveUpAtMs: nowMs + 10_000,
          ...(spillKey !== undefined && { spillKey }),
        });
        return asked(at.asked);
      },
    };
  }
  const asked = (actions: readonly string[]) => ({
    queue: actions.filter((action) => action === "SendMessage").length,
    bucket: actions.filter((action) => action === "PUT").length,
  });

  it("is asked only briefly by those that come after, which go to the bucket", async () => {
    const { sqs, send, bucket } = await clocked();
    sqs.instead = () => BROKEN;
    const first = await send(SPILL_KEY);
    const second = await send("spill/2026-11-21/req_2");
    expect(second).toEqual({ queue: expect.any(Number) as number, bucket: 1 });
    expect(second.queue).toBeGreaterThan(0);
    expect(second.queue).toBeLessThan(first.queue / 2);
    expect(await bucket.list("spill/", 10)).toEqual([SPILL_KEY, "spill/2026-11-21/req_2"]);
  });

  it("has the whole time again once it has taken a record, also one without a second way", async () => {
    const { sqs, send, bodies } = await clocked();
    sqs.instead = () => BROKEN;
    await send(SPILL_KEY);
    const brief = await send(SPILL_KEY);
    sqs.instead = () => undefined;
    await send();
    expect(await bodies()).toEqual([packed.body]);
    sqs.instead = () => BROKEN;
    expect((await send(SPILL_KEY)).queue).toBeGreaterThan(2 * brief.queue);
  });

  it("has the rest of the time when the bucket is away too, so that no record is less safe", async () => {
    const at = await clocked();
    at.sqs.instead = () => BROKEN;
    await at.send(SPILL_KEY);
    at.s3.instead = () => {
      // From its third refusal on the queue is back.
      if (asked(at.asked).bucket >= 3) at.sqs.instead = () => undefined;
      return { status: 503, body: "" };
    };
    await at.send(SPILL_KEY);
    expect(await at.bodies()).toEqual([packed.body]);
  });

  it("is not taken to be away because of a message that it refused", async () => {
    const { sqs, send } = await clocked();
    sqs.instead = () => REFUSED;
    expect(await send(SPILL_KEY)).toEqual({ queue: 1, bucket: 1 });
    sqs.instead = () => BROKEN;
    const first = await send(SPILL_KEY);
    const brief = await send(SPILL_KEY);
    expect(first.queue).toBeGreaterThan(2 * brief.queue);
  });
});

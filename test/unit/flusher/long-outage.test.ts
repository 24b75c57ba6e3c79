/** Langfuse away for days, with the queue's rules and a clock that is set forward instead of waited for. */
import { SQSClient } from "@aws-sdk/client-sqs";
import { createPutOff, toQueueMessages } from "@sluice/aws";
import { createFlusher, createWorkOff, MAX_DELAY_MS, PARK_AFTER_MS, withBreaker } from "@sluice/flusher";
import { createHttpPost, createLangfuseDrain } from "@sluice/langfuse";
import { loadCatalogue } from "@sluice/prices";
import { describe, expect, it, onTestFinished } from "vitest";
import { flusherLimits, queueLimits } from "../../../infra/limits.ts";
import { seededRandom } from "../../support/delivery.ts";
import { type Decide, startLangfuseEndpoint } from "../../support/langfuse-endpoint.ts";
import { memoryAccounts, memoryDeliveries, memorySettlements } from "../../support/ledger.ts";
import { modelQueue, serveModelQueue } from "../../support/model-queue.ts";
import { messageBody, numberedRecord } from "../../support/records.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** The longest time for which a breaker leaves a drain alone. */
const LONGEST_PAUSE_MS = 5 * MINUTE_MS;
/** Where nobody listens. */
const NOBODY = "http://127.0.0.1:9";

const PRICES = loadCatalogue();
const log = { error: () => undefined, warn: () => undefined };

type State = "up" | "refused" | ReturnType<Decide>;

/** A call that a budget is settled for. */
const call = (number: number) =>
  numberedRecord(number, { accounts: [{ ownerKind: "key", ownerId: "key_1", periodId: "month#2026-11" }] });

/** How Langfuse is, from an hour of the clock on. */
type Outage = readonly (readonly [fromHour: number, state: State])[];

interface Scenario {
  readonly outage: Outage;
  /** When calls end, ms of the clock, in order. */
  readonly callsAtMs: readonly number[];
  /** Spreads the waits of messages: 0 makes them come back as often as they can. */
  readonly random: () => number;
  /** How many messages SQS lets be in flight, and from how many on others are sent afresh. */
  readonly inFlight?: { readonly most: number; readonly relievedFrom: number };
}

/** Lets the clock run until the queue is empty. What is around the flusher in its function is here, too. */
async function run({ outage, callsAtMs, random, inFlight }: Scenario) {
  let clockMs = 0;
  const nowMs = () => clockMs;
  const state = () => outage.findLast(([fromHour]) => fromHour * HOUR_MS <= clockMs)?.[1] ?? "up";
  await using endpoint = await startLangfuseEndpoint(() => {
    const now = state();
    return now === "up" || now === "refused" ? undefined : now;
  });
  const rules = {
    nowMs,
    retentionMs: queueLimits.retentionSeconds * 1000,
    visibilityTimeoutMs: queueLimits.visibilityTimeoutSeconds * 1000,
    maximumReceives: queueLimits.maximumReceives,
  };
  const queue = modelQueue({ ...rules, ...(inFlight && { mostInFlight: inFlight.most }) });
  await using server = await serveModelQueue(queue);
  const client = new SQSClient({
    endpoint: server.url,
    region: "us-east-1",
    credentials: { accessKeyId: "x", secretAccessKey: "x" },
    useQueueUrlAsEndpoint: false,
  });
  onTestFinished(() => client.destroy());
  const deadLetters = modelQueue(rules);
  const parked: { readonly reason: string; readonly atMs: number }[] = [];
  const post = createHttpPost(5_000);
  const keys = async () => ({ publicKey: "pk", secretKey: "sk" });
  const drain = createLangfuseDrain({
    name: "main",
    baseUrl: endpoint.baseUrl,
    credentials: { keys, refreshedKeys: keys },
    post: (url, headers, body) =>
      post(state() === "refused" ? new URL(url.pathname, NOBODY) : url, headers, body),
    nowMs,
  });
  const accounts = memoryAccounts();
  const settlements = memorySettlements(accounts);
  /** When each call was settled, ms of the clock. */
  const settledAtMs = new Map<string, number>();
  const flush = createFlusher({
    claims: { fetch: async () => undefined },
    park: async ({ body }, reason) => {
      parked.push({ reason, atMs: clockMs });
      deadLetters.send(body);
    },
    drains: [withBreaker(drain, nowMs)],
    loadPrices: async () => await PRICES,
    deliveries: memoryDeliveries(nowMs),
    settlements: {
      async settle(group) {
        const settled = await settlements.settle(group);
        for (const callId of settled.settledIds) settledAtMs.set(callId, clockMs);
        return settled;
      },
    },
    accounts,
    announce: async () => undefined,
    log,
    nowMs,
  });
  let invocations = 0;
  let lastDoneAtMs = 0;
  const workOff = createWorkOff({
    flush,
    onFlushed: (_messages, { doneIds }) => {
      invocations += 1;
      if (doneIds.length > 0) lastDoneAtMs = clockMs;
    },
    log,
    random,
    nowMs,
  });
  const mostHidden = inFlight?.relievedFrom;
  const putOff = createPutOff({
    client,
    queueUrl: `${server.url}/traces`,
    nowMs,
    ...(mostHidden !== undefined && { mostHidden }),
  });

  let calls = 0;
  while (calls < callsAtMs.length || queue.size > 0) {
    clockMs = Math.max(clockMs, Math.min(callsAtMs[calls] ?? Infinity, queue.nextVisibleAtMs() ?? Infinity));
    while ((callsAtMs[calls] ?? Infinity) <= clockMs) queue.send(messageBody(call(calls++)));
    clockMs += flusherLimits.batchWindowSeconds * 1000;
    const event = queue.receiveEvent(flusherLimits.batchSize);
    if (event.Records.length === 0) continue;
    const comingBack = new Set(await workOff(toQueueMessages(event), putOff(event)));
    for (const { messageId } of event.Records) if (!comingBack.has(messageId)) queue.delete(messageId);
  }
  const settledAfterMs = callsAtMs.map(
    (atMs, number) => (settledAtMs.get(call(number).callId) ?? Infinity) - atMs,
  );
  return { queue, deadLetters, parked, endpoint, invocations, lastDoneAtMs, settledAfterMs };
}

describe("Langfuse away for three days", () => {
  const outage: Outage = [
    [0, "up"],
    [1, { status: 503 }],
    [20, "refused"],
    [40, (response) => response.destroy()],
    [45, { status: 429, headers: { "retry-after": "3600" } }],
    [50, { status: 401 }],
    [60, { status: 403 }],
    [73, "up"],
  ];
  const BACK_AT_MS = 73 * HOUR_MS;

  it("parks nothing, drops nothing, and has delivered everything within hours after, with nobody's help", async () => {
    const random = seededRandom(3);
    // A call every forty minutes or so, and rushes of twenty.
    const steady = Array.from({ length: 110 }, (_, index) => (index + random()) * 40 * MINUTE_MS);
    const rushes = [2, 26, 72.9].flatMap((hour) => Array.from({ length: 20 }, () => hour * HOUR_MS));
    const callsAtMs = [...steady, ...rushes].toSorted((one, other) => one - other);
    const { queue, parked, endpoint, invocations, lastDoneAtMs } = await run({ outage, callsAtMs, random });

    expect(parked).toEqual([]);
    expect(queue).toMatchObject({ redriven: [], dropped: [] });
    const spans = endpoint.stored.map(({ spanId }) => spanId);
    expect(spans).toHaveLength(callsAtMs.length);
    expect(new Set(spans).size).toBe(callsAtMs.length);
    // A third of the way to the dead-letter queue at most, for an outage may last four times as long.
    expect(queue.mostReceives).toBeLessThan(queueLimits.maximumReceives / 3);
    // The last message was asked for just before, or met a breaker that was still open.
    const lastCallAtMs = callsAtMs.at(-1) ?? 0;
    expect(lastCallAtMs).toBeGreaterThan(BACK_AT_MS - HOUR_MS);
    expect(lastDoneAtMs).toBeLessThan(BACK_AT_MS + MAX_DELAY_MS + LONGEST_PAUSE_MS + MINUTE_MS);
    // And Langfuse is left in peace: a batch that fails is one request, two when fresh keys are tried.
    expect(endpoint.requests.length).toBeLessThan(2 * invocations);
  });
});

describe("Langfuse away, and more records than SQS lets be in flight", () => {
  const outage: Outage = [
    [0, { status: 503 }],
    [16, "up"],
  ];
  const BACK_AT_MS = 16 * HOUR_MS;
  /** Ten times as many as may be in flight, of which half are let be hidden: in SQS 60,000 of 120,000. */
  const callsAtMs = Array.from({ length: 300 }, (_, index) => index * 3.1 * MINUTE_MS);
  const most = 30;

  it("settles each call at once all the same, and has delivered everything within hours after", async () => {
    const random = seededRandom(8);
    const inFlight = { most, relievedFrom: 15 };
    const { queue, parked, endpoint, lastDoneAtMs, settledAfterMs } = await run({
      outage,
      callsAtMs,
      random,
      inFlight,
    });

    expect(Math.max(...settledAfterMs)).toBeLessThan(MINUTE_MS);
    expect(queue.mostInFlight).toBeLessThan(most);
    expect(parked).toEqual([]);
    expect(queue).toMatchObject({ redriven: [], dropped: [] });
    const spans = endpoint.stored.map(({ spanId }) => spanId);
    expect(new Set(spans).size).toBe(callsAtMs.length);
    expect(spans).toHaveLength(callsAtMs.length);
    expect(lastDoneAtMs).toBeLessThan(BACK_AT_MS + MAX_DELAY_MS + LONGEST_PAUSE_MS + MINUTE_MS);
  });

  it("would settle calls hours late if messages could only be hidden", async () => {
    const inFlight = { most, relievedFrom: Number.POSITIVE_INFINITY };
    const { settledAfterMs } = await run({ outage, callsAtMs, random: seededRandom(8), inFlight });

    expect(Math.max(...settledAfterMs)).toBeGreaterThan(HOUR_MS);
  });
});

describe("Langfuse away for longer than the queue keeps a message", () => {
  it.each([
    ["as often as they can", () => 0],
    ["as seldom as they can", () => 0.999],
  ])("parks records that are thirteen days old, afresh, when they come back %s", async (_often, random) => {
    const callsAtMs = Array.from({ length: 8 }, (_, index) => index * 70 * MINUTE_MS);
    const { queue, deadLetters, parked } = await run({ outage: [[0, { status: 503 }]], callsAtMs, random });
    // SQS itself has moved none: that would be with its first timestamp, and so with a day to live, and without a reason.
    expect(queue).toMatchObject({ redriven: [], dropped: [], size: 0 });
    expect(queue.mostReceives).toBeLessThan(queueLimits.maximumReceives);
    expect(parked).toHaveLength(callsAtMs.length);
    for (const [index, { reason, atMs }] of parked.entries()) {
      expect(reason).toMatch(/retention is near its end.+main: /);
      const ageMs = atMs - (callsAtMs[index] ?? 0);
      expect(ageMs).toBeGreaterThanOrEqual(PARK_AFTER_MS);
      expect(ageMs).toBeLessThan(PARK_AFTER_MS + MAX_DELAY_MS + HOUR_MS);
    }
    // They are there for fourteen days more.
    const [first] = deadLetters.receive(1);
    expect(first?.sentAtMs).toBeGreaterThan(13 * DAY_MS);
    expect(deadLetters.size).toBe(callsAtMs.length);
  });
});

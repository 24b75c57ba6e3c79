/** Langfuse away for days, with the queue's rules and a clock that is set forward instead of waited for. */
import { createFlusher, MAX_DELAY_MS, PARK_AFTER_MS, retryDelayMs, withBreaker } from "@sluice/flusher";
import { createHttpPost, createLangfuseDrain } from "@sluice/langfuse";
import { loadCatalogue } from "@sluice/prices";
import { describe, expect, it } from "vitest";
import { flusherLimits, queueLimits } from "../../../infra/limits.ts";
import { seededRandom } from "../../support/delivery.ts";
import { type Decide, startLangfuseEndpoint } from "../../support/langfuse-endpoint.ts";
import { memoryAccounts, memoryDeliveries, memorySettlements } from "../../support/ledger.ts";
import { modelQueue } from "../../support/model-queue.ts";
import { messageBody, numberedRecord } from "../../support/records.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** The longest time for which a breaker leaves a drain alone. */
const LONGEST_PAUSE_MS = 5 * MINUTE_MS;
/** Where nobody listens. */
const NOBODY = "http://127.0.0.1:9";

type State = "up" | "refused" | ReturnType<Decide>;

/** How Langfuse is, from an hour of the clock on. */
type Outage = readonly (readonly [fromHour: number, state: State])[];

interface Scenario {
  readonly outage: Outage;
  /** When calls end, ms of the clock, in order. */
  readonly callsAtMs: readonly number[];
  /** Spreads the waits of messages: 0 makes them come back as often as they can. */
  readonly random: () => number;
}

/** Lets the clock run until the queue is empty. What the flusher function does around the flusher is done here. */
async function run({ outage, callsAtMs, random }: Scenario) {
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
  const queue = modelQueue(rules);
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
  const flush = createFlusher({
    claims: { fetch: async () => undefined },
    park: async ({ body }, reason) => {
      parked.push({ reason, atMs: clockMs });
      deadLetters.send(body);
    },
    drains: [withBreaker(drain, nowMs)],
    loadPrices: () => loadCatalogue(),
    deliveries: memoryDeliveries(nowMs),
    settlements: memorySettlements(accounts),
    accounts,
    announce: async () => undefined,
    log: { error: () => undefined, warn: () => undefined },
    nowMs,
  });

  let calls = 0;
  let invocations = 0;
  let lastDoneAtMs = 0;
  while (calls < callsAtMs.length || queue.size > 0) {
    clockMs = Math.max(clockMs, Math.min(callsAtMs[calls] ?? Infinity, queue.nextVisibleAtMs() ?? Infinity));
    while ((callsAtMs[calls] ?? Infinity) <= clockMs) queue.send(messageBody(numberedRecord(calls++)));
    clockMs += flusherLimits.batchWindowSeconds * 1000;
    const batch = queue.receive(flusherLimits.batchSize);
    if (batch.length === 0) continue;
    invocations += 1;
    const { doneIds, failed, parked: aside } = await flush(batch);
    const receives = new Map(batch.map(({ id, receiveCount }) => [id, receiveCount]));
    for (const { id, retryAfterMs } of failed) {
      queue.changeVisibility(id, retryDelayMs(receives.get(id) ?? 1, retryAfterMs, random()));
    }
    for (const id of [...doneIds, ...aside.map((message) => message.id)]) queue.delete(id);
    if (doneIds.length > 0) lastDoneAtMs = clockMs;
  }
  return { queue, deadLetters, parked, endpoint, invocations, lastDoneAtMs };
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

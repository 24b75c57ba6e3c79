/** Three drains, of which one is away for an hour and one takes little at a time, on a clock that is set forward. */
import { resolveConfig } from "@sluice/config";
import { createFlusher, MAX_DELAY_MS, retryDelayMs } from "@sluice/flusher";
import { createHttpExchange, createHttpPost } from "@sluice/langfuse";
import { loadCatalogue } from "@sluice/prices";
import { describe, expect, it } from "vitest";
import { createDrains } from "../../../functions/drains.ts";
import { flusherLimits, queueLimits } from "../../../infra/limits.ts";
import { completion } from "../../support/chat-bodies.ts";
import { seededRandom } from "../../support/delivery.ts";
import { startLangfuseEndpoint } from "../../support/langfuse-endpoint.ts";
import { memoryAccounts, memoryDeliveries, memorySettlements } from "../../support/ledger.ts";
import { modelQueue } from "../../support/model-queue.ts";
import { startOtlpCollector } from "../../support/otlp-collector.ts";
import { answer, messageBody, numberedRecord } from "../../support/records.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const LONGEST_PAUSE_MS = 5 * MINUTE_MS;
const MEGABYTE = 1_000_000;

/** Calls over an hour and a quarter, and in the middle of it a rush of more than fits a request of one of the drains. */
const callsAtMs = [
  ...Array.from({ length: 75 }, (_, index) => index * MINUTE_MS),
  ...Array.from({ length: 40 }, () => 20 * MINUTE_MS),
].toSorted((one, other) => one - other);

const body = (number: number) =>
  messageBody(numberedRecord(number, { answer: answer(completion({ content: "x".repeat(90_000) })) }));

describe("one drain answers 500 for an hour, another 413 above a megabyte, a third is fine", () => {
  it("the third has everything at once, the second everything in pieces, the first everything afterwards, none twice", async () => {
    let clockMs = 0;
    const nowMs = () => clockMs;
    await using failing = await startLangfuseEndpoint(() =>
      clockMs < HOUR_MS ? { status: 500 } : undefined,
    );
    await using narrow = await startOtlpCollector(({ bytes }) =>
      bytes > MEGABYTE
        ? { status: 413, headers: { "content-type": "text/plain" }, body: "too large" }
        : undefined,
    );
    await using fine = await startLangfuseEndpoint();
    const { drains } = resolveConfig(
      {
        drains: {
          failing: { type: "langfuse", baseUrl: failing.baseUrl },
          narrow: { type: "otlp", baseUrl: narrow.baseUrl },
          fine: { type: "langfuse", baseUrl: fine.baseUrl },
        },
      },
      {},
    );
    const keys = async () => await Promise.resolve({ publicKey: "pk", secretKey: "sk" });
    const headers = async () => await Promise.resolve({});
    const parked: string[] = [];
    const accounts = memoryAccounts();
    const flush = createFlusher({
      claims: { fetch: async () => await Promise.resolve(undefined) },
      park: async (_message, reason) => {
        parked.push(reason);
        await Promise.resolve();
      },
      drains: createDrains(Object.values(drains), {
        credentials: { keys, refreshedKeys: keys, headers, refreshedHeaders: headers },
        post: createHttpPost(5_000),
        exchange: createHttpExchange(),
        nowMs,
      }),
      loadPrices: () => loadCatalogue(),
      deliveries: memoryDeliveries(nowMs),
      settlements: memorySettlements(accounts),
      accounts,
      announce: async () => await Promise.resolve(),
      log: { error: () => undefined, warn: () => undefined },
      nowMs,
    });
    const queue = modelQueue({
      nowMs,
      retentionMs: queueLimits.retentionSeconds * 1000,
      visibilityTimeoutMs: queueLimits.visibilityTimeoutSeconds * 1000,
      maximumReceives: queueLimits.maximumReceives,
    });
    const random = seededRandom(5);

    let sent = 0;
    let lastDoneAtMs = 0;
    while (sent < callsAtMs.length || queue.size > 0) {
      clockMs = Math.max(clockMs, Math.min(callsAtMs[sent] ?? Infinity, queue.nextVisibleAtMs() ?? Infinity));
      while ((callsAtMs[sent] ?? Infinity) <= clockMs) queue.send(body(sent++));
      clockMs += flusherLimits.batchWindowSeconds * 1000;
      const batch = queue.receive(flusherLimits.batchSize);
      const { doneIds, failed } = await flush(batch);
      const receives = new Map(batch.map(({ id, receiveCount }) => [id, receiveCount]));
      for (const { id, retryAfterMs } of failed) {
        queue.changeVisibility(id, retryDelayMs(receives.get(id) ?? 1, retryAfterMs, random()));
      }
      for (const id of doneIds) queue.delete(id);
      if (doneIds.length > 0) lastDoneAtMs = clockMs;
      // Each call is there with the first batch that it is in, whatever the failing drain does.
      expect(fine.stored).toHaveLength(sent);
      expect(narrow.stored).toHaveLength(sent);
      const early = clockMs < HOUR_MS ? failing.stored : [];
      expect(early).toEqual([]);
    }

    const all = callsAtMs.map((_, number) => numberedRecord(number).trace.spanId as string).toSorted();
    for (const { stored } of [failing, narrow, fine]) {
      expect(stored.map(({ spanId }) => spanId).toSorted()).toEqual(all);
    }
    expect(parked).toEqual([]);
    expect(narrow.requests.some(({ bytes }) => bytes > MEGABYTE)).toBe(true);
    expect(lastDoneAtMs).toBeGreaterThan(HOUR_MS);
    expect(lastDoneAtMs).toBeLessThan(75 * MINUTE_MS + MAX_DELAY_MS + LONGEST_PAUSE_MS);
    // What the failing drain was spared: while its breaker is open nothing is sent to it.
    const tried = failing.requests.length - failing.stored.length;
    expect(tried).toBeLessThan(callsAtMs.length);
  });
});

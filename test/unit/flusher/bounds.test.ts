/** Records that are too large, too small, too many or not what they seem: none may cost the others anything. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { createFlusher, type QueueMessage, withBreaker } from "@sluice/flusher";
import { createHttpPost, createLangfuseDrain, MAX_EXPORT_BYTES } from "@sluice/langfuse";
import { loadCatalogue } from "@sluice/prices";
import { RECORD_PREFIX } from "@sluice/trace";
import { describe, expect, it } from "vitest";
import { flusherLimits } from "../../../infra/limits.ts";
import type { BatchResult } from "../../support/batch-program.ts";
import { completion } from "../../support/chat-bodies.ts";
import {
  attributesOf,
  type Decide,
  type LangfuseEndpoint,
  startLangfuseEndpoint,
} from "../../support/langfuse-endpoint.ts";
import { mediaEndpoint } from "../../support/langfuse-media.ts";
import { memoryAccounts, memoryDeliveries, memorySettlements } from "../../support/ledger.ts";
import { answer, messageBody, numberedRecord } from "../../support/records.ts";

const message = (id: string, body: string): QueueMessage => ({
  id,
  body,
  sentAtMs: 0,
  receiveCount: 1,
});
const recordMessage = (number: number, fields: Parameters<typeof numberedRecord>[1] = {}) =>
  message(`m${number}`, messageBody(numberedRecord(number, fields)));
const records = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => recordMessage(from + index));

/** A flusher with the real drain, to an endpoint of this machine. */
function flusherTo({ baseUrl }: LangfuseEndpoint) {
  const parked: { readonly id: string; readonly reason: string }[] = [];
  const keys = async () => ({ publicKey: "pk", secretKey: "sk" });
  const post = createHttpPost(30_000);
  const nowMs = () => 0;
  const drain = createLangfuseDrain({
    name: "main",
    baseUrl,
    credentials: { keys, refreshedKeys: keys },
    post,
    nowMs,
  });
  const accounts = memoryAccounts();
  const flush = createFlusher({
    claims: { fetch: async () => undefined },
    park: async ({ id }, reason) => void parked.push({ id, reason }),
    drains: [withBreaker(drain, nowMs)],
    loadPrices: () => loadCatalogue(),
    deliveries: memoryDeliveries(nowMs),
    settlements: memorySettlements(accounts),
    accounts,
    announce: async () => undefined,
    log: { error: () => undefined, warn: () => undefined },
    nowMs,
  });
  return { flush, parked };
}

describe("one poison record among ten thousand", () => {
  const POISON = 4_321;
  const TOTAL = 10_000;
  const BATCH = flusherLimits.batchSize;
  const refusingPoison: Decide = ({ spans }) =>
    spans.some(({ spanId }) => spanId === numberedRecord(POISON).trace.spanId) ? { status: 400 } : undefined;

  it("is parked alone, and the others cost what they would alone but for the search of its batch", async () => {
    await using endpoint = await startLangfuseEndpoint(refusingPoison);
    const { flush, parked } = flusherTo(endpoint);
    let requestsOfItsBatch = 0;
    let done = 0;
    for (let from = 0; from < TOTAL; from += BATCH) {
      const before = endpoint.requests.length;
      const result = await flush(records(from, from + BATCH));
      done += result.doneIds.length;
      expect(result.failed).toEqual([]);
      if (POISON >= from && POISON < from + BATCH) requestsOfItsBatch = endpoint.requests.length - before;
    }
    expect(parked).toEqual([{ id: `m${POISON}`, reason: "main: Langfuse answered with status 400." }]);
    expect(done).toBe(TOTAL - 1);
    expect(endpoint.stored).toHaveLength(TOTAL - 1);
    expect(new Set(endpoint.stored.map(({ spanId }) => spanId)).size).toBe(TOTAL - 1);

    await using alone = await startLangfuseEndpoint();
    const from = POISON - (POISON % BATCH);
    await flusherTo(alone).flush(records(from, from + BATCH).filter(({ id }) => id !== `m${POISON}`));
    expect(alone.stored).toHaveLength(BATCH - 1);
    expect(requestsOfItsBatch).toBeGreaterThan(alone.requests.length);
    expect(requestsOfItsBatch).toBeLessThanOrEqual(alone.requests.length + 2 * Math.ceil(Math.log2(BATCH)));
  }, 240_000);
});

describe("a batch", () => {
  it("of a thousand tiny records is as many requests as its bytes need", async () => {
    await using endpoint = await startLangfuseEndpoint();
    const { flush } = flusherTo(endpoint);
    const tiny = { request: { contentType: "application/json", body: Buffer.from("{}") } };
    const result = await flush(Array.from({ length: 1000 }, (_, number) => recordMessage(number, tiny)));
    expect(result.doneIds).toHaveLength(1000);
    expect(endpoint.stored).toHaveLength(1000);
    const bytes = endpoint.requests.reduce((sum, request) => sum + request.bytes, 0);
    expect(endpoint.requests).toHaveLength(Math.ceil(bytes / MAX_EXPORT_BYTES));
  });

  it("that expands to more than a gigabyte is flushed within the function's memory", async () => {
    await using endpoint = await startLangfuseEndpoint();
    const program = join(import.meta.dirname, "../../support/flush-large-batch.ts");
    const { stdout } = await promisify(execFile)(process.execPath, [program, endpoint.baseUrl]);
    const result = JSON.parse(stdout) as BatchResult;
    expect(result).toMatchObject({ done: 120, failed: 0, parked: 0 });
    expect(result.unpackedBytes).toBeGreaterThan(flusherLimits.memoryMb * 2 ** 20);
    // A quarter is left for the SDK, and for what a bundle has and this program has not.
    expect(result.maxRssBytes).toBeLessThan(flusherLimits.memoryMb * 2 ** 20 * 0.75);
  }, 240_000);
});

describe("a thousand calls with an image of 100 KB each", () => {
  it("are flushed within 512 MB, every image stored once", async () => {
    const media = mediaEndpoint();
    await using endpoint = await startLangfuseEndpoint(media.decide);
    const program = join(import.meta.dirname, "../../support/flush-image-batch.ts");
    const { stdout } = await promisify(execFile)(process.execPath, [program, endpoint.baseUrl]);
    const result = JSON.parse(stdout) as BatchResult;
    expect(result).toMatchObject({ done: 1000, failed: 0, parked: 0 });
    expect(endpoint.stored).toHaveLength(1000);
    expect(media.put).toHaveLength(1000);
    expect(media.confirmed.size).toBe(1000);
    expect(result.maxRssBytes).toBeLessThan(512 * 2 ** 20);
  }, 240_000);
});

describe("a single record", () => {
  it("of 10 MB is one trace that fits a request, and says that it was cut", async () => {
    await using endpoint = await startLangfuseEndpoint();
    const { flush } = flusherTo(endpoint);
    const large = recordMessage(0, { answer: answer(completion({ content: "word ".repeat(2_000_000) })) });
    expect((await flush([large, recordMessage(1)])).doneIds).toHaveLength(2);
    expect(endpoint.stored).toHaveLength(2);
    for (const { bytes } of endpoint.requests) expect(bytes).toBeLessThanOrEqual(MAX_EXPORT_BYTES);
    const span = endpoint.stored.find(({ spanId }) => spanId === numberedRecord(0).trace.spanId);
    expect(span && attributesOf(span)).toMatchObject({
      "langfuse.observation.level": "WARNING",
      "langfuse.observation.status_message": expect.stringContaining("was cut to fit") as string,
    });
  });

  it("whose answer is a decompression bomb is a trace that says so", async () => {
    await using endpoint = await startLangfuseEndpoint();
    const { flush } = flusherTo(endpoint);
    const headers = { "content-type": "application/json", "content-encoding": "gzip" };
    const bomb = answer(gzipSync(Buffer.alloc(200_000_000)), { headers });
    expect((await flush([recordMessage(0, { answer: bomb }), recordMessage(1)])).doneIds).toHaveLength(2);
    const span = endpoint.stored.find(({ spanId }) => spanId === numberedRecord(0).trace.spanId);
    expect(span && attributesOf(span)).toMatchObject({
      "langfuse.observation.level": "WARNING",
      "langfuse.observation.status_message": expect.stringContaining(
        "gzip content expands to more",
      ) as string,
    });
  });

  it("that is itself a decompression bomb is parked, and its neighbour is delivered", async () => {
    await using endpoint = await startLangfuseEndpoint();
    const { flush, parked } = flusherTo(endpoint);
    const bomb = RECORD_PREFIX + zstdCompressSync(Buffer.alloc(200_000_000)).toString("base64");
    const result = await flush([message("bomb", bomb), recordMessage(1)]);
    expect(result).toMatchObject({ doneIds: ["m1"], failed: [] });
    expect(parked).toEqual([{ id: "bomb", reason: expect.stringMatching(/.+/) as string }]);
    expect(parked[0]?.reason.length).toBeLessThan(300);
    expect(endpoint.stored).toHaveLength(1);
  });
});

/**
 * A program: flushes a thousand calls, each with an image of 100 KB of its own, as a bundle would, and prints what became of them and
 * the most memory that it took. Their records are claims, for no batch of Lambda's holds so many. In a process of its own, whose
 * memory is nobody else's. Usage: node flush-image-batch.ts <Langfuse>
 */
import { createHash } from "node:crypto";
import { createFlusher, withBreaker } from "@sluice/flusher";
import {
  createHttpExchange,
  createHttpPost,
  createLangfuseDrain,
  createLangfuseMediaStore,
} from "@sluice/langfuse";
import { loadCatalogue } from "@sluice/prices";
import type { LargeBatchResult } from "./flush-large-batch.ts";
import { memoryAccounts, memoryDeliveries, memorySettlements } from "./ledger.ts";
import { claimedRecord, numberedRecord } from "./records.ts";

const CALLS = 1_000;
const IMAGE_BYTES = 100_000;

const [, , baseUrl = ""] = process.argv;
const keys = async () => await Promise.resolve({ publicKey: "pk", secretKey: "sk" });
const credentials = { keys, refreshedKeys: keys };
const nowMs = () => Date.now();
const accounts = memoryAccounts();
const ignore = () => undefined;

/** Bytes that no compression makes smaller, and that are the call's own. */
function record(number: number) {
  const image = createHash("shake256", { outputLength: IMAGE_BYTES }).update(String(number)).digest("base64");
  const content = [{ type: "image_url", image_url: { url: `data:image/jpeg;base64,${image}` } }];
  const body = Buffer.from(JSON.stringify({ model: "gpt-4o", messages: [{ role: "user", content }] }));
  const times = { ...numberedRecord(number).times, startedAtMs: nowMs() - 1_000, endedAtMs: nowMs() };
  return numberedRecord(number, { times, request: { contentType: "application/json", body } });
}

const claimed = (number: number) => claimedRecord(record(number), `claims/2026-11-21/${number}`);
let unpackedBytes = 0;
const messages = Array.from({ length: CALLS }, (_, number) => ({
  id: `m${number}`,
  body: claimed(number).body,
  sentAtMs: nowMs(),
  receiveCount: 1,
}));

const drain = createLangfuseDrain({
  name: "main",
  baseUrl,
  credentials,
  post: createHttpPost(30_000),
  media: createLangfuseMediaStore({
    name: "main",
    baseUrl,
    credentials,
    exchange: createHttpExchange(),
    nowMs,
  }),
  nowMs,
});
const flush = createFlusher({
  claims: {
    fetch: async ({ key }) => {
      const { bytes } = claimed(Number(key.slice(key.lastIndexOf("/") + 1)));
      unpackedBytes += bytes.byteLength;
      return await Promise.resolve(bytes);
    },
  },
  park: async () => {
    await Promise.resolve();
  },
  drains: [withBreaker(drain, nowMs)],
  loadPrices: () => loadCatalogue(),
  deliveries: memoryDeliveries(nowMs),
  settlements: memorySettlements(accounts),
  accounts,
  announce: async () => {
    await Promise.resolve();
  },
  log: { error: ignore, warn: ignore },
  nowMs,
});
const { doneIds, failed, parked } = await flush(messages);
const result: LargeBatchResult = {
  done: doneIds.length,
  failed: failed.length,
  parked: parked.length,
  unpackedBytes,
  maxRssBytes: process.resourceUsage().maxRSS * 1024,
};
process.stdout.write(`${JSON.stringify(result)}\n`);
process.exit();

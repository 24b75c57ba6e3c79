/**
 * Sluice's flusher as a program of the bench: decodes queue messages, puts streamed answers together, maps and
 * exports them. Arguments: the origin of the sink; `json` or `stream`, which is what the records hold.
 */

import { createFlusher, type QueueMessage } from "@sluice/flusher";
import { createHttpPost, createLangfuseDrain } from "@sluice/langfuse";
import { loadCatalogue } from "@sluice/prices";
import { memoryAccounts, memoryDeliveries, memorySettlements } from "../support/ledger.ts";
import { answer, messageBody, numberedRecord } from "../support/records.ts";
import { CALLS_PER_BATCH, reportCost } from "./batches.ts";
import { JSON_ANSWER, REQUESTS, STREAM_CHUNKS, STREAM_END, USAGE_CHUNK } from "./traffic.ts";

const KEYS = { publicKey: "pk-lf-bench", secretKey: "sk-lf-bench" };
const SENT_AT_MS = 1_760_000_001_000;
const PLAIN = {
  request: { contentType: "application/json", body: Buffer.from(REQUESTS.json) },
  answer: answer(JSON_ANSWER),
};
const STREAMED = {
  streaming: true,
  request: { contentType: "application/json", body: Buffer.from(REQUESTS.stream) },
  answer: answer(STREAM_CHUNKS.join("") + USAGE_CHUNK + STREAM_END, {
    headers: { "content-type": "text/event-stream" },
  }),
};
const nowMs = () => Date.now();

const accounts = memoryAccounts();

const flush = createFlusher({
  claims: { fetch: () => Promise.resolve(undefined) },
  park: (_message, reason) => Promise.reject(new Error(reason)),
  drains: [
    createLangfuseDrain({
      name: "bench",
      baseUrl: process.argv[2] ?? "",
      credentials: { keys: () => Promise.resolve(KEYS), refreshedKeys: () => Promise.resolve(KEYS) },
      post: createHttpPost(30_000),
      nowMs,
    }),
  ],
  loadPrices: () => loadCatalogue(),
  deliveries: memoryDeliveries(),
  settlements: memorySettlements(accounts),
  accounts,
  announce: () => Promise.resolve(),
  log: { error: fail, warn: fail },
  nowMs,
});

const messages = Array.from({ length: CALLS_PER_BATCH }, (_, index) => message(index));
await reportCost(async () => {
  const { doneIds } = await flush(messages);
  if (doneIds.length !== CALLS_PER_BATCH) throw new Error(`only ${doneIds.length} records were exported`);
});

function message(index: number): QueueMessage {
  const body = messageBody(numberedRecord(index, process.argv[3] === "stream" ? STREAMED : PLAIN));
  return { id: String(index), body, sentAtMs: SENT_AT_MS, receiveCount: 1 };
}

function fail(message: string, fields: Readonly<Record<string, unknown>>): void {
  throw new Error(`${message} ${JSON.stringify(fields)}`);
}

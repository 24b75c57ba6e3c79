/**
 * A program: flushes a thousand recorded calls in one batch, and prints what became of them and the most memory that it took. In a
 * process of its own, whose memory is nobody else's. Usage: node flush-corpus-batch.ts <Langfuse>
 */
import { createFlusher, withBreaker } from "@sluice/flusher";
import { createHttpPost, createLangfuseDrain } from "@sluice/langfuse";
import { loadCatalogue } from "@sluice/prices";
import { corpusCases } from "./corpus.ts";
import { corpusRecord } from "./corpus-records.ts";
import { memoryAccounts, memoryDeliveries, memorySettlements } from "./ledger.ts";
import { messageBody } from "./records.ts";

/** How many calls. */
const CALLS = 1_000;

/** What the program prints, as JSON. */
export interface CorpusBatchResult {
  readonly done: number;
  readonly failed: number;
  readonly parked: number;
  /** Most memory that the process ever had, bytes. */
  readonly maxRssBytes: number;
}

const [, , baseUrl = ""] = process.argv;
const cases = corpusCases() ?? [];
const nowMs = () => Date.now();
const keys = async () => await Promise.resolve({ publicKey: "pk", secretKey: "sk" });
const accounts = memoryAccounts();
const ignore = () => undefined;

const messages = Array.from({ length: CALLS }, (_, number) => {
  const recorded = cases[number % cases.length];
  if (!recorded) throw new Error("There is no corpus.");
  return {
    id: `m${number}`,
    body: messageBody(corpusRecord(recorded, number)),
    sentAtMs: nowMs(),
    receiveCount: 1,
  };
});

const drain = createLangfuseDrain({
  name: "main",
  baseUrl,
  credentials: { keys, refreshedKeys: keys },
  post: createHttpPost(30_000),
  nowMs,
});
const flush = createFlusher({
  claims: { fetch: async () => await Promise.resolve(undefined) },
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
const result: CorpusBatchResult = {
  done: doneIds.length,
  failed: failed.length,
  parked: parked.length,
  maxRssBytes: process.resourceUsage().maxRSS * 1024,
};
process.stdout.write(`${JSON.stringify(result)}\n`);
process.exit();

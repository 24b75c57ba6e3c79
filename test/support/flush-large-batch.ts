/**
 * A program: flushes a batch of records that expand to more than a gigabyte, as a bundle would, and prints what became of them and the
 * most memory that it took. In a process of its own, whose memory is nobody else's. Usage: node flush-large-batch.ts <Langfuse>
 */
import { createFlusher, withBreaker } from "@sluice/flusher";
import { createHttpPost, createLangfuseDrain } from "@sluice/langfuse";
import { loadCatalogue } from "@sluice/prices";
import { memoryAccounts, memoryDeliveries, memorySettlements } from "./ledger.ts";
import { answer, messageBody, numberedRecord } from "./records.ts";

/** What the program prints, as JSON. */
export interface LargeBatchResult {
  readonly done: number;
  readonly failed: number;
  readonly parked: number;
  /** Bytes of all records, unpacked. */
  readonly unpackedBytes: number;
  /** Most memory that the process ever had, bytes. */
  readonly maxRssBytes: number;
}

const [, , baseUrl = ""] = process.argv;
const keys = async () => await Promise.resolve({ publicKey: "pk", secretKey: "sk" });
const nowMs = () => Date.now();
const accounts = memoryAccounts();
const ignore = () => undefined;

/** Nothing that a reader understands, so that the trace shows a part of it only: 10 MB that pack to a kilobyte. */
const body = Buffer.alloc(10_000_000, "not JSON ");
const messages = Array.from({ length: 120 }, (_, number) => ({
  id: `m${number}`,
  body: messageBody(numberedRecord(number, { answer: answer(body) })),
  sentAtMs: nowMs(),
  receiveCount: 1,
}));

const flush = createFlusher({
  claims: { fetch: async () => await Promise.resolve(undefined) },
  park: async () => {
    await Promise.resolve();
  },
  drains: [
    withBreaker(
      createLangfuseDrain({
        name: "main",
        baseUrl,
        credentials: { keys, refreshedKeys: keys },
        post: createHttpPost(30_000),
        nowMs,
      }),
      nowMs,
    ),
  ],
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
  unpackedBytes: messages.length * body.byteLength,
  maxRssBytes: process.resourceUsage().maxRSS * 1024,
};
process.stdout.write(`${JSON.stringify(result)}\n`);
process.exit();

/** The frame of programs that flush one batch in a process of their own, whose memory is nobody else's. */
import {
  type Claims,
  createFlusher,
  type FlusherDependencies,
  type QueueMessage,
  withBreaker,
} from "@sluice/flusher";
import { createHttpPost, createLangfuseDrain, type LangfuseDrainOptions } from "@sluice/langfuse";
import { loadCatalogue } from "@sluice/prices";
import { memoryAccounts, memoryDeliveries, memorySettlements } from "./ledger.ts";

/** What such a program prints, as JSON. */
export interface BatchResult {
  readonly done: number;
  readonly failed: number;
  readonly parked: number;
  /** Bytes of all records, unpacked, where the program counts them. */
  readonly unpackedBytes: number;
  /** Most memory that the process ever had, bytes. */
  readonly maxRssBytes: number;
}

/** A batch, and what is its own in flushing it. */
export interface Batch {
  /** The bodies of its messages. */
  readonly bodies: readonly string[];
  readonly claims?: Claims;
  readonly media?: NonNullable<LangfuseDrainOptions["media"]>;
  /** Asked when the batch is flushed. */
  readonly unpackedBytes?: () => number;
}

const keys = async () => await Promise.resolve({ publicKey: "pk", secretKey: "sk" });
/** Keys that the Langfuse of such a program takes. */
export const CREDENTIALS = { keys, refreshedKeys: keys };
/** The machine's clock. */
export const nowMs = () => Date.now();
/** Langfuse, as the program's first argument. */
export const [, , LANGFUSE = ""] = process.argv;

/** Flushes a batch as a bundle would, prints what became of it, and ends the process. */
export async function flushAndPrint(batch: Batch): Promise<never> {
  const { bodies, claims = { fetch: async () => await Promise.resolve(undefined) }, media } = batch;
  const accounts = memoryAccounts();
  const ignore = () => undefined;
  const drain = createLangfuseDrain({
    name: "main",
    baseUrl: LANGFUSE,
    credentials: CREDENTIALS,
    post: createHttpPost(30_000),
    ...(media && { media }),
    nowMs,
  });
  const dependencies: FlusherDependencies = {
    claims,
    park: async () => await Promise.resolve(),
    drains: [withBreaker(drain, nowMs)],
    loadPrices: () => loadCatalogue(),
    deliveries: memoryDeliveries(nowMs),
    settlements: memorySettlements(accounts),
    accounts,
    announce: async () => await Promise.resolve(),
    log: { error: ignore, warn: ignore },
    nowMs,
  };
  const messages = bodies.map(
    (body, number): QueueMessage => ({ id: `m${number}`, body, sentAtMs: nowMs(), receiveCount: 1 }),
  );
  const { doneIds, failed, parked } = await createFlusher(dependencies)(messages);
  const result: BatchResult = {
    done: doneIds.length,
    failed: failed.length,
    parked: parked.length,
    unpackedBytes: batch.unpackedBytes?.() ?? 0,
    maxRssBytes: process.resourceUsage().maxRSS * 1024,
  };
  process.stdout.write(`${JSON.stringify(result)}\n`);
  return process.exit();
}

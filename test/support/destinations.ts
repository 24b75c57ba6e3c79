/** Drains in memory with rules, and a flusher over them: for tests of who gets what. */
import {
  createFlusher,
  type Destination,
  type DrainRules,
  type Flush,
  type FlusherDependencies,
  type QueueMessage,
} from "@sluice/flusher";
import type { ExportOutcome } from "@sluice/langfuse";
import { loadCatalogue } from "@sluice/prices";
import { createRedactor } from "@sluice/redaction";
import { memoryAccounts, memoryDeliveries, memorySettlements } from "./ledger.ts";

/** Takes all of every call. */
const NO_RULES: DrainRules = { paused: false, sampleRate: 1, capture: "full", redact: createRedactor() };

/** A drain that remembers the calls it was given, each as its span's id and how it ended. */
export interface RememberingDestination extends Destination {
  readonly seen: string[];
  /** How often a call was mapped for it. */
  encoded: number;
  /** What it says of each trace. */
  outcome: ExportOutcome;
}

/** A drain with that name and those rules, which takes everything until a test says otherwise. */
export function destination(name: string, rules: Partial<DrainRules> = {}): RememberingDestination {
  const drain: RememberingDestination = {
    name,
    rules: { ...NO_RULES, ...rules },
    seen: [],
    encoded: 0,
    outcome: { kind: "delivered" },
    encode({ record }) {
      drain.encoded += 1;
      return Buffer.from(`${record.trace.spanId} ${record.outcome.kind}`);
    },
    async export(traces) {
      drain.seen.push(...traces.map((trace) => Buffer.from(trace).toString()));
      return await Promise.resolve(traces.map(() => drain.outcome));
    },
  };
  return drain;
}

/** A flusher with everything in memory, but for what is handed in. */
export function flusherTo(drains: readonly Destination[], changes: Partial<FlusherDependencies> = {}): Flush {
  const accounts = memoryAccounts();
  return createFlusher({
    claims: { fetch: async () => await Promise.resolve(undefined) },
    park: async () => await Promise.resolve(),
    drains,
    loadPrices: () => loadCatalogue(),
    deliveries: memoryDeliveries(() => 0),
    settlements: memorySettlements(accounts),
    accounts,
    announce: async () => await Promise.resolve(),
    log: { error: () => undefined, warn: () => undefined },
    nowMs: () => 0,
    ...changes,
  });
}

/** A message as SQS would hand it over. */
export function queueMessage(id: string, body: string, fields: Partial<QueueMessage> = {}): QueueMessage {
  return { id, body, sentAtMs: 0, receiveCount: 1, ...fields };
}

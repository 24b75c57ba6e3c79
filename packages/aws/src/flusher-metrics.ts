/** What a batch came to, as metrics: one line for the batch, and one for each export to a drain. */
import type { DrainExport, FlushResult, QueueMessage } from "@sluice/flusher";
import type { SettlementStore } from "@sluice/ledger";
import { MAX_VALUES, type MetricValue, type WriteMetrics } from "./metric-writer.ts";

/** What was settled since it was last taken, summed up. Batches that run at the same time add to the same sums. */
export interface SettlementTally {
  /** The store, counted. */
  readonly store: SettlementStore;
  /** To be called each time that two writers met at an account. */
  conflict(): void;
  /** The sums, which begin at zero again. */
  take(): readonly MetricValue[];
}

/** Picodollars of a dollar. A metric is a float: what is exact is the ledger. */
const PICODOLLARS = 1e12;

/** Counts what is settled in `store`. A call that was settled before counts nothing. */
export function tallySettlements(store: SettlementStore): SettlementTally {
  const none = { inputTokens: 0, outputTokens: 0, costUsd: 0, unpriced: 0, conflicts: 0 };
  let sums = { ...none };
  return {
    store: {
      async settle(group) {
        const settled = await store.settle(group);
        const settledIds = new Set(settled.settledIds);
        for (const { callId, cost, inputTokens, outputTokens } of group.settlements) {
          if (!settledIds.has(callId)) continue;
          sums.inputTokens += inputTokens;
          sums.outputTokens += outputTokens;
          sums.costUsd += Number(cost ?? 0n) / PICODOLLARS;
          sums.unpriced += cost === undefined ? 1 : 0;
        }
        return settled;
      },
    },
    conflict: () => {
      sums.conflicts += 1;
    },
    take: () => {
      const { inputTokens, outputTokens, costUsd, unpriced, conflicts } = sums;
      sums = { ...none };
      return [
        { name: "InputTokens", unit: "Count", value: inputTokens },
        { name: "OutputTokens", unit: "Count", value: outputTokens },
        { name: "CostUsd", unit: "None", value: costUsd },
        ...ifAny("UnpricedCalls", unpriced),
        ...ifAny("SettleConflicts", conflicts),
      ];
    },
  };
}

/**
 * Writes the line of a batch. The age of a message is the time since the queue first accepted it; of the messages that were
 * delivered, so that neither switches nor those that wait for a drain make it look old.
 */
export function createBatchMetrics(
  write: WriteMetrics,
  nowMs: () => number,
): (messages: readonly QueueMessage[], result: FlushResult, settled: readonly MetricValue[]) => void {
  return (messages, result, settled) => {
    const atMs = nowMs();
    const delivered = new Set(result.deliveredIds);
    const ages = messages
      .filter(({ id }) => delivered.has(id))
      .map(({ sentAtMs }) => Math.max(0, atMs - sentAtMs) / 1000);
    write({
      message: "A batch was worked off.",
      atMs,
      metrics: [
        { name: "BatchSize", unit: "Count", value: messages.length },
        { name: "AgeAtDeliverySeconds", unit: "Seconds", value: spread(ages) },
        { name: "RecordsDelivered", unit: "Count", value: delivered.size },
        ...ifAny("RecordsRetried", result.failed.length),
        ...ifAny("RecordsParked", result.parked.length),
        ...ifAny("DuplicatesSuppressed", result.duplicates),
        ...settled,
      ],
    });
  };
}

/** Writes a line for each export, by stage and drain: a config has few drains. */
export function createExportMetrics(write: WriteMetrics): (exported: DrainExport) => void {
  return ({ drain, tookMs, delivered, rejected, retried, open }) => {
    write({
      message: "Traces were given to a drain.",
      dimensions: [{ drain }],
      metrics: [
        ...(tookMs === undefined ? [] : [{ name: "ExportMs", unit: "Milliseconds", value: tookMs } as const]),
        { name: "TracesDelivered", unit: "Count", value: delivered },
        ...ifAny("TracesRejected", rejected),
        ...ifAny("TracesRetried", retried),
        { name: "BreakerOpen", unit: "Count", value: open ? 1 : 0 },
      ],
    });
  };
}

/** A count that is mostly zero. */
function ifAny(name: string, value: number): readonly MetricValue[] {
  return value === 0 ? [] : [{ name, unit: "Count", value }];
}

/** At most as many values as a line takes, evenly spaced from the least to the greatest, with both of them. */
function spread(values: readonly number[]): readonly number[] {
  const sorted = values.toSorted((a, b) => a - b);
  if (sorted.length <= MAX_VALUES) return sorted;
  return Array.from({ length: MAX_VALUES }, (_, index) => {
    const value = sorted[Math.round((index * (sorted.length - 1)) / (MAX_VALUES - 1))];
    return value ?? 0;
  });
}

/** Measures an exporter in its own process: batches until it is warm, then batches that count. */

/** Calls in a batch. */
export const CALLS_PER_BATCH = 500;
const WARM_UP_BATCHES = 6;
const BATCHES = 12;

/** What an exporter took. */
export interface ExportCost {
  /** User and system time of one call, ms. */
  readonly cpuMsPerCall: number;
}

/** Exports batches through `exportBatch` and prints what they cost as JSON, for the bench to read. */
export async function reportCost(exportBatch: () => Promise<void>): Promise<void> {
  for (let batch = 0; batch < WARM_UP_BATCHES; batch++) await exportBatch();
  const before = process.cpuUsage();
  for (let batch = 0; batch < BATCHES; batch++) await exportBatch();
  const { user, system } = process.cpuUsage(before);
  const cost: ExportCost = { cpuMsPerCall: (user + system) / 1000 / (BATCHES * CALLS_PER_BATCH) };
  process.stdout.write(`${JSON.stringify(cost)}\n`);
}

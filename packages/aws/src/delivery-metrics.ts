/** The reconciliation as CloudWatch metrics. */
import type { Reconciliation } from "@sluice/flusher";
import type { WriteMetrics } from "./metric-writer.ts";

/** Ms after the hour of the last change in which lines are still written, so that the end of it is seen. */
const QUIET_AFTER_MS = 2 * 60 * 60_000;

/**
 * Writes a line for each reconciliation, with the stage as the only dimension. A stage in which no call came for an hour and
 * nothing is in flight or unaccounted for gets none: CloudWatch charges a metric for the hours in which it has data, and
 * an idle stage costs nothing.
 */
export function createDeliveryMetrics({
  write,
  nowMs,
}: {
  readonly write: WriteMetrics;
  /** Unix time, ms. */
  readonly nowMs: () => number;
}): (found: Reconciliation) => void {
  return (found) => {
    const { accepted, delivered, parked, inFlight, unreadable, unaccounted, oldestBeforeMs } = found;
    const atMs = nowMs();
    const quiet = atMs - (found.lastHourMs ?? 0) > QUIET_AFTER_MS;
    if (quiet && inFlight === 0 && unaccounted === 0) return;
    const oldestSeconds = oldestBeforeMs === undefined ? 0 : Math.floor((atMs - oldestBeforeMs) / 1000);
    write({
      message: "Accepted = delivered + parked + in flight.",
      atMs,
      metrics: [
        { name: "Accepted", unit: "Count", value: accepted },
        { name: "Delivered", unit: "Count", value: delivered },
        { name: "Parked", unit: "Count", value: parked },
        { name: "InFlight", unit: "Count", value: inFlight },
        { name: "Unreadable", unit: "Count", value: unreadable },
        { name: "Unaccounted", unit: "Count", value: unaccounted },
        { name: "OldestOpenSeconds", unit: "Seconds", value: oldestSeconds },
      ],
    });
  };
}

/** The reconciliation as CloudWatch metrics, in a log line of the embedded metric format. */
import type { Reconciliation } from "@sluice/flusher";

/** The namespace and the metric that the alarm of `infra/alarms.ts` stands on. */
const NAMESPACE = "Sluice";

/** Ms after the hour of the last change in which lines are still written, so that the end of it is seen. */
const QUIET_AFTER_MS = 2 * 60 * 60_000;

/**
 * Writes a line for each reconciliation, with the stage as the only dimension. A stage in which no call came for an hour and
 * nothing is in flight or unaccounted for gets none: CloudWatch charges a metric for the hours in which it has data, and
 * an idle stage costs nothing.
 */
export function createDeliveryMetrics({
  write,
  stage,
  nowMs,
}: {
  readonly write: (line: string) => void;
  readonly stage: string;
  /** Unix time, ms. */
  readonly nowMs: () => number;
}): (found: Reconciliation) => void {
  return (found) => {
    const { accepted, delivered, parked, inFlight, unreadable, unaccounted, oldestBeforeMs } = found;
    const atMs = nowMs();
    const quiet = atMs - (found.lastHourMs ?? 0) > QUIET_AFTER_MS;
    if (quiet && inFlight === 0 && unaccounted === 0) return;
    const line = {
      time: new Date(atMs).toISOString(),
      level: "info",
      message: "Accepted = delivered + parked + in flight.",
      _aws: {
        Timestamp: atMs,
        CloudWatchMetrics: [
          {
            Namespace: NAMESPACE,
            Dimensions: [["stage"]],
            Metrics: [
              ...COUNTS.map((Name) => ({ Name, Unit: "Count" })),
              { Name: "OldestOpenSeconds", Unit: "Seconds" },
            ],
          },
        ],
      },
      stage,
      Accepted: accepted,
      Delivered: delivered,
      Parked: parked,
      InFlight: inFlight,
      Unreadable: unreadable,
      Unaccounted: unaccounted,
      OldestOpenSeconds: oldestBeforeMs === undefined ? 0 : Math.floor((atMs - oldestBeforeMs) / 1000),
    };
    write(`${JSON.stringify(line)}\n`);
  };
}

const COUNTS = ["Accepted", "Delivered", "Parked", "InFlight", "Unreadable", "Unaccounted"] as const;

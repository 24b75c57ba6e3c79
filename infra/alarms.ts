import { events } from "./events.ts";
import { flusherLimits } from "./limits.ts";
import { stageName } from "./stage.ts";

/**
 * Rings when accepted calls are neither delivered nor parked nor in the queue: docs/delivery.md, "Reconciliation". The flusher
 * writes the metric at each sweep, and none while the stage is idle.
 */
export const unaccounted = new aws.cloudwatch.MetricAlarm("Unaccounted", {
  name: stageName("unaccounted"),
  alarmDescription:
    "Sluice: accepted calls are neither delivered nor parked nor in the queue. See docs/delivery.md, Reconciliation.",
  namespace: "Sluice",
  metricName: "Unaccounted",
  dimensions: { stage: $app.stage },
  statistic: "Maximum",
  comparisonOperator: "GreaterThanThreshold",
  threshold: 0,
  period: flusherLimits.sweepIntervalMinutes * 60,
  // Three sweeps in a row: SQS's numbers are approximate, and may be late for a minute.
  evaluationPeriods: 3,
  datapointsToAlarm: 3,
  // No data is an idle stage.
  treatMissingData: "notBreaching",
  alarmActions: [events.arn],
  okActions: [events.arn],
});

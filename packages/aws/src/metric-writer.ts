/**
 * The flusher's metrics: lines of its log that CloudWatch reads as metrics (embedded metric format), made by Powertools for AWS
 * Lambda. The gateway has a smaller writer of its own, `call-metrics.ts`; docs/decisions/metrics.md says why.
 */
import { Metrics } from "@aws-lambda-powertools/metrics";
import type { LogLevel } from "./json-log.ts";
import { METRIC_NAMESPACE } from "./metric-namespace.ts";

/** Most values of one metric in a line that Powertools leaves in it; at 100, CloudWatch's own limit, it writes by itself. */
export const MAX_VALUES = 99;

/** A metric and its values. Without values it is left out: CloudWatch charges a metric for the hours in which it has some. */
export interface MetricValue {
  readonly name: string;
  readonly unit: "Count" | "Milliseconds" | "Seconds" | "None";
  /** One, or up to `MAX_VALUES`. */
  readonly value: number | readonly number[];
}

/** A line of the log that is metrics as well. */
export interface MetricLine {
  /** Default `info`. The line is written at every level of the log: alarms stand on it. */
  readonly level?: LogLevel;
  readonly message: string;
  readonly metrics: readonly MetricValue[];
  /**
   * Each set is a metric of its own for every name above, with the stage as one more dimension, and is paid as such: only what
   * has few values, known from the code or the config. Default: the stage alone.
   */
  readonly dimensions?: readonly Readonly<Record<string, string>>[];
  /** Ids and numbers for who reads the log; never content, never a secret. */
  readonly properties?: Readonly<Record<string, unknown>>;
  /** Unix time, ms. Default: now. */
  readonly atMs?: number;
}

/** Writes a line; nothing when no metric has a value. */
export type WriteMetrics = (line: MetricLine) => void;

/** A writer for a stage. `write` gets whole lines. */
export function createMetricWriter({
  write,
  stage,
  nowMs,
}: {
  readonly write: (line: string) => void;
  readonly stage: string;
  /** Unix time, ms. */
  readonly nowMs: () => number;
}): WriteMetrics {
  return ({ level = "info", message, metrics, dimensions = [{}], properties = {}, atMs = nowMs() }) => {
    const emf = new Metrics({ namespace: METRIC_NAMESPACE });
    // Powertools adds a dimension `service` by itself, which would be a different metric.
    emf.clearDefaultDimensions();
    emf.setDefaultDimensions({ stage });
    for (const set of dimensions) emf.addDimensions({ ...set });
    for (const { name, unit, value } of metrics) {
      const values = typeof value === "number" ? [value] : value.slice(0, MAX_VALUES);
      for (const one of values) emf.addMetric(name, unit, one);
    }
    if (!emf.hasStoredMetrics()) return;
    const { _aws, ...fields } = emf.serializeMetrics();
    const line = {
      time: new Date(atMs).toISOString(),
      level,
      message,
      ...properties,
      // Not by `setTimestamp`, which holds the time against the machine's clock and not against ours.
      _aws: { ..._aws, Timestamp: atMs },
      ...fields,
    };
    write(`${JSON.stringify(line)}\n`);
  };
}

import { events } from "./events.ts";
import { type Metric, periodSeconds } from "./metric.ts";
import { observability } from "./observability.ts";
import { stageName } from "./stage.ts";

/** When an alarm rings. */
export interface AlarmArgs {
  /** What has happened, as a sentence. The runbook's section, which has the alarm's name, is added to it. */
  meaning: string;
  /** Rings above it. */
  threshold: number;
  /** Periods in a row that are looked at, and how many of them must be above the threshold. Default: one of one. */
  periods?: { above: number; of: number };
}

/** One metric, and how the values of a period become one. */
export interface Measured {
  metric: Metric;
  /** `Sum`, `Maximum`, `Minimum` or a percentile such as `p95`. */
  statistic: string;
}

/** An alarm on one metric. No data is an idle stage, and no reason to ring. */
export function alarm(name: string, { metric, statistic }: Measured, args: AlarmArgs) {
  return create(name, args, {
    namespace: metric.namespace,
    metricName: metric.metricName,
    dimensions: metric.dimensions,
    period: periodSeconds,
    ...(statistic.startsWith("p") ? { extendedStatistic: statistic } : { statistic }),
  });
}

/** An alarm on what an expression makes of several metrics, which it calls by the names given here. */
export function alarmOn(
  name: string,
  expression: string,
  metrics: Record<string, Measured>,
  args: AlarmArgs,
) {
  return create(name, args, {
    metricQueries: [
      { id: "result", expression, label: name, returnData: true },
      ...Object.entries(metrics).map(([id, { metric, statistic }]) => ({
        id,
        returnData: false,
        metric: { ...metric, stat: statistic, period: periodSeconds },
      })),
    ],
  });
}

/** Every alarm tells the topic of operators when it rings and when it is over. */
function create(
  name: string,
  { meaning, threshold, periods = { above: 1, of: 1 } }: AlarmArgs,
  what: Partial<aws.cloudwatch.MetricAlarmArgs>,
) {
  if (!observability.alarms) return undefined;
  return new aws.cloudwatch.MetricAlarm(pascalCase(name), {
    name: stageName(name),
    alarmDescription: `Sluice: ${meaning} What to do: ${observability.runbook}#${name}`,
    comparisonOperator: "GreaterThanThreshold",
    threshold,
    evaluationPeriods: periods.of,
    datapointsToAlarm: periods.above,
    treatMissingData: "notBreaching",
    alarmActions: [events.arn],
    okActions: [events.arn],
    ...what,
  });
}

function pascalCase(name: string): string {
  return name.replace(/(^|-)([a-z])/g, (_match, _hyphen, letter: string) => letter.toUpperCase());
}

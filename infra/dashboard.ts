/**
 * The dashboard of a stage: what is going on in the first two rows, why in the others. Plots of one kind by drain, provider or kind
 * of error search for what there is, so that a new drain shows up by itself.
 */
import { alarms } from "./alarms.ts";
import { flusher } from "./flusher.ts";
import { gateway } from "./gateway.ts";
import { lambdaMetric, type Metric, periodSeconds, queueMetric, sluiceMetric } from "./metric.ts";
import { observability } from "./observability.ts";
import { stageName } from "./stage.ts";

type Statistic = "Sum" | "Maximum" | "Average" | "p50" | "p95" | "p99";

/** A line of a plot: a metric, or all metrics that an expression finds. */
type Plotted = readonly [Metric, Statistic, label: string] | { readonly expression: string };

const columns = 24;
const region = aws.getRegionOutput().region;

/** A metric by each value of one of its dimensions. */
function by(dimension: string, metricName: string, statistic: Statistic): Plotted {
  const search = `{Sluice,stage,${dimension}} MetricName="${metricName}" stage="${$app.stage}"`;
  return { expression: `SEARCH('${search}', '${statistic}', ${periodSeconds})` };
}

function metricsOf(plotted: readonly Plotted[]): unknown[] {
  return plotted.map((one) => {
    if ("expression" in one) return [{ expression: one.expression, label: "" }];
    const [{ namespace, metricName, dimensions }, stat, label] = one;
    return [namespace, metricName, ...Object.entries(dimensions).flat(), { stat, label }];
  });
}

function plot(title: string, plotted: readonly Plotted[], yAxisLabel: string): object {
  const yAxis = { left: { min: 0, label: yAxisLabel, showUnits: false } };
  return {
    type: "metric",
    properties: {
      title,
      region,
      view: "timeSeries",
      stacked: false,
      period: periodSeconds,
      yAxis,
      metrics: metricsOf(plotted),
    },
  };
}

/** The latest numbers, or those of the whole time that is shown. */
function numbers(title: string, plotted: readonly Plotted[], wholeTime: boolean): object {
  return {
    type: "metric",
    properties: {
      title,
      region,
      view: "singleValue",
      period: periodSeconds,
      setPeriodToTimeRange: wholeTime,
      metrics: metricsOf(plotted),
    },
  };
}

/** Puts widgets side by side, all of a height, as wide as the dashboard. */
function row(height: number, ...widgets: readonly object[]) {
  return { height, widgets };
}

const rows = [
  row(3, {
    type: "alarm",
    properties: { title: `Sluice ${$app.stage}: what rings`, alarms: alarms.map(({ arn }) => arn) },
  }),
  row(
    4,
    numbers(
      "Traffic and cost, in the time shown",
      [
        [sluiceMetric("Calls"), "Sum", "calls"],
        [sluiceMetric("Errors"), "Sum", "errors"],
        [sluiceMetric("Refusals"), "Sum", "refusals"],
        [sluiceMetric("CostUsd"), "Sum", "US dollars"],
      ],
      true,
    ),
    numbers(
      "Delivery, now",
      [
        [queueMetric("ApproximateNumberOfMessagesVisible"), "Maximum", "waiting"],
        [queueMetric("ApproximateNumberOfMessagesVisible", "deadLetters"), "Maximum", "dead letters"],
        [sluiceMetric("OldestOpenSeconds"), "Maximum", "oldest call on its way, s"],
        [sluiceMetric("Unaccounted"), "Maximum", "unaccounted"],
      ],
      false,
    ),
  ),
  row(
    6,
    plot(
      "Traffic",
      [
        [sluiceMetric("Calls"), "Sum", "calls"],
        [sluiceMetric("Errors"), "Sum", "errors"],
        [sluiceMetric("Refusals"), "Sum", "refusals"],
        [sluiceMetric("UnauthenticatedCalls"), "Sum", "without a valid key"],
      ],
      "calls in 5 min",
    ),
    plot(
      "Latency",
      [
        [sluiceMetric("TimeToFirstTokenMs"), "p50", "first token, p50"],
        [sluiceMetric("TimeToFirstTokenMs"), "p95", "first token, p95"],
        [sluiceMetric("DurationMs"), "p50", "whole call, p50"],
        [sluiceMetric("DurationMs"), "p95", "whole call, p95"],
      ],
      "ms",
    ),
    plot(
      "What Sluice adds",
      [
        [sluiceMetric("OverheadMs"), "p50", "before the provider, p50"],
        [sluiceMetric("OverheadMs"), "p95", "before the provider, p95"],
        [sluiceMetric("EnqueueMs"), "p50", "the record's way to safety, p50"],
        [sluiceMetric("EnqueueMs"), "p95", "the record's way to safety, p95"],
      ],
      "ms",
    ),
  ),
  row(
    6,
    plot("Errors by kind", [by("errorKind", "Errors", "Sum")], "calls in 5 min"),
    plot(
      "Errors by provider, retries, fallbacks",
      [
        by("provider", "ProviderErrors", "Sum"),
        [sluiceMetric("Retries"), "Sum", "retries"],
        [sluiceMetric("Fallbacks"), "Sum", "fallbacks"],
      ],
      "in 5 min",
    ),
    plot("Calls by endpoint", [by("endpoint", "Calls", "Sum")], "calls in 5 min"),
  ),
  row(
    6,
    plot("Cost", [[sluiceMetric("CostUsd"), "Sum", "US dollars"]], "USD in 5 min"),
    plot(
      "Tokens",
      [
        [sluiceMetric("InputTokens"), "Sum", "input"],
        [sluiceMetric("OutputTokens"), "Sum", "output"],
      ],
      "tokens in 5 min",
    ),
    plot(
      "Budgets",
      [
        by("thresholdPercent", "BudgetThresholdReached", "Sum"),
        [sluiceMetric("Refusals", { refusalKind: "budget_exceeded" }), "Sum", "refused by a budget"],
        [sluiceMetric("UnpricedCalls"), "Sum", "calls without a price"],
      ],
      "in 5 min",
    ),
  ),
  row(
    6,
    plot(
      "Queue",
      [
        [queueMetric("ApproximateNumberOfMessagesVisible"), "Maximum", "waiting"],
        [queueMetric("ApproximateNumberOfMessagesNotVisible"), "Maximum", "at work, or waiting for a drain"],
        [queueMetric("ApproximateNumberOfMessagesDelayed"), "Maximum", "delayed"],
        [queueMetric("ApproximateNumberOfMessagesVisible", "deadLetters"), "Maximum", "dead letters"],
      ],
      "messages",
    ),
    plot(
      "Age",
      [
        [sluiceMetric("AgeAtDeliverySeconds"), "p50", "at delivery, p50"],
        [sluiceMetric("AgeAtDeliverySeconds"), "Maximum", "at delivery, oldest"],
        [sluiceMetric("OldestOpenSeconds"), "Maximum", "oldest on its way, by the hour"],
        [queueMetric("ApproximateAgeOfOldestMessage"), "Maximum", "oldest message"],
      ],
      "s",
    ),
    plot(
      "Accepted = delivered + parked + in flight",
      [
        [sluiceMetric("Accepted"), "Maximum", "accepted"],
        [sluiceMetric("Delivered"), "Maximum", "delivered"],
        [sluiceMetric("Parked"), "Maximum", "parked"],
        [sluiceMetric("InFlight"), "Maximum", "in flight"],
        [sluiceMetric("Unreadable"), "Maximum", "unreadable"],
      ],
      "calls of 42 days",
    ),
  ),
  row(
    6,
    plot(
      "Drains: traces",
      [
        by("drain", "TracesDelivered", "Sum"),
        by("drain", "TracesRejected", "Sum"),
        by("drain", "TracesRetried", "Sum"),
      ],
      "traces in 5 min",
    ),
    plot(
      "Drains: export time, breaker, refusals",
      [
        by("drain", "ExportMs", "p95"),
        by("drain", "BreakerOpen", "Maximum"),
        by("drain", "DrainRefused", "Sum"),
      ],
      "ms; 1 = open",
    ),
    plot(
      "Batches",
      [
        [sluiceMetric("BatchSize"), "Average", "batch size"],
        [sluiceMetric("RecordsDelivered"), "Sum", "delivered"],
        [sluiceMetric("RecordsRetried"), "Sum", "to come back"],
        [sluiceMetric("RecordsParked"), "Sum", "parked"],
        [sluiceMetric("DuplicatesSuppressed"), "Sum", "duplicates suppressed"],
        [sluiceMetric("SettleConflicts"), "Sum", "settle conflicts"],
      ],
      "records in 5 min",
    ),
  ),
  row(
    6,
    plot(
      "Records that took the long way",
      [
        [sluiceMetric("Spills"), "Sum", "to the bucket"],
        [sluiceMetric("LogFallbacks"), "Sum", "to the log"],
      ],
      "records in 5 min",
    ),
    plot(
      "Functions: errors and throttles",
      [
        [lambdaMetric("Errors", gateway.name), "Sum", "gateway errors"],
        [lambdaMetric("Throttles", gateway.name), "Sum", "gateway throttles"],
        [lambdaMetric("Errors", flusher.name), "Sum", "flusher errors"],
        [lambdaMetric("Throttles", flusher.name), "Sum", "flusher throttles"],
      ],
      "invocations in 5 min",
    ),
    plot(
      "Functions at the same time",
      [
        [lambdaMetric("ConcurrentExecutions", gateway.name), "Maximum", "gateway"],
        [lambdaMetric("ConcurrentExecutions", flusher.name), "Maximum", "flusher"],
      ],
      "instances",
    ),
  ),
];

/** The widgets with their places. */
function laidOut(): object[] {
  let y = 0;
  return rows.flatMap(({ height, widgets }) => {
    const width = columns / widgets.length;
    const placed = widgets.map((widget, index) => ({ ...widget, x: index * width, y, width, height }));
    y += height;
    return placed;
  });
}

/** The dashboard, or undefined when it is off. */
export const dashboard = observability.dashboard
  ? new aws.cloudwatch.Dashboard("Dashboard", {
      dashboardName: stageName("dashboard"),
      dashboardBody: $jsonStringify({ start: "-PT3H", periodOverride: "inherit", widgets: laidOut() }),
    })
  : undefined;

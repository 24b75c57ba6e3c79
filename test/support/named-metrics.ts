/** The metrics that alarms and dashboard name, read out of the resources that `sst.config.ts` asks for. */
import * as z from "zod";
import { inputsOf, type ResourceGraph, resourcesOf } from "../infra/evaluator/graph.ts";

const ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm";
const DASHBOARD = "aws:cloudwatch/dashboard:Dashboard";

/** A metric as somebody names it. A dimension without a value is one that is searched for: any value will do. */
export interface NamedMetric {
  /** The alarm's name, or the title of the dashboard's widget. */
  readonly by: string;
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string | undefined>>;
}

const metricFields = z.object({
  namespace: z.string(),
  metricName: z.string(),
  dimensions: z.record(z.string(), z.string()),
});

const alarmInputs = z.looseObject({
  name: z.string(),
  namespace: z.string().optional(),
  metricQueries: z.array(z.looseObject({ metric: metricFields.optional() })).optional(),
});

const dashboardBody = z.looseObject({
  widgets: z.array(
    z.looseObject({
      type: z.string(),
      x: z.number(),
      y: z.number(),
      width: z.number(),
      height: z.number(),
      properties: z.looseObject({
        title: z.string(),
        alarms: z.array(z.string()).optional(),
        metrics: z.array(z.array(z.unknown())).optional(),
      }),
    }),
  ),
});

/** The widgets of the dashboard. Throws when it is none that CloudWatch could read. */
export function widgetsOf(graph: ResourceGraph) {
  const { dashboardBody: body } = inputsOf(graph, DASHBOARD, "Dashboard");
  return dashboardBody.parse(JSON.parse(z.string().parse(body))).widgets;
}

/** Every metric that an alarm stands on. */
export function metricsOfAlarms(graph: ResourceGraph): readonly NamedMetric[] {
  return resourcesOf(graph, ALARM).flatMap(({ inputs }) => {
    const { name: by, namespace, metricQueries = [] } = alarmInputs.parse(inputs);
    const own = namespace === undefined ? [] : [metricFields.parse(inputs)];
    const metrics = [...own, ...metricQueries.flatMap(({ metric }) => metric ?? [])];
    return metrics.map(({ metricName, ...metric }) => ({ by, name: metricName, ...metric }));
  });
}

/** Every metric that the dashboard plots, those that it searches for included. */
export function metricsOfDashboard(graph: ResourceGraph): readonly NamedMetric[] {
  return widgetsOf(graph).flatMap(({ properties: { title, metrics = [] } }) =>
    metrics.map((row) => ({ by: title, ...(searched(row) ?? plotted(row)) })),
  );
}

/** `[namespace, name, dimension, value, …, options]` (CloudWatch, "Dashboard body structure and syntax"). */
function plotted(row: readonly unknown[]): Omit<NamedMetric, "by"> {
  const [namespace = "", name = "", ...pairs] = z.array(z.string()).parse(row.slice(0, -1));
  const dimensions: Record<string, string> = {};
  for (let index = 0; index < pairs.length; index += 2) {
    dimensions[pairs[index] ?? ""] = z.string().parse(pairs[index + 1]);
  }
  return { namespace, name, dimensions };
}

/** `SEARCH('{namespace,dimension,…} MetricName="name" stage="value"', 'statistic', period)`. */
function searched([first]: readonly unknown[]): Omit<NamedMetric, "by"> | undefined {
  const options = z.object({ expression: z.string() }).safeParse(first);
  if (!options.success) return undefined;
  const found = /^SEARCH\('\{([^}]+)\} MetricName="(\w+)" stage="(\w+)"', '\w+', \d+\)$/.exec(
    options.data.expression,
  );
  if (!found) throw new Error(`no search that this test understands: ${options.data.expression}`);
  const [, schema = "", name = "", stage = ""] = found;
  const [namespace = "", ...names] = schema.split(",");
  const dimensions = Object.fromEntries(
    names.map((dimension) => [dimension, dimension === "stage" ? stage : undefined]),
  );
  return { namespace, name, dimensions };
}

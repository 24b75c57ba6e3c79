/** Lines of the embedded metric format: how a test makes them, reads them, and finds the metrics in them. */
import { createMetricWriter, type WriteMetrics } from "@sluice/aws/metric-writer";
import * as z from "zod";

/** A line as CloudWatch reads it (CloudWatch documentation, "Specification: Embedded metric format"). */
const metricLine = z.looseObject({
  _aws: z.object({
    Timestamp: z.number(),
    CloudWatchMetrics: z
      .array(
        z.object({
          Namespace: z.string().min(1),
          Dimensions: z.array(z.array(z.string()).max(30)).min(1),
          Metrics: z
            .array(z.object({ Name: z.string().min(1), Unit: z.string() }))
            .min(1)
            .max(100),
        }),
      )
      .min(1),
  }),
});

/** See `metricLine`. */
export type ReadMetricLine = z.infer<typeof metricLine>;

/** One metric as CloudWatch would have it: a name with values of all its dimensions. */
export interface EmittedMetric {
  readonly namespace: string;
  readonly name: string;
  readonly unit: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly values: readonly number[];
}

/** A writer and what it wrote. */
export function metricLines(stage = "test", nowMs = () => 0) {
  const written: string[] = [];
  const write: WriteMetrics = createMetricWriter({ write: (line) => written.push(line), stage, nowMs });
  return { write, lines: () => written.map((line) => metricLine.parse(JSON.parse(line))) };
}

/** The line in text that has one, whatever a log put before it. Throws when CloudWatch could not read it. */
export function readMetricLine(text: string): ReadMetricLine | undefined {
  const start = text.indexOf("{");
  if (start < 0 || !text.includes('"_aws"')) return undefined;
  return metricLine.parse(JSON.parse(text.slice(start)));
}

/** Every metric of a line. Throws when it names a dimension or a metric for which it has no value. */
export function metricsOf(line: ReadMetricLine): readonly EmittedMetric[] {
  return line._aws.CloudWatchMetrics.flatMap(({ Namespace, Dimensions, Metrics }) =>
    Dimensions.flatMap((set) =>
      Metrics.map(({ Name, Unit }) => ({
        namespace: Namespace,
        name: Name,
        unit: Unit,
        dimensions: Object.fromEntries(set.map((name) => [name, z.string().min(1).parse(line[name])])),
        values: numbers.parse(line[Name]),
      })),
    ),
  );
}

const numbers = z
  .union([z.number(), z.array(z.number()).min(1).max(100)])
  .transform((value) => [value].flat());

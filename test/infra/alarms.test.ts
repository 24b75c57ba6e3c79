/** What rings, when, and whom it tells. */
import { rm } from "node:fs/promises";
import { createDeliveryMetrics } from "@sluice/aws";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Evaluation, evaluate } from "./evaluator/evaluate.ts";
import { inputsOf, resourcesOf } from "./evaluator/graph.ts";

let graph: Evaluation;
beforeAll(async () => {
  graph = await evaluate({ stage: "test" });
}, 60_000);
afterAll(() => rm(graph.workDirectory, { recursive: true }));

const ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm";
const alarm = () => inputsOf(graph, ALARM, "Unaccounted");

describe("the alarm of calls that are not accounted for", () => {
  test("is the only one", () => {
    expect(resourcesOf(graph, ALARM)).toHaveLength(1);
  });

  test("rings after three sweeps in a row that find one or more, and not while there is nothing to count", () => {
    expect(alarm()).toMatchObject({
      name: "sluice-test-unaccounted",
      statistic: "Maximum",
      comparisonOperator: "GreaterThanThreshold",
      threshold: 0,
      period: 300,
      evaluationPeriods: 3,
      datapointsToAlarm: 3,
      treatMissingData: "notBreaching",
    });
    expect(inputsOf(graph, "aws:cloudwatch/eventRule:EventRule", "SweepRule")).toMatchObject({
      scheduleExpression: "rate(5 minutes)",
    });
  });

  test("tells the topic of operators when it rings and when it is over", () => {
    const topic = graph.outputs["eventsTopic"];
    expect(topic).toMatch(/^arn:aws:sns:/);
    expect(alarm()).toMatchObject({ alarmActions: [topic], okActions: [topic] });
  });

  test("stands on the metric that the flusher writes", () => {
    const lines: string[] = [];
    const publish = createDeliveryMetrics({
      write: (line) => lines.push(line),
      stage: "test",
      nowMs: () => 0,
    });
    publish({ accepted: 1, delivered: 0, parked: 0, inFlight: 1, unreadable: 0, unaccounted: 1 });
    const line = JSON.parse(lines[0] ?? "");
    const { namespace, metricName, dimensions } = alarm();
    const [written] = line._aws.CloudWatchMetrics;
    expect(namespace).toBe(written.Namespace);
    expect(written.Metrics).toContainEqual({ Name: metricName, Unit: "Count" });
    expect(line[String(metricName)]).toBe(1);
    expect(dimensions).toEqual(
      Object.fromEntries(written.Dimensions[0].map((name: string) => [name, line[name]])),
    );
  });
});

/** What rings, when, whom it tells, and where it says what to do. */
import { readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as z from "zod";
import { alarmThresholds } from "../../infra/observability.ts";
import { metricsOfAlarms } from "../support/named-metrics.ts";
import { type Evaluation, evaluate, root } from "./evaluator/evaluate.ts";
import { inputsOf, resourcesOf } from "./evaluator/graph.ts";

let graph: Evaluation;
beforeAll(async () => {
  graph = await evaluate({ stage: "test" });
}, 60_000);
afterAll(() => rm(graph.workDirectory, { recursive: true }));

const ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm";
const alarms = () => resourcesOf(graph, ALARM).map(({ inputs }) => alarmInputs.parse(inputs));
const alarm = (name: string) => inputsOf(graph, ALARM, name);

const alarmInputs = z.looseObject({
  name: z.string(),
  alarmDescription: z.string(),
  threshold: z.number(),
  comparisonOperator: z.string(),
  treatMissingData: z.string(),
  alarmActions: z.array(z.string()),
  okActions: z.array(z.string()),
});

const ownName = ({ name }: { readonly name: string }) => name.replace("sluice-test-", "");

test("there is an alarm for each thing that an operator should know before a user does", () => {
  expect(alarms().map(ownName).toSorted()).toEqual([
    "budget-used-up",
    "dead-letters",
    "delivery-behind",
    "drain-refused",
    "flusher-duration",
    "flusher-errors",
    "flusher-throttles",
    "gateway-duration",
    "gateway-errors",
    "gateway-throttles",
    "internal-errors",
    "log-fallbacks",
    "overhead",
    "provider-errors",
    "queue-not-read",
    "records-parked",
    "retention-near",
    "spills",
    "unaccounted",
    "unauthenticated-calls",
    "unpriced-calls",
  ]);
});

describe("every alarm", () => {
  test("tells the one topic of operators when it rings and when it is over", () => {
    const topic = graph.outputs["eventsTopic"];
    expect(topic).toMatch(/^arn:aws:sns:/);
    expect(resourcesOf(graph, "aws:sns/topic:Topic")).toHaveLength(1);
    for (const one of alarms()) expect(one).toMatchObject({ alarmActions: [topic], okActions: [topic] });
  });

  test("says what has happened, and names a section of the runbook that is there", () => {
    const runbook = readFileSync(join(root, "docs/operations.md"), "utf8");
    const sections = [...runbook.matchAll(/^### (\S+)$/gm)].map(([, heading]) => heading);
    for (const one of alarms()) {
      const section = ownName(one);
      expect(one.alarmDescription).toMatch(/^Sluice: .+\. What to do: /);
      expect(one.alarmDescription).toMatch(new RegExp(`docs/operations\\.md#${section}$`));
      expect(sections).toContain(section);
    }
  });

  test("rings above its threshold, and never for want of data, which is an idle stage", () => {
    for (const one of alarms()) {
      expect(one).toMatchObject({
        comparisonOperator: "GreaterThanThreshold",
        treatMissingData: "notBreaching",
      });
    }
  });

  test("stands on metrics of this stage, its functions and its queues", () => {
    const dimensions = metricsOfAlarms(graph).map((metric) => JSON.stringify(metric.dimensions));
    for (const one of dimensions) expect(one).toMatch(/"stage":"test"|sluice-test-/);
  });
});

/** What an alarm of a single metric looks at. */
const SINGLE: readonly [name: string, metric: string, statistic: string, threshold: number][] = [
  ["Unaccounted", "Unaccounted", "Maximum", 0],
  ["LogFallbacks", "LogFallbacks", "Sum", 0],
  ["Spills", "Spills", "Sum", 0],
  ["DeadLetters", "ApproximateNumberOfMessagesVisible", "Maximum", 0],
  ["RecordsParked", "RecordsParked", "Sum", 0],
  ["DeliveryBehind", "OldestOpenSeconds", "Maximum", 21_600],
  ["DrainRefused", "DrainRefused", "Sum", 0],
  ["FlusherErrors", "Errors", "Sum", 0],
  ["FlusherThrottles", "Throttles", "Sum", 0],
  ["FlusherDuration", "Duration", "Maximum", 270_000],
  ["GatewayErrors", "Errors", "Sum", 5],
  ["GatewayThrottles", "Throttles", "Sum", 0],
  ["GatewayDuration", "Duration", "Maximum", 810_000],
  ["InternalErrors", "Errors", "Sum", 0],
  ["UnauthenticatedCalls", "UnauthenticatedCalls", "Sum", 500],
  ["BudgetUsedUp", "BudgetThresholdReached", "Sum", 0],
  ["UnpricedCalls", "UnpricedCalls", "Sum", 0],
];

test.each(SINGLE)("%s looks at %s (%s) above %d", (name, metricName, statistic, threshold) => {
  expect(alarm(name)).toMatchObject({ metricName, statistic, threshold, period: 300 });
});

test("the overhead is a percentile, so that one slow call does not ring", () => {
  expect(alarm("Overhead")).toMatchObject({
    metricName: "OverheadMs",
    extendedStatistic: "p95",
    threshold: 500,
  });
});

test("calls that are not accounted for ring after three sweeps in a row, as often as the sweep runs", () => {
  expect(alarm("Unaccounted")).toMatchObject({ period: 300, evaluationPeriods: 3, datapointsToAlarm: 3 });
  expect(inputsOf(graph, "aws:cloudwatch/eventRule:EventRule", "SweepRule")).toMatchObject({
    scheduleExpression: "rate(5 minutes)",
  });
});

test("a queue that nobody reads rings, and one whose messages are delayed or wait for a drain does not", () => {
  const { metricQueries } = z
    .object({ metricQueries: z.array(z.looseObject({ id: z.string(), expression: z.string().optional() })) })
    .parse(alarm("QueueNotRead"));
  expect(metricQueries.map(({ expression }) => expression ?? "")).toContain(
    "IF(waiting > 0 AND FILL(received, 0) == 0, 1, 0)",
  );
  // Visible messages are those that could be received: SQS counts delayed and hidden ones apart.
  expect(metricQueries).toContainEqual(
    expect.objectContaining({
      id: "waiting",
      metric: expect.objectContaining({
        metricName: "ApproximateNumberOfMessagesVisible",
        stat: "Minimum",
      }) as unknown,
    }),
  );
});

test("the queue's retention is near long before a record is parked for its age", () => {
  const parkedAfterSeconds = 13 * 24 * 3600;
  expect(alarm("RetentionNear")).toMatchObject({ threshold: alarmThresholds.retentionNearSeconds });
  expect(alarmThresholds.retentionNearSeconds).toBeLessThan(parkedAfterSeconds);
  expect(alarmThresholds.deliveryBehindSeconds).toBeLessThan(alarmThresholds.retentionNearSeconds);
});

test("few calls that fail do not ring, many do", () => {
  const { metricQueries } = z
    .object({ metricQueries: z.array(z.looseObject({ expression: z.string().optional() })) })
    .parse(alarm("ProviderErrors"));
  expect(metricQueries.map(({ expression }) => expression ?? "")).toContain(
    "IF(calls >= 20, 100 * FILL(errors, 0) / calls, 0)",
  );
});

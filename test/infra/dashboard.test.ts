/** What an operator sees at a glance, and what is off until it is asked for. */
import { readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as z from "zod";
import { metricsOfAlarms, metricsOfDashboard, widgetsOf } from "../support/named-metrics.ts";
import { type Evaluation, evaluate, root } from "./evaluator/evaluate.ts";
import { inputsOf, resourcesOf } from "./evaluator/graph.ts";

let graph: Evaluation;
let traced: Evaluation;
beforeAll(async () => {
  graph = await evaluate({ stage: "test" });
  traced = await evaluate({
    stage: "test",
    environment: { SLUICE_PREBUILT: "1", SLUICE_XRAY: "1", SLUICE_LOG_LEVEL: "debug" },
  });
}, 120_000);
afterAll(() =>
  Promise.all([graph, traced].map(({ workDirectory }) => rm(workDirectory, { recursive: true }))),
);

describe("the dashboard", () => {
  test("is the stage's own, and its name is among the outputs", () => {
    expect(inputsOf(graph, "aws:cloudwatch/dashboard:Dashboard", "Dashboard")).toMatchObject({
      dashboardName: "sluice-test-dashboard",
    });
    expect(graph.outputs).toMatchObject({ dashboard: "sluice-test-dashboard" });
  });

  test("shows every alarm at its top", () => {
    const [first] = widgetsOf(graph);
    expect(first).toMatchObject({ type: "alarm", x: 0, y: 0, width: 24 });
    expect(first?.properties.alarms).toHaveLength(
      resourcesOf(graph, "aws:cloudwatch/metricAlarm:MetricAlarm").length,
    );
  });

  test("shows traffic, cost and delivery as numbers next, and then plots of each", () => {
    const titles = widgetsOf(graph).map(({ properties }) => properties.title);
    expect(titles.slice(1, 3)).toEqual(["Traffic and cost, in the time shown", "Delivery, now"]);
    expect(titles).toEqual(
      expect.arrayContaining(["Traffic", "Latency", "What Sluice adds", "Cost", "Budgets", "Queue", "Age"]),
    );
  });

  test("has widgets that fill its 24 columns and do not overlap", () => {
    const rows = Map.groupBy(widgetsOf(graph), ({ y }) => y);
    let bottom = 0;
    for (const [y, widgets] of rows) {
      expect(y).toBe(bottom);
      let right = 0;
      for (const { x, width } of widgets) {
        expect(x).toBe(right);
        right += width;
      }
      expect(right).toBe(24);
      bottom += widgets[0]?.height ?? 0;
    }
  });

  test("plots every metric that an alarm stands on and Sluice writes, so that whoever is rung up sees why", () => {
    const shown = metricsOfDashboard(graph).map(({ namespace, name }) => `${namespace} ${name}`);
    const rung = metricsOfAlarms(graph).filter(({ namespace }) => namespace === "Sluice");
    for (const { namespace, name } of rung) expect(shown).toContain(`${namespace} ${name}`);
  });

  test("plots nothing of another stage", () => {
    const foreign = metricsOfDashboard(graph).filter(({ namespace, dimensions }) =>
      namespace === "Sluice"
        ? dimensions["stage"] !== "test"
        : !JSON.stringify(dimensions).includes("sluice-test-"),
    );
    expect(foreign).toEqual([]);
  });
});

test("every metric that is named is explained in the runbook", () => {
  const runbook = readFileSync(join(root, "docs/operations.md"), "utf8");
  const metrics = [...metricsOfAlarms(graph), ...metricsOfDashboard(graph)];
  const own = new Set(metrics.flatMap(({ namespace, name }) => (namespace === "Sluice" ? name : [])));
  expect([...own].filter((name) => !runbook.includes(`\`${name}\``))).toEqual([]);
});

describe("X-Ray and the level of the log", () => {
  const FUNCTION = "aws:lambda/function:Function";
  const permissions = (of: Evaluation) => JSON.stringify(resourcesOf(of, "aws:iam/role:Role"));

  test("X-Ray is off, with no permission for it, unless a deploy asks for it", () => {
    for (const { inputs } of resourcesOf(graph, FUNCTION)) expect(inputs).not.toHaveProperty("tracingConfig");
    expect(permissions(graph)).not.toContain("xray:");
    for (const { inputs } of resourcesOf(traced, FUNCTION)) {
      expect(inputs).toMatchObject({ tracingConfig: { mode: "Active" } });
    }
    expect(permissions(traced)).toContain("xray:PutTraceSegments");
  });

  test("the log's level is the deploy's", () => {
    const level = z.looseObject({ environment: z.object({ variables: z.record(z.string(), z.string()) }) });
    const levels = (of: Evaluation) =>
      resourcesOf(of, FUNCTION).map(
        ({ inputs }) => level.parse(inputs).environment.variables["SLUICE_LOG_LEVEL"],
      );
    expect(levels(graph)).toEqual(["info", "info"]);
    expect(levels(traced)).toEqual(["debug", "debug"]);
  });
});

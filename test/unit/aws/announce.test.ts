import { createAnnounce } from "@sluice/aws/announce";
import { parseUsd } from "@sluice/prices";
import { expect, it } from "vitest";
import { metricLines } from "../../support/metric-lines.ts";

it("tells of a budget in one log line that CloudWatch reads as a metric, without who it is about as a dimension", async () => {
  const { write, lines } = metricLines();
  await createAnnounce(
    undefined,
    write,
  )({
    ownerKind: "key",
    ownerId: "key_1",
    periodId: "day#2026-11-21",
    percent: 80,
    limitUsd: "1",
    spent: parseUsd("0.81"),
    atMs: Date.UTC(2026, 10, 21),
    resetsAtMs: Date.UTC(2026, 10, 22),
  });
  expect(lines()).toEqual([
    {
      time: "2026-11-21T00:00:00.000Z",
      level: "warn",
      message: "A budget has reached 80 % of its limit.",
      type: "sluice.budget.threshold",
      ownerKind: "key",
      ownerId: "key_1",
      periodId: "day#2026-11-21",
      percent: 80,
      limitUsd: "1",
      spentUsd: "0.81",
      at: "2026-11-21T00:00:00.000Z",
      resetsAt: "2026-11-22T00:00:00.000Z",
      stage: "test",
      thresholdPercent: "80",
      BudgetThresholdReached: 1,
      _aws: {
        Timestamp: Date.UTC(2026, 10, 21),
        CloudWatchMetrics: [
          {
            Namespace: "Sluice",
            Dimensions: [["stage", "thresholdPercent"]],
            Metrics: [{ Name: "BudgetThresholdReached", Unit: "Count" }],
          },
        ],
      },
    },
  ]);
});

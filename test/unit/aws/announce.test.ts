import { createAnnounce } from "@sluice/aws/announce";
import { parseUsd } from "@sluice/prices";
import { expect, it } from "vitest";

it("tells of a budget in one log line that CloudWatch reads as a metric, without who it is about as a dimension", async () => {
  const lines: { message: string; fields: Readonly<Record<string, unknown>> }[] = [];
  const log = (message: string, fields: Readonly<Record<string, unknown>>) => {
    lines.push({ message, fields });
  };
  await createAnnounce(undefined, { error: log, warn: log })({
    ownerKind: "key",
    ownerId: "key_1",
    periodId: "day#2026-11-21",
    percent: 80,
    limitUsd: "1",
    spent: parseUsd("0.81"),
    atMs: Date.UTC(2026, 10, 21),
    resetsAtMs: Date.UTC(2026, 10, 22),
  });
  expect(lines).toHaveLength(1);
  expect(lines[0]?.fields).toMatchObject({
    type: "sluice.budget.threshold",
    ownerId: "key_1",
    spentUsd: "0.81",
    resetsAt: "2026-11-22T00:00:00.000Z",
    BudgetThresholdReached: 1,
    budgetOwner: "key",
    thresholdPercent: "80",
    _aws: {
      CloudWatchMetrics: [
        {
          Namespace: "Sluice",
          Dimensions: [["budgetOwner", "thresholdPercent"]],
          Metrics: [{ Name: "BudgetThresholdReached", Unit: "Count" }],
        },
      ],
    },
  });
});

import { createDrainAlarm } from "@sluice/aws/drain-alarm";
import { expect, it } from "vitest";

it.each([
  ["keys_missing", /Store the drain's Langfuse keys/],
  ["keys_malformed", /docs\/drains\.md.+No restart/],
  ["keys_refused", /Create new ones/],
  ["access_denied", /organisation is suspended/],
  ["type_refused", /type to "langfuse".+deploy\.$/],
] as const)("a drain that refuses (%s) is one log line with the remedy, and a metric", (refusal, remedy) => {
  const lines: { message: string; fields: Readonly<Record<string, unknown>> }[] = [];
  const alarm = createDrainAlarm("production", {
    error: (message, fields) => void lines.push({ message, fields }),
  });
  alarm({ drain: "main", refusal, reason: "Langfuse answered with status 401.", traces: 900, atMs: 7 });
  expect(lines).toEqual([
    {
      message: expect.stringContaining('drain "main"') as string,
      fields: {
        type: "sluice.drain.refused",
        remedy: expect.stringMatching(remedy) as string,
        refusal,
        reason: "Langfuse answered with status 401.",
        traces: 900,
        _aws: {
          Timestamp: 7,
          CloudWatchMetrics: [
            {
              Namespace: "Sluice",
              Dimensions: [["stage"], ["stage", "drain"]],
              Metrics: [{ Name: "DrainRefused", Unit: "Count" }],
            },
          ],
        },
        stage: "production",
        drain: "main",
        DrainRefused: 1,
      },
    },
  ]);
});

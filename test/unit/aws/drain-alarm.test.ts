import { createDrainAlarm } from "@sluice/aws/drain-alarm";
import { expect, it } from "vitest";
import { metricLines } from "../../support/metric-lines.ts";

it.each([
  ["keys_missing", /Store the drain's Langfuse keys/],
  ["keys_malformed", /docs\/drains\.md.+No restart/],
  ["keys_refused", /Create new ones/],
  ["access_denied", /organisation is suspended/],
  ["type_refused", /type to "langfuse".+deploy\.$/],
] as const)("a drain that refuses (%s) is one log line with the remedy, and a metric", (refusal, remedy) => {
  const { write, lines } = metricLines("production");
  const alarm = createDrainAlarm(write);
  alarm({ drain: "main", refusal, reason: "Langfuse answered with status 401.", traces: 900, atMs: 7 });
  expect(lines()).toEqual([
    {
      time: "1970-01-01T00:00:00.007Z",
      level: "error",
      message: expect.stringContaining('drain "main"') as string,
      type: "sluice.drain.refused",
      remedy: expect.stringMatching(remedy) as string,
      refusal,
      reason: "Langfuse answered with status 401.",
      traces: 900,
      stage: "production",
      drain: "main",
      DrainRefused: 1,
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
    },
  ]);
});

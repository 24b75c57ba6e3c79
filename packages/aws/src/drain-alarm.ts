/** Tells operators of a drain that takes nothing until somebody acts: a line in the log, which CloudWatch reads as a metric. */
import type { RefusingDrain } from "@sluice/flusher";
import type { WriteMetrics } from "./metric-writer.ts";

const REMEDIES: Readonly<Record<RefusingDrain["refusal"], string>> = {
  keys_missing: "Store the drain's Langfuse keys in the drains' secret.",
  keys_malformed: "Correct what is stored for the drain in the drains' secret; docs/drains.md has its form.",
  keys_refused:
    "The server does not know the drain's credentials. Create new ones (for Langfuse in its project settings), and store them in the drains' secret.",
  access_denied:
    "The server knows the credentials and denies access. See whether the organisation is suspended, and what its plan and its keys allow.",
  type_refused:
    'The server takes no ingestion batches any more. Set the drain\'s type to "langfuse" in sluice.config.ts, and deploy.',
};

/**
 * Writes a line with the remedy and the metric `DrainRefused`, by stage, and by stage and drain. A config has few drains, so that
 * both have few values.
 */
export function createDrainAlarm(write: WriteMetrics): (refusing: RefusingDrain) => void {
  return ({ drain, refusal, reason, traces, atMs }) => {
    write({
      level: "error",
      message: `The drain "${drain}" refuses all traces. They wait in the queue for up to 13 days.`,
      atMs,
      dimensions: [{}, { drain }],
      metrics: [{ name: "DrainRefused", unit: "Count", value: 1 }],
      properties: {
        type: "sluice.drain.refused",
        remedy: REMEDIES[refusal] + (refusal === "type_refused" ? "" : " No restart is needed."),
        refusal,
        reason,
        traces,
      },
    });
  };
}

/** Tells operators of budget events: a line in the log always, a message to a topic when there is one. */
import type { Announce } from "@sluice/flusher";
import { formatUsd } from "@sluice/prices";
import type { WriteMetrics } from "./metric-writer.ts";

/**
 * Announces in a line of the log with the metric `BudgetThresholdReached`, by stage and percent, and to the SNS topic of that ARN,
 * if one is given. The topic's message is JSON; its attributes `ownerKind` and `percent` can be filtered. Throws what the SDK throws.
 */
export function createAnnounce(topicArn: string | undefined, write: WriteMetrics): Announce {
  return async (event) => {
    const { spent, atMs, resetsAtMs, ...rest } = event;
    const message = {
      type: "sluice.budget.threshold",
      ...rest,
      spentUsd: formatUsd(spent),
      at: new Date(atMs).toISOString(),
      ...(resetsAtMs !== undefined && { resetsAt: new Date(resetsAtMs).toISOString() }),
    };
    write({
      level: "warn",
      message: `A budget has reached ${event.percent} % of its limit.`,
      atMs,
      // Whose budget it is is in the line, not in the metric: there may be any number of keys and tenants.
      dimensions: [{ thresholdPercent: String(event.percent) }],
      metrics: [{ name: "BudgetThresholdReached", unit: "Count", value: 1 }],
      properties: message,
    });
    if (!topicArn) return;
    const { PublishCommand, SNSClient } = await import("@aws-sdk/client-sns");
    await new SNSClient({}).send(
      new PublishCommand({
        TopicArn: topicArn,
        Subject: `Sluice: budget of ${event.ownerKind} ${event.ownerId} at ${event.percent} %`.slice(0, 100),
        Message: JSON.stringify(message),
        MessageAttributes: {
          ownerKind: { DataType: "String", StringValue: event.ownerKind },
          percent: { DataType: "Number", StringValue: String(event.percent) },
        },
      }),
    );
  };
}

/** Tells operators of budget events: a line in the log always, a message to a topic when there is one. */
import type { Announce, BudgetEvent, Log } from "@sluice/flusher";
import { formatUsd } from "@sluice/prices";

/**
 * Announces to the SNS topic of that ARN, if one is given. The message is JSON; its attributes `ownerKind` and
 * `percent` can be filtered. Throws what the SDK throws.
 */
export function createAnnounce(topicArn: string | undefined, log: Log): Announce {
  return async (event) => {
    const { spent, atMs, resetsAtMs, ...rest } = event;
    const message = {
      type: "sluice.budget.threshold",
      ...rest,
      spentUsd: formatUsd(spent),
      at: new Date(atMs).toISOString(),
      ...(resetsAtMs !== undefined && { resetsAt: new Date(resetsAtMs).toISOString() }),
    };
    log.warn(`A budget has reached ${event.percent} % of its limit.`, { ...message, ...metric(event) });
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

/**
 * The event as a metric, in the log line itself (CloudWatch embedded metric format). Its dimensions have few values: who it is
 * about is in the line, not in the metric.
 */
function metric({ ownerKind, percent, atMs }: BudgetEvent): Readonly<Record<string, unknown>> {
  return {
    _aws: {
      Timestamp: atMs,
      CloudWatchMetrics: [
        {
          Namespace: "Sluice",
          Dimensions: [["budgetOwner", "thresholdPercent"]],
          Metrics: [{ Name: "BudgetThresholdReached", Unit: "Count" }],
        },
      ],
    },
    budgetOwner: ownerKind,
    thresholdPercent: String(percent),
    BudgetThresholdReached: 1,
  };
}

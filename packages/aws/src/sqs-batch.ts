/** Between Lambda's SQS event and the flusher's own messages. */
import type { QueueMessage } from "@sluice/flusher";
import type { SQSBatchResponse, SQSEvent, SQSMessageAttributes } from "aws-lambda";

/**
 * The event's records as messages. One that was sent afresh to be put off (`put-off.ts`) has what it had behind it before: when the
 * queue first had it, and its receives.
 */
export function toQueueMessages(event: SQSEvent): readonly QueueMessage[] {
  return event.Records.map(({ messageId, body, attributes, messageAttributes }) => {
    const dueAtMs = numberIn(messageAttributes, "dueAtMs");
    return {
      id: messageId,
      body,
      sentAtMs: numberIn(messageAttributes, "sentAtMs") ?? Number(attributes.SentTimestamp),
      receiveCount:
        Number(attributes.ApproximateReceiveCount) + (numberIn(messageAttributes, "receives") ?? 0),
      ...(dueAtMs !== undefined && { dueAtMs }),
    };
  });
}

/** Exactly the messages that must come back: everything else is deleted (`ReportBatchItemFailures`). */
export function toBatchResponse(ids: readonly string[]): SQSBatchResponse {
  return { batchItemFailures: ids.map((itemIdentifier) => ({ itemIdentifier })) };
}

/** A count or time in an attribute. What is none is not from us, and is not there. */
function numberIn(attributes: SQSMessageAttributes, name: string): number | undefined {
  const value = Number(attributes[name]?.stringValue);
  return Number.isSafeInteger(value) && value > 0 ? value : undefined;
}

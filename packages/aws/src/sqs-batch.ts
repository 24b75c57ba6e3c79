/** Between Lambda's SQS event and the flusher's own messages and results. */
import { ChangeMessageVisibilityBatchCommand, type SQSClient } from "@aws-sdk/client-sqs";
import type { FlushResult, QueueMessage } from "@sluice/flusher";
import type { SQSBatchResponse, SQSEvent } from "aws-lambda";

/** Most entries of one batch request (Amazon SQS API reference). */
const MAX_ENTRIES = 10;
/** Longest visibility timeout, seconds (Amazon SQS quotas). */
const MAX_VISIBILITY_SECONDS = 43_200;

/** The event's records as messages. */
export function toQueueMessages(event: SQSEvent): readonly QueueMessage[] {
  return event.Records.map(({ messageId, body, attributes, messageAttributes }) => ({
    id: messageId,
    body,
    sentAtMs: Number(attributes.SentTimestamp),
    receiveCount: Number(attributes.ApproximateReceiveCount),
    attributes: Object.fromEntries(
      Object.entries(messageAttributes).map(([name, { stringValue }]) => [name, stringValue ?? ""]),
    ),
  }));
}

/** Exactly the messages that must come back: everything else is deleted (`ReportBatchItemFailures`). */
export function toBatchResponse(result: FlushResult): SQSBatchResponse {
  return { batchItemFailures: result.failed.map(({ id }) => ({ itemIdentifier: id })) };
}

/** A message that is to come back, and when. */
export interface Postponed {
  readonly messageId: string;
  readonly delayMs: number;
}

/**
 * Makes the messages of an event visible again after a time of their own. Best effort: a message whose time
 * could not be set comes back after the queue's visibility timeout.
 */
export function createPostpone(client: SQSClient, queueUrl: string) {
  return async (event: SQSEvent, postponed: readonly Postponed[]): Promise<void> => {
    const handles = new Map(event.Records.map(({ messageId, receiptHandle }) => [messageId, receiptHandle]));
    const entries = postponed.flatMap(({ messageId, delayMs }, index) => {
      const ReceiptHandle = handles.get(messageId);
      const VisibilityTimeout = Math.min(MAX_VISIBILITY_SECONDS, Math.max(1, Math.ceil(delayMs / 1000)));
      return ReceiptHandle === undefined ? [] : [{ Id: String(index), ReceiptHandle, VisibilityTimeout }];
    });
    const batches = Array.from({ length: Math.ceil(entries.length / MAX_ENTRIES) }, (_, index) =>
      entries.slice(index * MAX_ENTRIES, (index + 1) * MAX_ENTRIES),
    );
    await Promise.allSettled(
      batches.map((Entries) =>
        client.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl: queueUrl, Entries })),
      ),
    );
  };
}

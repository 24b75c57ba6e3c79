/** Parks messages that no retry can help. */
import { SendMessageCommand, type SQSClient } from "@aws-sdk/client-sqs";

/** Longest reason that is kept, characters: an attribute counts against the message's size. */
const MAX_REASON_LENGTH = 500;

/**
 * Sends a message to the dead-letter queue with the reason as the attribute `reason`. A fresh message, so that
 * it stays there for the queue's whole retention. Throws what the SDK throws.
 */
export function createDeadLetters(client: SQSClient, queueUrl: string) {
  return async (body: string, reason: string): Promise<void> => {
    await client.send(
      new SendMessageCommand({
        QueueUrl: queueUrl,
        MessageBody: body,
        MessageAttributes: {
          reason: { DataType: "String", StringValue: acceptable(reason) },
        },
      }),
    );
  };
}

/** SQS refuses some characters in attributes as it does in bodies, and an empty value altogether. */
function acceptable(reason: string): string {
  const text = reason.slice(0, MAX_REASON_LENGTH).toWellFormed();
  return (
    text.replaceAll(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, "\u{fffd}") ||
    "no reason given"
  );
}

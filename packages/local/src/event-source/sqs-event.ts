/**
 * The event that Lambda makes of SQS messages.
 * https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
 */
import type { Message, MessageAttributeValue } from "@aws-sdk/client-sqs";
import type { SQSEvent, SQSMessageAttribute, SQSRecord } from "aws-lambda";

/** Most that an invocation takes, bytes of the whole event (AWS Lambda quotas: invocation payload). */
export const MAX_EVENT_BYTES = 6 * 1024 * 1024;

/** A received message in the form in which the function gets it. */
export interface BatchEntry {
  readonly messageId: string;
  readonly receiptHandle: string;
  /** The record as JSON. */
  readonly json: string;
  /** Bytes that it takes in the event, with the comma after it. */
  readonly bytes: number;
}

/** Bytes of an event without records. */
export const EMPTY_EVENT_BYTES = Buffer.byteLength(sqsEvent([]));

/** Turns a message that was received with all its attributes into an entry of a batch. */
export function batchEntry(message: Message, queueArn: string): BatchEntry {
  const record = sqsRecord(message, queueArn);
  const json = JSON.stringify(record);
  return {
    messageId: record.messageId,
    receiptHandle: record.receiptHandle,
    json,
    bytes: Buffer.byteLength(json) + 1,
  };
}

/** The event of a batch, as JSON. */
export function sqsEvent(entries: readonly BatchEntry[]): string {
  return `{"Records":[${entries.map(({ json }) => json).join()}]}` satisfies JsonOf<SQSEvent>;
}

/** Says what a JSON text holds. */
type JsonOf<_T> = string;

function sqsRecord(message: Message, queueArn: string): SQSRecord {
  const attributes = message.Attributes ?? {};
  return {
    messageId: message.MessageId ?? "",
    receiptHandle: message.ReceiptHandle ?? "",
    body: message.Body ?? "",
    attributes: {
      ...attributes,
      ApproximateReceiveCount: attributes.ApproximateReceiveCount ?? "1",
      SentTimestamp: attributes.SentTimestamp ?? "",
      SenderId: attributes.SenderId ?? "",
      ApproximateFirstReceiveTimestamp: attributes.ApproximateFirstReceiveTimestamp ?? "",
    },
    messageAttributes: Object.fromEntries(
      Object.entries(message.MessageAttributes ?? {}).map(([name, value]) => [name, messageAttribute(value)]),
    ),
    md5OfBody: message.MD5OfBody ?? "",
    ...(message.MD5OfMessageAttributes && { md5OfMessageAttributes: message.MD5OfMessageAttributes }),
    eventSource: "aws:sqs",
    eventSourceARN: queueArn,
    awsRegion: queueArn.split(":")[3] ?? "",
  };
}

function messageAttribute(value: MessageAttributeValue): SQSMessageAttribute {
  return {
    ...(value.StringValue !== undefined && { stringValue: value.StringValue }),
    ...(value.BinaryValue && { binaryValue: Buffer.from(value.BinaryValue).toString("base64") }),
    stringListValues: [],
    binaryListValues: [],
    dataType: value.DataType ?? "String",
  };
}

/** Records in the dead-letter queue of a local system, as the flusher parks them. */
import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { messageBody, numberedRecord } from "./records.ts";

/** Where they are parked. */
interface ParkingPlace {
  readonly endpoints: { readonly sqs: string };
  readonly deadLetterQueueUrl: string;
}

/** Parks calls that can be delivered, one for each reason. Their numbers begin at `from`, their times are of `nowMs`. */
export async function parkRecords(
  { endpoints, deadLetterQueueUrl: QueueUrl }: ParkingPlace,
  reasons: readonly string[],
  { from, nowMs }: { readonly from: number; readonly nowMs: number },
): Promise<void> {
  const credentials = { accessKeyId: "local", secretAccessKey: "local" };
  const client = new SQSClient({
    endpoint: endpoints.sqs,
    region: "us-east-1",
    credentials,
    useQueueUrlAsEndpoint: false,
  });
  try {
    for (const [index, reason] of reasons.entries()) {
      const startedAtMs = nowMs - 60_000 + index;
      const record = numberedRecord(from + index, {
        times: {
          startedAtMs,
          firstByteAtMs: startedAtMs + 250,
          endedAtMs: startedAtMs + 1000,
          overheadMs: 10,
        },
      });
      await client.send(
        new SendMessageCommand({
          QueueUrl,
          MessageBody: messageBody(record),
          MessageAttributes: { reason: { DataType: "String", StringValue: reason } },
        }),
      );
    }
  } finally {
    client.destroy();
  }
}

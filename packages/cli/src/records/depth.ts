/** How many messages a queue holds. */
import { GetQueueAttributesCommand, type SQSClient } from "@aws-sdk/client-sqs";

/** Messages of a queue, which SQS counts approximately. */
export interface Depth {
  /** Ready to be received. */
  readonly waiting: number;
  /** Received and not yet deleted. */
  readonly inFlight: number;
  /** Not before their time. */
  readonly delayed: number;
}

/** The depth of a queue. Throws what the SDK throws. */
export async function depthOf(sqs: SQSClient, QueueUrl: string): Promise<Depth> {
  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({
      QueueUrl,
      AttributeNames: [
        "ApproximateNumberOfMessages",
        "ApproximateNumberOfMessagesNotVisible",
        "ApproximateNumberOfMessagesDelayed",
      ],
    }),
  );
  return {
    waiting: Number(Attributes["ApproximateNumberOfMessages"] ?? 0),
    inFlight: Number(Attributes["ApproximateNumberOfMessagesNotVisible"] ?? 0),
    delayed: Number(Attributes["ApproximateNumberOfMessagesDelayed"] ?? 0),
  };
}

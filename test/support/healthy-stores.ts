/** Makes table and queues of `commandLine` and `recordStores` what a deployment would have made of them. */
import { UpdateTimeToLiveCommand } from "@aws-sdk/client-dynamodb";
import { SetQueueAttributesCommand } from "@aws-sdk/client-sqs";
import { queueLimits } from "../../infra/limits.ts";
import type { CommandLine, recordStores } from "./cli.ts";

/** Switches expiry on, and binds the queues to each other. */
export async function makeHealthy(
  { client, table }: CommandLine,
  { sqs, server, queueUrl, deadLetterQueueUrl }: Awaited<ReturnType<typeof recordStores>>,
): Promise<void> {
  await client.send(
    new UpdateTimeToLiveCommand({
      TableName: table,
      TimeToLiveSpecification: { Enabled: true, AttributeName: "ttl" },
    }),
  );
  const common = {
    VisibilityTimeout: String(queueLimits.visibilityTimeoutSeconds),
    MessageRetentionPeriod: String(queueLimits.retentionSeconds),
  };
  const RedrivePolicy = JSON.stringify({
    deadLetterTargetArn: server.queueArn("dead-letters"),
    maxReceiveCount: queueLimits.maximumReceives,
  });
  await sqs.send(new SetQueueAttributesCommand({ QueueUrl: deadLetterQueueUrl, Attributes: common }));
  await sqs.send(
    new SetQueueAttributesCommand({ QueueUrl: queueUrl, Attributes: { ...common, RedrivePolicy } }),
  );
}

/** Where the records of a place are: its queues and its bucket. */
import { ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";
import { ListQueuesCommand, SQSClient, type SQSClientConfig } from "@aws-sdk/client-sqs";
import { type Bucket, createBucket } from "@sluice/aws/bucket";
import type { LocalEndpoints } from "@sluice/local/endpoints";
import { CommandFailure } from "../failure.ts";

/** Queues and bucket of a place. */
export interface RecordPlace {
  readonly sqs: SQSClient;
  readonly queueUrl: string;
  readonly deadLetterQueueUrl: string;
  readonly bucket: Bucket;
}

/** Those of the local system. */
export function localRecordPlace(local: LocalEndpoints): RecordPlace {
  const common = {
    region: "us-east-1",
    // The stand-in looks at none.
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
    maxAttempts: 1,
  };
  const { queueUrl, deadLetterQueueUrl } = local;
  return {
    sqs: new SQSClient({ ...common, endpoint: local.endpoints.sqs, useQueueUrlAsEndpoint: false }),
    queueUrl,
    deadLetterQueueUrl,
    bucket: createBucket(local.bucket, { ...common, endpoint: local.endpoints.s3, forcePathStyle: true }),
  };
}

/** What the outputs of a deploy say of them. */
export interface RecordOutputs {
  readonly queueUrl?: unknown;
  readonly deadLetterQueueUrl?: unknown;
  readonly bucket?: unknown;
}

/** Those of a stage: as its outputs say, else by the names that SST gives. Throws `CommandFailure` when they cannot be told. */
export async function stageRecordPlace(
  prefix: string,
  { queueUrl, deadLetterQueueUrl, bucket }: RecordOutputs,
  config: SQSClientConfig = { useQueueUrlAsEndpoint: false },
): Promise<RecordPlace> {
  const sqs = new SQSClient(config);
  if (typeof queueUrl === "string" && typeof deadLetterQueueUrl === "string" && typeof bucket === "string") {
    return { sqs, queueUrl, deadLetterQueueUrl, bucket: createBucket(bucket) };
  }
  const queue = async (component: string) => {
    const { QueueUrls } = await sqs.send(
      new ListQueuesCommand({ QueueNamePrefix: `${prefix}-${component}-` }),
    );
    return only(QueueUrls, `queue ${prefix}-${component}-…`);
  };
  const buckets = async () => {
    const client = new S3Client({});
    try {
      const Prefix = `${prefix}-recordsbucket-`;
      const { Buckets = [] } = await client.send(new ListBucketsCommand({ Prefix }));
      return only(
        Buckets.flatMap(({ Name }) => Name ?? []),
        `bucket ${Prefix}…`,
      );
    } finally {
      client.destroy();
    }
  };
  const [traces, parked, records] = await Promise.all([
    queue("TracesQueue"),
    queue("TracesDeadLetterQueue"),
    buckets(),
  ]);
  return { sqs, queueUrl: traces, deadLetterQueueUrl: parked, bucket: createBucket(records) };
}

function only(found: readonly string[] | undefined, what: string): string {
  const [name, other] = found ?? [];
  if (name !== undefined && other === undefined) return name;
  throw new CommandFailure(
    name === undefined ? "no_stage" : "many_stages",
    `There ${name === undefined ? "is no" : "is more than one"} ${what}: run this where the stage was deployed, whose .sst/outputs.json says which it is.`,
  );
}

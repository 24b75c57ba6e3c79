/** The local AWS services with everything in them that a deployment would have made. */
import {
  CreateTableCommand,
  DescribeTableCommand,
  DynamoDBClient,
  ResourceNotFoundException,
  UpdateTimeToLiveCommand,
} from "@aws-sdk/client-dynamodb";
import {
  CreateSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  ResourceNotFoundException as SecretNotFoundException,
  SecretsManagerClient,
} from "@aws-sdk/client-secrets-manager";
import { CreateQueueCommand, SetQueueAttributesCommand, SQSClient } from "@aws-sdk/client-sqs";
import { queueLimits } from "../../../../infra/limits.ts";
import { type DynamoDb, startDynamoDb } from "../dynamodb/server.ts";
import { tableDefinition } from "../dynamodb/table-definition.ts";
import { type QueuesAndObjects, startQueuesAndObjects } from "../queues-and-objects/server.ts";
import { type SecretsManager, startSecretsManager } from "../secrets-manager/server.ts";
import type { DataDirectory } from "./data-directory.ts";

/** The names of what a local system has. */
export const NAMES = {
  table: "sluice",
  queue: "sluice-traces",
  deadLetterQueue: "sluice-traces-dlq",
  bucket: "sluice-local",
  providersSecret: "sluice/local/providers",
  drainsSecret: "sluice/local/drains",
} as const;

/** A stand-in for each service, and a client of it. */
export interface Stores {
  readonly dynamodb: { readonly server: DynamoDb; readonly client: DynamoDBClient };
  readonly queues: { readonly server: QueuesAndObjects; readonly client: SQSClient };
  readonly secrets: { readonly server: SecretsManager; readonly client: SecretsManagerClient };
}

/** Starts DynamoDB, kept in the directory. */
export async function openTables(directory: DataDirectory): Promise<Stores["dynamodb"]> {
  const server = await startDynamoDb({ path: directory.file("dynamodb") });
  return { server, client: new DynamoDBClient(clientOptions(server.url)) };
}

/** Starts SQS and S3, kept in the directory. */
export async function openQueues(directory: DataDirectory): Promise<Stores["queues"]> {
  const server = await startQueuesAndObjects({ directory: directory.file("sqs-s3") });
  return { server, client: openQueueClient(server.url) };
}

/** A client of SQS there, also for queues whose URLs name another place. */
export function openQueueClient(endpoint: string): SQSClient {
  return new SQSClient({ ...clientOptions(endpoint), useQueueUrlAsEndpoint: false });
}

/** Starts Secrets Manager, kept in the directory. */
export async function openSecrets(directory: DataDirectory): Promise<Stores["secrets"]> {
  const server = await startSecretsManager({ file: directory.file("secrets.json") });
  return { server, client: new SecretsManagerClient(clientOptions(server.url)) };
}

/** Makes the table unless it is there, and deletes from it what has expired. */
export async function makeTable({ server, client }: Stores["dynamodb"]): Promise<void> {
  const TableName = NAMES.table;
  try {
    await client.send(new DescribeTableCommand({ TableName }));
  } catch (error) {
    if (!(error instanceof ResourceNotFoundException)) throw error;
    await client.send(new CreateTableCommand(tableDefinition(TableName)));
  }
  await client.send(
    new UpdateTimeToLiveCommand({
      TableName,
      TimeToLiveSpecification: { Enabled: true, AttributeName: "ttl" },
    }),
  );
  await server.sweepExpired();
}

/** Makes both queues and the bucket; those that are there get today's attributes. */
export async function makeQueues({ server, client }: Stores["queues"]): Promise<void> {
  const common = {
    VisibilityTimeout: String(queueLimits.visibilityTimeoutSeconds),
    MessageRetentionPeriod: String(queueLimits.retentionSeconds),
  };
  const make = async (name: string, Attributes: Record<string, string>) => {
    await client.send(new CreateQueueCommand({ QueueName: name }));
    await client.send(new SetQueueAttributesCommand({ QueueUrl: server.queueUrl(name), Attributes }));
  };
  await make(NAMES.deadLetterQueue, common);
  await make(NAMES.queue, {
    ...common,
    RedrivePolicy: JSON.stringify({
      deadLetterTargetArn: server.queueArn(NAMES.deadLetterQueue),
      maxReceiveCount: queueLimits.maximumReceives,
    }),
  });
  server.createBucket(NAMES.bucket);
}

/** Puts a JSON secret; one that already has this value keeps its version. */
export async function putSecret(
  { client }: Stores["secrets"],
  name: string,
  value: Readonly<Record<string, unknown>>,
): Promise<void> {
  const SecretString = JSON.stringify(value);
  try {
    const current = await client.send(new GetSecretValueCommand({ SecretId: name }));
    if (current.SecretString === SecretString) return;
    await client.send(new PutSecretValueCommand({ SecretId: name, SecretString }));
  } catch (error) {
    if (!(error instanceof SecretNotFoundException)) throw error;
    await client.send(new CreateSecretCommand({ Name: name, SecretString }));
  }
}

function clientOptions(endpoint: string) {
  return {
    endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
  };
}

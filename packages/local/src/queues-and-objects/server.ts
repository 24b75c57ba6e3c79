/** SQS and S3 on one machine, by fauxqs. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { importFauxqs } from "./fauxqs-source.ts";

/** Where and how it runs. */
export interface QueuesAndObjectsOptions {
  /** Default 0: a free port. */
  readonly port?: number;
  /** Directory that keeps queues, messages and objects; in memory without it. One process at a time. */
  readonly directory?: string;
}

/** SQS and S3 at one endpoint. */
export interface QueuesAndObjects {
  /** For `AWS_ENDPOINT_URL_SQS` and `AWS_ENDPOINT_URL_S3`. */
  readonly url: string;
  /** The URL of a queue by its name. It holds for this run only, since the port may change. */
  queueUrl(name: string): string;
  /** The ARN of a queue by its name. */
  queueArn(name: string): string;
  /** Makes a bucket; one that exists stays as it is. */
  createBucket(name: string): void;
  close(): Promise<void>;
}

const ACCOUNT = "000000000000";
const REGION = "us-east-1";

/** Starts it on a loopback port, with what the directory holds. */
export async function startQueuesAndObjects({
  port = 0,
  directory,
}: QueuesAndObjectsOptions): Promise<QueuesAndObjects> {
  if (directory) releaseMessages(directory);
  const { startFauxqs } = await importFauxqs();
  const server = await startFauxqs({
    port,
    logger: false,
    defaultRegion: REGION,
    ...(directory && { dataDir: directory }),
  });
  const url = `http://127.0.0.1:${server.port}`;
  return {
    url,
    queueUrl: (name) => `${url}/${ACCOUNT}/${name}`,
    queueArn: (name) => `arn:aws:sqs:${REGION}:${ACCOUNT}:${name}`,
    createBucket: (name) => void server.createBucket(name),
    close: () => server.stop(),
  };
}

/**
 * Makes the messages visible that a run had received when it was killed. Their visibility timeout may last
 * for half an hour, and nobody is left who could still work on them: the data directory has one user.
 */
function releaseMessages(directory: string): void {
  const file = join(directory, "fauxqs.db");
  if (!existsSync(file)) return;
  using database = new DatabaseSync(file);
  database.exec("UPDATE sqs_messages SET receipt_handle = NULL, visibility_deadline = NULL");
}

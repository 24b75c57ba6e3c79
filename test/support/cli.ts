/** The command line against a DynamoDB stand-in, with a set clock and random bytes that repeat. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CreateTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { CreateQueueCommand, SQSClient } from "@aws-sdk/client-sqs";
import { createBucket } from "@sluice/aws/bucket";
import { onTestFinished } from "vitest";
import { run, type Terminal } from "../../packages/cli/src/run.ts";
import { type DynamoDb, startDynamoDb } from "../../packages/local/src/dynamodb/server.ts";
import { tableDefinition } from "../../packages/local/src/dynamodb/table-definition.ts";
import {
  type QueuesAndObjects,
  startQueuesAndObjects,
} from "../../packages/local/src/queues-and-objects/server.ts";
import { ENDPOINTS_FILE, type LocalEndpoints } from "../../packages/local/src/system/endpoints-file.ts";
import type { LocalSystem } from "../../packages/local/src/system/local-system.ts";
import { temporaryDirectory } from "./local-lambda.ts";

/** What a command did, as its caller sees it. */
export interface CommandResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command line with its world. */
export interface CommandLine {
  readonly dynamodb: DynamoDb;
  readonly client: DynamoDBClient;
  readonly table: string;
  /** `SLUICE_DATA_DIR`: there lies the file that says where the stand-in listens. */
  readonly dataDirectory: string;
  /** The clock, Unix time in ms. */
  nowMs: number;
  /** What a person at the terminal would type; undefined: nobody is there. */
  answer: string | undefined;
  /** Where progress is shown; undefined: standard error is no terminal. */
  progress: ((text: string) => void) | undefined;
  /** Aborted: the person pressed Ctrl-C. */
  interrupt: AbortSignal | undefined;
  /** Questions that were asked. */
  readonly questions: readonly string[];
  /** What the present command, or the last one, has printed on standard output so far. */
  printed(): string;
  /** Runs `sluice <args>`. */
  run(...args: readonly string[]): Promise<CommandResult>;
  /** Runs `sluice <args> --local --json`, and returns what it printed. Throws when it failed. */
  json<T>(...args: readonly string[]): Promise<T>;
}

/** 2026-11-21 is a Saturday. */
export const NOON_MS = Date.parse("2026-11-21T12:00:00Z");
const TABLE = "sluice";

/** A client that works with the stand-in. */
export function clientOf(endpoint: string): DynamoDBClient {
  return new DynamoDBClient({
    endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
    maxAttempts: 1,
  });
}

/** Makes a table as a deployment has it. */
export async function makeTable(client: DynamoDBClient, table: string): Promise<void> {
  await client.send(new CreateTableCommand(tableDefinition(table)));
}

/** What a running local system would write, but for what keys and budgets do not need. */
export async function writeEndpointsFile(
  dataDirectory: string,
  dynamodb: string,
  pid = process.pid,
  records?: QueuesAndObjects,
  { langfuseUrl = "http://127.0.0.1:9", secretsManager = "http://127.0.0.1:9" } = {},
): Promise<void> {
  const nowhere = "http://127.0.0.1:9";
  const queueUrl = (name: string) => records?.queueUrl(name) ?? `${nowhere}/000000000000/${name}`;
  const recordsUrl = records?.url ?? nowhere;
  const endpoints: LocalEndpoints = {
    pid,
    gatewayUrl: nowhere,
    langfuseUrl,
    endpoints: { dynamodb, s3: recordsUrl, secretsManager, sqs: recordsUrl },
    table: TABLE,
    queueUrl: queueUrl("traces"),
    deadLetterQueueUrl: queueUrl("dead-letters"),
    bucket: "records",
  };
  await writeFile(join(dataDirectory, ENDPOINTS_FILE), JSON.stringify(endpoints));
}

/** Lets a command line of `commandLine` work on a whole local system. */
export async function writeEndpointsOf(system: LocalSystem, dataDirectory: string): Promise<void> {
  const { url, langfuseUrl, endpoints, table, queueUrl, deadLetterQueueUrl, bucket } = system;
  const where: LocalEndpoints = {
    pid: process.pid,
    gatewayUrl: url,
    langfuseUrl,
    endpoints,
    table,
    queueUrl,
    deadLetterQueueUrl,
    bucket,
  };
  await writeFile(join(dataDirectory, ENDPOINTS_FILE), JSON.stringify(where));
}

/** Queues and bucket for `commandLine`, empty, and clients of them; ended with the test. */
export async function recordStores() {
  const server = await startQueuesAndObjects({});
  const options = {
    endpoint: server.url,
    region: "us-east-1",
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
  };
  const sqs = new SQSClient({ ...options, useQueueUrlAsEndpoint: false });
  onTestFinished(async () => {
    sqs.destroy();
    await server.close();
  });
  for (const QueueName of ["traces", "dead-letters"]) await sqs.send(new CreateQueueCommand({ QueueName }));
  server.createBucket("records");
  return {
    server,
    sqs,
    queueUrl: server.queueUrl("traces"),
    deadLetterQueueUrl: server.queueUrl("dead-letters"),
    bucket: createBucket("records", { ...options, forcePathStyle: true }),
  };
}

/** Starts a stand-in with an empty table, ended with the test. Queues and bucket are there when they are handed in. */
export async function commandLine(
  env: Terminal["env"] = {},
  records?: QueuesAndObjects,
): Promise<CommandLine> {
  const dynamodb = await startDynamoDb({});
  onTestFinished(() => dynamodb.close());
  const client = clientOf(dynamodb.url);
  onTestFinished(() => client.destroy());
  await makeTable(client, TABLE);
  const dataDirectory = await temporaryDirectory();
  await writeEndpointsFile(dataDirectory, dynamodb.url, process.pid, records);

  const questions: string[] = [];
  let drawn = 0;
  let printed: readonly string[] = [];
  const world: CommandLine = {
    dynamodb,
    client,
    table: TABLE,
    dataDirectory,
    nowMs: NOON_MS,
    answer: undefined,
    progress: undefined,
    interrupt: undefined,
    questions,
    printed: () => printed.join(""),
    async run(...args) {
      const out: string[] = [];
      printed = out;
      const err: string[] = [];
      const terminal: Terminal = {
        env: { SLUICE_DATA_DIR: dataDirectory, ...env },
        root: dataDirectory,
        userName: "alice",
        isInteractive: world.answer !== undefined,
        hasColours: false,
        columns: 100,
        print: (text) => out.push(`${text}\n`),
        note: (text) => err.push(`${text}\n`),
        ...(world.progress && { progress: world.progress }),
        ...(world.interrupt && { interrupt: world.interrupt }),
        ask: async (question) => {
          questions.push(question);
          return world.answer ?? "";
        },
        nowMs: () => world.nowMs,
        random: (count) => Uint8Array.from({ length: count }, () => (drawn += 37) % 256),
      };
      const exitCode = await run(args, terminal);
      return { exitCode, stdout: out.join(""), stderr: err.join("") };
    },
    async json<T>(...args: readonly string[]) {
      const result = await world.run(...args, "--local", "--json");
      if (result.exitCode !== 0) throw new Error(result.stderr);
      return JSON.parse(result.stdout) as T;
    },
  };
  return world;
}

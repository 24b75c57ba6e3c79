/**
 * DynamoDB on one machine: dynalite, and in front of it the operations that it lacks (transactions, time to
 * live, the old item of a failed condition).
 */
import { setImmediate } from "node:timers/promises";
import { type AwsJsonAnswer, ServiceError, startAwsJsonServer } from "../aws-json.ts";
import { createAccessLock } from "./access-lock.ts";
import { type Backend, startBackend } from "./backend.ts";
import type { Condition, Item, TransactGetInput } from "./operations.ts";
import { createTimeToLive } from "./time-to-live.ts";
import { createTransactWrite } from "./transact-write.ts";

/** Where and how it runs. */
export interface DynamoDbOptions {
  /** Default 0: a free port. */
  readonly port?: number;
  /** Directory that keeps the tables; in memory without it. One process at a time. */
  readonly path?: string;
  /** Unix time, ms. Default the system's clock. */
  readonly now?: () => number;
}

/** A DynamoDB that listens. */
export interface DynamoDb {
  /** For `AWS_ENDPOINT_URL_DYNAMODB`. */
  readonly url: string;
  /** Deletes the items whose time to live has passed, and returns how many. */
  sweepExpired(): Promise<number>;
  close(): Promise<void>;
}

type WriteInput = Condition & { readonly TableName: string; readonly Key?: Item; readonly Item?: Item };

const MAX_READS = 100;

/** Starts it on a loopback port. */
export async function startDynamoDb({ port = 0, path, now = Date.now }: DynamoDbOptions): Promise<DynamoDb> {
  const backend = await startBackend({ ...(path && { path }) });
  const lock = createAccessLock();
  const timeToLive = createTimeToLive(backend);
  const transactWrite = createTransactWrite(backend, now);

  // Each body is JSON that the SDK wrote; dynalite checks what the operations pass on to it.
  const operations: Readonly<Record<string, (input: never) => Promise<object>>> = {
    CreateTable: (input: { readonly TableName: string }) => createTable(backend, input),
    TransactWriteItems: transactWrite,
    TransactGetItems: (input: TransactGetInput) => transactGet(backend, input),
    UpdateTimeToLive: timeToLive.update,
    DescribeTimeToLive: timeToLive.describe,
  };

  const server = await startAwsJsonServer({ port, version: "1.0" }, async ({ operation, body }) => {
    const own = operations[operation];
    if (own) {
      const output = await lock.exclusive(() => own(JSON.parse(body) as never));
      return { status: 200, body: JSON.stringify(output) };
    }
    if (body.includes('"ReturnValuesOnConditionCheckFailure":"ALL_OLD"')) {
      // Alone, so that the item that is returned is the one that the condition failed on.
      return await lock.exclusive(() => forwardWithOldItem(backend, operation, body));
    }
    return await lock.shared(() => backend.forward(operation, body));
  });

  return {
    url: server.url,
    sweepExpired: () => lock.exclusive(() => timeToLive.sweep(now() / 1000)),
    close: async () => {
      await server.close();
      await backend.close();
    },
  };
}

/** dynalite's new table is ACTIVE a moment later; ours is at once, so that nobody has to wait and poll. */
async function createTable(backend: Backend, input: { readonly TableName: string }): Promise<object> {
  const output = await backend.call<object>("CreateTable", input);
  const status = async () => {
    const { Table } = await backend.call<{ Table: { TableStatus: string } }>("DescribeTable", {
      TableName: input.TableName,
    });
    return Table.TableStatus;
  };
  while ((await status()) !== "ACTIVE") await setImmediate();
  return output;
}

async function transactGet(backend: Backend, { TransactItems = [] }: TransactGetInput): Promise<object> {
  if (TransactItems.length === 0 || TransactItems.length > MAX_READS) {
    throw new ServiceError("ValidationException", `A transaction has 1 to ${MAX_READS} reads`);
  }
  const responses = await Promise.all(
    TransactItems.map(({ Get }) =>
      backend.call<{ Item?: Item }>("GetItem", { ...Get, ConsistentRead: true }),
    ),
  );
  return { Responses: responses.map(({ Item }) => (Item ? { Item } : {})) };
}

async function forwardWithOldItem(backend: Backend, operation: string, body: string): Promise<AwsJsonAnswer> {
  const answer = await backend.forward(operation, body);
  if (answer.status !== 400 || !answer.body.includes("ConditionalCheckFailedException")) return answer;
  const { TableName, Key, Item } = JSON.parse(body) as WriteInput;
  const old = await backend.read(TableName, Key ?? (await backend.keyOf(TableName, Item ?? {})));
  return old ? { ...answer, body: JSON.stringify({ ...JSON.parse(answer.body), Item: old }) } : answer;
}

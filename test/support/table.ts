/** A DynamoDB table in memory behind the real SDK client, and the ledger's stores in it. */
import { CreateTableCommand, DynamoDBClient, GetItemCommand } from "@aws-sdk/client-dynamodb";
import {
  createAccountStore,
  createDeliveryCounts,
  createDeliveryLedger,
  createRateStore,
  createSettlementStore,
} from "@sluice/aws";
import type { DeliveryCounts, DeliveryLedger } from "@sluice/flusher";
import type { AccountRef, AccountStore, RateStore, SettlementStore } from "@sluice/ledger";
import { onTestFinished } from "vitest";
import { startDynamoDb } from "../../packages/local/src/dynamodb/server.ts";
import { tableDefinition } from "../../packages/local/src/dynamodb/table-definition.ts";
import { type AwsProxy, startAwsProxy } from "./aws-proxy.ts";

const TABLE = "sluice";

/** A table under test. */
export interface TestTable {
  readonly client: DynamoDBClient;
  readonly table: string;
  readonly accounts: AccountStore;
  readonly settlements: SettlementStore;
  readonly deliveries: DeliveryLedger;
  readonly counts: DeliveryCounts;
  readonly rates: RateStore;
  /** Between the client and the service. */
  readonly proxy: AwsProxy;
  /** The stores' clock, Unix time in ms; a test moves it. */
  nowMs: number;
  /** Waits that conflicts have caused, ms. They pass at once. */
  readonly waits: number[];
  /** Every attribute of an account's item. */
  item(account: AccountRef): Promise<Readonly<Record<string, string | undefined>>>;
  /** Ends client and service. */
  stop(): Promise<void>;
}

/** Starts an empty table. Whoever starts it stops it. */
export async function startTable(): Promise<TestTable> {
  const dynamo = await startDynamoDb({});
  const proxy = await startAwsProxy(dynamo.url);
  const client = new DynamoDBClient({
    endpoint: proxy.url,
    region: "us-east-1",
    credentials: { accessKeyId: "x", secretAccessKey: "x" },
  });
  await client.send(new CreateTableCommand(tableDefinition(TABLE)));
  const waits: number[] = [];
  const options = {
    client,
    table: TABLE,
    nowMs: () => test.nowMs,
    random: () => 0.5,
    wait: async (ms: number) => {
      waits.push(ms);
      await Promise.resolve();
    },
  };
  const test: TestTable = {
    client,
    table: TABLE,
    accounts: createAccountStore(options),
    settlements: createSettlementStore(options),
    deliveries: createDeliveryLedger(options),
    counts: createDeliveryCounts(options),
    rates: createRateStore(options),
    proxy,
    nowMs: Date.UTC(2026, 10, 21, 12),
    waits,
    async item({ owner, periodId }) {
      const { Item = {} } = await client.send(
        new GetItemCommand({
          TableName: TABLE,
          Key: { pk: { S: `ACCOUNT#${owner.kind}#${owner.id}` }, sk: { S: periodId } },
          ConsistentRead: true,
        }),
      );
      return Object.fromEntries(Object.entries(Item).map(([name, value]) => [name, value.N ?? value.S]));
    },
    async stop() {
      client.destroy();
      await proxy.stop();
      await dynamo.close();
    },
  };
  return test;
}

/** A table that is stopped when the test ends. */
export async function tableForTest(): Promise<TestTable> {
  const table = await startTable();
  onTestFinished(() => table.stop());
  return table;
}

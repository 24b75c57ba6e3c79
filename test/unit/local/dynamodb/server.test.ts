import {
  ConditionalCheckFailedException,
  CreateTableCommand,
  DescribeTimeToLiveCommand,
  DynamoDBClient,
  GetItemCommand,
  IdempotentParameterMismatchException,
  PutItemCommand,
  TransactGetItemsCommand,
  TransactionCanceledException,
  TransactWriteItemsCommand,
  type TransactWriteItemsCommandInput,
  UpdateItemCommand,
  UpdateTimeToLiveCommand,
} from "@aws-sdk/client-dynamodb";
import { describe, expect, it, onTestFinished } from "vitest";
import { type DynamoDbOptions, startDynamoDb } from "../../../../packages/local/src/dynamodb/server.ts";
import { tableDefinition } from "../../../../packages/local/src/dynamodb/table-definition.ts";
import { temporaryDirectory } from "../../../support/local-lambda.ts";

const TABLE = "accounts";
const key = (id: string) => ({ pk: { S: id }, sk: { S: "balance" } });

function clientOf(endpoint: string): DynamoDBClient {
  const client = new DynamoDBClient({
    endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "x", secretAccessKey: "x" },
    maxAttempts: 1,
  });
  onTestFinished(() => client.destroy());
  return client;
}

async function table(options: DynamoDbOptions = {}) {
  const dynamo = await startDynamoDb(options);
  onTestFinished(() => dynamo.close());
  const client = clientOf(dynamo.url);
  await client.send(new CreateTableCommand(tableDefinition(TABLE)));
  return { dynamo, client };
}

function put(client: DynamoDBClient, id: string, cents: number, more = {}) {
  const Item = { ...key(id), cents: { N: String(cents) }, ...more };
  return client.send(new PutItemCommand({ TableName: TABLE, Item }));
}

async function cents(client: DynamoDBClient, id: string): Promise<number | undefined> {
  const { Item } = await client.send(
    new GetItemCommand({ TableName: TABLE, Key: key(id), ConsistentRead: true }),
  );
  return Item ? Number(Item["cents"]?.N) : undefined;
}

/** Moves money if there is enough of it. */
function transfer(from: string, to: string, amount: number, token?: string): TransactWriteItemsCommandInput {
  const ExpressionAttributeValues = { ":a": { N: String(amount) } };
  return {
    ...(token && { ClientRequestToken: token }),
    TransactItems: [
      {
        Update: {
          TableName: TABLE,
          Key: key(from),
          UpdateExpression: "SET cents = cents - :a",
          ConditionExpression: "cents >= :a",
          ExpressionAttributeValues,
          ReturnValuesOnConditionCheckFailure: "ALL_OLD",
        },
      },
      {
        Update: {
          TableName: TABLE,
          Key: key(to),
          UpdateExpression: "SET cents = cents + :a",
          ConditionExpression: "attribute_exists(pk)",
          ExpressionAttributeValues,
        },
      },
    ],
  };
}

describe("a transaction", () => {
  it("makes all its writes", async () => {
    const { client } = await table();
    await put(client, "a", 10);
    await put(client, "b", 0);

    await client.send(new TransactWriteItemsCommand(transfer("a", "b", 7)));

    expect([await cents(client, "a"), await cents(client, "b")]).toEqual([3, 7]);
  });

  it("makes none when one condition fails, and says which, with the old item", async () => {
    const { client } = await table();
    await put(client, "a", 5);
    await put(client, "b", 0);

    const cancelled = await client.send(new TransactWriteItemsCommand(transfer("a", "b", 7))).catch((e) => e);

    expect(cancelled).toBeInstanceOf(TransactionCanceledException);
    expect(cancelled.CancellationReasons).toEqual([
      {
        Code: "ConditionalCheckFailed",
        Message: "The conditional request failed",
        Item: { ...key("a"), cents: { N: "5" } },
      },
      { Code: "None" },
    ]);
    expect([await cents(client, "a"), await cents(client, "b")]).toEqual([5, 0]);
  });

  it("takes back the writes that came before the one that failed, new items too", async () => {
    const { client } = await table();
    await put(client, "old", 1);
    await put(client, "doomed", 2);

    const failing = client.send(
      new TransactWriteItemsCommand({
        TransactItems: [
          { Put: { TableName: TABLE, Item: { ...key("new"), cents: { N: "1" } } } },
          { Put: { TableName: TABLE, Item: { ...key("old"), cents: { N: "99" } } } },
          { Delete: { TableName: TABLE, Key: key("doomed") } },
          {
            ConditionCheck: {
              TableName: TABLE,
              Key: key("nobody"),
              ConditionExpression: "attribute_exists(pk)",
            },
          },
        ],
      }),
    );

    await expect(failing).rejects.toThrow("[None, None, None, ConditionalCheckFailed]");
    expect([await cents(client, "new"), await cents(client, "old"), await cents(client, "doomed")]).toEqual([
      undefined,
      1,
      2,
    ]);
  });

  it("checks a condition on an item without changing it", async () => {
    const { client } = await table();
    await put(client, "guard", 1);

    await client.send(
      new TransactWriteItemsCommand({
        TransactItems: [
          {
            ConditionCheck: {
              TableName: TABLE,
              Key: key("guard"),
              ConditionExpression: "attribute_exists(pk)",
            },
          },
          { Put: { TableName: TABLE, Item: { ...key("new"), cents: { N: "4" } } } },
        ],
      }),
    );

    expect([await cents(client, "guard"), await cents(client, "new")]).toEqual([1, 4]);
  });

  it("loses and makes no money when 120 of them run at once", async () => {
    const { client } = await table();
    const names = ["a", "b", "c", "d"];
    await Promise.all(names.map((name) => put(client, name, 100)));
    const transfers = Array.from({ length: 120 }, (_, i) =>
      client
        .send(
          new TransactWriteItemsCommand(
            transfer(names[i % 4] ?? "", names[(i * 3 + 1) % 4] ?? "", 1 + (i % 40)),
          ),
        )
        .then(() => "moved")
        .catch((error: Error) => error.name),
    );

    const results = new Set(await Promise.all(transfers));

    // A transfer to oneself is two operations on one item, which DynamoDB refuses.
    expect(
      [...results].every((result) =>
        ["moved", "TransactionCanceledException", "ValidationException"].includes(result),
      ),
    ).toBe(true);
    const left = await Promise.all(names.map((name) => cents(client, name)));
    expect(left.reduce<number>((sum, balance) => sum + (balance ?? 0), 0)).toBe(400);
    expect(left.every((balance) => (balance ?? -1) >= 0)).toBe(true);
  });

  it("is made once however often its token comes, for ten minutes", async () => {
    let nowMs = 1_000_000;
    const { client } = await table({ now: () => nowMs });
    await put(client, "a", 10);
    await put(client, "b", 0);
    const send = (amount: number) =>
      client.send(new TransactWriteItemsCommand(transfer("a", "b", amount, "token-1")));

    await send(2);
    await send(2);
    await expect(send(3)).rejects.toThrow(IdempotentParameterMismatchException);
    expect(await cents(client, "b")).toBe(2);

    nowMs += 10 * 60_000;
    await send(2);
    expect(await cents(client, "b")).toBe(4);
  });

  it("reads several items at one moment", async () => {
    const { client } = await table();
    await put(client, "a", 1);

    const { Responses } = await client.send(
      new TransactGetItemsCommand({
        TransactItems: ["a", "nobody"].map((id) => ({ Get: { TableName: TABLE, Key: key(id) } })),
      }),
    );

    expect(Responses).toEqual([{ Item: { ...key("a"), cents: { N: "1" } } }, {}]);
  });
});

describe("a failed condition", () => {
  it("returns the item it failed on when asked to", async () => {
    const { client } = await table();
    await put(client, "a", 1);
    const update = (returned: "ALL_OLD" | "NONE") =>
      client
        .send(
          new UpdateItemCommand({
            TableName: TABLE,
            Key: key("a"),
            UpdateExpression: "SET cents = :n",
            ConditionExpression: "cents > :n",
            ExpressionAttributeValues: { ":n": { N: "5" } },
            ReturnValuesOnConditionCheckFailure: returned,
          }),
        )
        .catch((error) => error);

    const [withItem, without] = [await update("ALL_OLD"), await update("NONE")];

    expect(withItem).toBeInstanceOf(ConditionalCheckFailedException);
    expect(withItem.Item).toEqual({ ...key("a"), cents: { N: "1" } });
    expect(without.Item).toBeUndefined();
  });
});

describe("time to live", () => {
  it("deletes what has expired, and nothing else, when swept", async () => {
    const { client, dynamo } = await table({ now: () => 1_800_000_000_000 });
    await client.send(
      new UpdateTimeToLiveCommand({
        TableName: TABLE,
        TimeToLiveSpecification: { Enabled: true, AttributeName: "ttl" },
      }),
    );
    await put(client, "expired", 1, { ttl: { N: "1799999999" } });
    await put(client, "alive", 2, { ttl: { N: "1800000001" } });
    await put(client, "milliseconds", 3, { ttl: { N: "1700000000000" } });
    await put(client, "without", 4);

    const { TimeToLiveDescription } = await client.send(new DescribeTimeToLiveCommand({ TableName: TABLE }));

    expect(TimeToLiveDescription).toEqual({ TimeToLiveStatus: "ENABLED", AttributeName: "ttl" });
    expect(await dynamo.sweepExpired()).toBe(1);
    const left = await Promise.all(
      ["expired", "alive", "milliseconds", "without"].map((id) => cents(client, id)),
    );
    expect(left).toEqual([undefined, 2, 3, 4]);
  });
});

it("keeps its tables across a restart", async () => {
  const path = await temporaryDirectory();
  const first = await table({ path });
  await put(first.client, "a", 42);
  await first.dynamo.close();

  const second = await startDynamoDb({ path });
  onTestFinished(() => second.close());

  expect(await cents(clientOf(second.url), "a")).toBe(42);
});

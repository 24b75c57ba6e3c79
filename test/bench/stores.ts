/**
 * The stores of the bench, in one process: the local DynamoDB with the bench's virtual key in it, in memory, and a
 * Secrets Manager and an SQS that answer at once and keep nothing but a count. Prints both origins as JSON.
 */
import { createHash, randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { createKeyStore } from "@sluice/aws";
import { parseSecret } from "@sluice/keys";
import { listenOnLoopback, startDynamoDb } from "@sluice/local";
import { seedKey } from "../../packages/local/src/system/local-key.ts";
import { makeTable, NAMES } from "../../packages/local/src/system/stores.ts";
import { VIRTUAL_KEY } from "./traffic.ts";

/** Where the stores are. */
export interface StoreOrigins {
  readonly dynamodb: string;
  /** Secrets Manager and SQS. `GET /` answers with the number of messages so far. */
  readonly others: string;
}

let messages = 0;

const OPERATIONS: Readonly<Record<string, (input: Record<string, unknown>) => object>> = {
  "secretsmanager.GetSecretValue": ({ SecretId }) => ({
    ARN: "arn:aws:secretsmanager:us-east-1:000000000000:secret:bench",
    Name: SecretId,
    VersionId: randomUUID(),
    SecretString: JSON.stringify({ openai: "sk-bench" }),
  }),
  "AmazonSQS.SendMessage": ({ MessageBody }) => {
    messages++;
    return {
      MessageId: randomUUID(),
      MD5OfMessageBody: createHash("md5").update(String(MessageBody)).digest("hex"),
    };
  },
};

const server = createServer((request, response) => {
  void answer(request, response);
});
server.keepAliveTimeout = 0;
const origins: StoreOrigins = { dynamodb: await startTable(), others: await listenOnLoopback(server, 0) };
process.stdout.write(`${JSON.stringify(origins)}\n`);

async function startTable(): Promise<string> {
  const table = await startDynamoDb({});
  const credentials = { accessKeyId: "bench", secretAccessKey: "bench" };
  const client = new DynamoDBClient({ endpoint: table.url, region: "us-east-1", credentials });
  await makeTable({ server: table, client });
  const secret = parseSecret(VIRTUAL_KEY);
  if (!secret) throw new Error(`${VIRTUAL_KEY} is no virtual key`);
  await seedKey(createKeyStore({ client, table: NAMES.table }), secret, Date.now());
  return table.url;
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method === "GET") {
    response.end(String(messages));
    return;
  }
  const target = String(request.headers["x-amz-target"]);
  const input = JSON.parse(await text(request)) as Record<string, unknown>;
  const output = OPERATIONS[target]?.(input);
  response.writeHead(output ? 200 : 400, {
    "content-type": "application/x-amz-json-1.0",
    "x-amzn-requestid": randomUUID(),
  });
  response.end(JSON.stringify(output ?? { __type: "UnknownOperationException", message: target }));
}

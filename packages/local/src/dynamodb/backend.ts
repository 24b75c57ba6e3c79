/** dynalite, which stores the tables, behind a typed call. Only the server in front of it talks to it. */
import { Agent, request as httpRequest } from "node:http";
import { text } from "node:stream/consumers";
import dynalite from "dynalite";
import { type AwsJsonAnswer, ServiceError } from "../aws-json.ts";
import { closeNow, listenOnLoopback } from "../loopback.ts";
import type { Item } from "./operations.ts";

/** The store under the operations that dynalite lacks. */
export interface Backend {
  /** Sends a request as it is and returns the answer as it is, errors too. */
  forward(operation: string, body: string): Promise<AwsJsonAnswer>;
  /** Calls an operation. Throws its exception as a `ServiceError`. */
  call<T>(operation: string, input: object): Promise<T>;
  /** The item with all writes so far, or undefined. */
  read(table: string, key: Item): Promise<Item | undefined>;
  /** The attributes of the item that are the table's key. Throws `ServiceError` for an unknown table. */
  keyOf(table: string, item: Item): Promise<Item>;
  close(): Promise<void>;
}

interface TableDescription {
  readonly Table: { readonly KeySchema: readonly { readonly AttributeName: string }[] };
}

/** dynalite wants to see a signature and does not check it. */
const SIGNATURE = {
  authorization:
    "AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=local",
  "x-amz-date": "20260101T000000Z",
};

/** Starts dynalite. With a `path` its tables are kept there, else in memory. */
export async function startBackend({ path }: { readonly path?: string }): Promise<Backend> {
  const server = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0, ...(path && { path }) });
  const url = await listenOnLoopback(server, 0);
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });

  async function forward(operation: string, body: string): Promise<AwsJsonAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<AwsJsonAnswer>();
    const request = httpRequest(
      url,
      {
        method: "POST",
        agent,
        headers: {
          ...SIGNATURE,
          "content-type": "application/x-amz-json-1.0",
          "content-length": Buffer.byteLength(body),
          "x-amz-target": `DynamoDB_20120810.${operation}`,
        },
      },
      (response) => {
        text(response).then((body) => resolve({ status: response.statusCode ?? 500, body }), reject);
      },
    );
    request.on("error", reject);
    request.end(body);
    return await promise;
  }

  async function call<T>(operation: string, input: object): Promise<T> {
    const { status, body } = await forward(operation, JSON.stringify(input));
    const output: unknown = JSON.parse(body || "{}");
    if (status === 200) return output as T;
    const { __type = "", message, Message } = output as Readonly<Record<string, string | undefined>>;
    throw new ServiceError(__type.split("#").at(-1) ?? "", message ?? Message ?? "", { status });
  }

  return {
    forward,
    call,
    read: async (table, key) => {
      const { Item } = await call<{ Item?: Item }>("GetItem", {
        TableName: table,
        Key: key,
        ConsistentRead: true,
      });
      return Item;
    },
    keyOf: async (table, item) => {
      const { Table } = await call<TableDescription>("DescribeTable", { TableName: table });
      const names = new Set(Table.KeySchema.map(({ AttributeName }) => AttributeName));
      return Object.fromEntries(Object.entries(item).filter(([name]) => names.has(name)));
    },
    close: async () => {
      agent.destroy();
      await closeNow(server);
    },
  };
}

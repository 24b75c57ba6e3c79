/** The local system as a target: where it listens is in its data directory. */
import { resolve } from "node:path";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { type LocalEndpoints, readEndpoints } from "@sluice/local/endpoints";
import type { Terminal } from "../terminal.ts";
import type { Place } from "./target.ts";

/** The running local system, or undefined when there is none. */
export function findLocal({ env, root }: Pick<Terminal, "env" | "root">): LocalEndpoints | undefined {
  return readEndpoints(resolve(root, env["SLUICE_DATA_DIR"] || ".sluice"));
}

/** The local system as a place of keys and budgets. */
export function localPlace(local: LocalEndpoints, { userName }: Pick<Terminal, "userName">): Place {
  const { endpoints, table } = local;
  const client = new DynamoDBClient({
    endpoint: endpoints.dynamodb,
    region: "us-east-1",
    // The stand-in looks at none.
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
    maxAttempts: 1,
  });
  return {
    where: { kind: "local", endpoints: local },
    label: "the local system",
    client,
    table,
    who: async () => userName,
    async records() {
      const { localRecordPlace } = await import("./record-place.ts");
      return localRecordPlace(local);
    },
    async secrets() {
      const { localSecretPlace } = await import("./secret-place.ts");
      return localSecretPlace(local);
    },
    close: () => client.destroy(),
  };
}

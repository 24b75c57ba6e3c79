/** Looking up keys and tenants: what the gateway does for each call. */
import { type DynamoDBClient, GetItemCommand } from "@aws-sdk/client-dynamodb";
import type { KeyStore } from "@sluice/gateway";
import { keyFromDocument, tenantFromDocument } from "@sluice/keys";
import { documentOf, keyItemKey, tenantItemKey } from "./key-items.ts";

/** Keys by hash, and tenants by name. Throws what the SDK throws, or `CorruptDocumentError`. */
export function createKeyLookup({ client, table }: { client: DynamoDBClient; table: string }): KeyStore {
  return {
    async findByHash(hash) {
      const { Item } = await client.send(new GetItemCommand({ TableName: table, Key: keyItemKey(hash) }));
      const document = documentOf(Item);
      return document === undefined ? undefined : keyFromDocument(document);
    },
    async findTenant(name) {
      const { Item } = await client.send(new GetItemCommand({ TableName: table, Key: tenantItemKey(name) }));
      const document = documentOf(Item);
      return document === undefined ? undefined : tenantFromDocument(document);
    },
  };
}

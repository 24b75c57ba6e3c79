/**
 * Virtual keys and tenants as DynamoDB items:
 *
 *   KEY#<hash>    KEY       a key's document; a rotated key has one for each secret that still counts
 *   ALIASES       <alias>   the hashes of a key's secrets, the present one first: aliases are unique, and listed by it
 *   TENANTS       <name>    a tenant's document
 */
import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import type { KeyHash } from "@sluice/keys";

/** The primary key of a virtual key's item. */
export function keyItemKey(hash: KeyHash) {
  return { pk: { S: `KEY#${hash}` }, sk: { S: "KEY" } };
}

/** The primary key of an alias. */
export function aliasItemKey(alias: string) {
  return { pk: { S: "ALIASES" }, sk: { S: alias } };
}

/** The primary key of a tenant. */
export function tenantItemKey(name: string) {
  return { pk: { S: "TENANTS" }, sk: { S: name } };
}

/** The document of an item. */
export function documentOf(item: Readonly<Record<string, AttributeValue>> | undefined): string | undefined {
  return item?.["document"]?.S;
}

/** Managing keys and tenants: what the command line does. */
import {
  type AttributeValue,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  paginateQuery,
  type TransactWriteItem,
  TransactWriteItemsCommand,
} from "@aws-sdk/client-dynamodb";
import {
  type KeyHash,
  keyFromDocument,
  type Tenant,
  tenantFromDocument,
  toDocument,
  type VirtualKey,
} from "@sluice/keys";
import { aliasItemKey, documentOf, keyItemKey, tenantItemKey } from "./key-items.ts";
import { createKeyLookup } from "./key-lookup.ts";
import { cancellationReasons } from "./write-conflicts.ts";

/** The alias belongs to another key. */
export class AliasTakenError extends Error {
  override readonly name = "AliasTakenError";
}

/** There is no key of that alias. */
export class NoSuchKeyError extends Error {
  override readonly name = "NoSuchKeyError";
}

/** Somebody else changed the key between our reading and our writing: look at it again. */
export class KeyChangedError extends Error {
  override readonly name = "KeyChangedError";
}

/** The moments of a rotation, Unix time in ms. */
export interface RotationTimes {
  readonly nowMs: number;
  readonly graceUntilMs: number;
}

/** Keys and tenants that can be changed. Every method throws what the SDK throws. */
export interface DynamoKeyStore {
  findByHash(hash: KeyHash): Promise<VirtualKey | undefined>;
  /** The key of an alias, with its present secret's hash. */
  findByAlias(alias: string): Promise<VirtualKey | undefined>;
  /** Every key, by alias. */
  list(): Promise<readonly VirtualKey[]>;
  /** Stores a new key. Throws `AliasTakenError`. */
  create(key: VirtualKey): Promise<void>;
  /** Stores a key in place of whatever its alias stood for. For seeding a local system. */
  put(key: VirtualKey): Promise<void>;
  /**
   * Changes a key, for its present secret and for those that count until their grace time ends. `change` must leave id,
   * hash and alias alone. Throws `NoSuchKeyError`, `KeyChangedError`.
   */
  update(alias: string, change: (key: VirtualKey) => VirtualKey): Promise<VirtualKey>;
  /**
   * Gives a key another secret; the present one counts until the end of the grace time, and those whose grace time
   * is over are forgotten. Throws `NoSuchKeyError`, `KeyChangedError`.
   */
  rotate(alias: string, hash: KeyHash, times: RotationTimes): Promise<VirtualKey>;
  /** Forgets a key and all its secrets. What it has spent stays in its accounts. Throws `NoSuchKeyError`. */
  remove(alias: string): Promise<void>;
  findTenant(name: string): Promise<Tenant | undefined>;
  listTenants(): Promise<readonly Tenant[]>;
  putTenant(tenant: Tenant): Promise<void>;
}

/** Keys in a table with the string keys `pk` and `sk`. */
export function createKeyStore(options: { client: DynamoDBClient; table: string }): DynamoKeyStore {
  const { client, table } = options;
  const lookup = createKeyLookup(options);

  const transact = async (TransactItems: TransactWriteItem[], refusal: () => Error) => {
    try {
      await client.send(new TransactWriteItemsCommand({ TransactItems }));
    } catch (error) {
      const failed = cancellationReasons(error)?.some(({ Code }) => Code === "ConditionalCheckFailed");
      throw failed ? refusal() : error;
    }
  };
  const documents = async (pk: string) => {
    const items: Record<string, AttributeValue>[] = [];
    const pages = paginateQuery(
      { client },
      {
        TableName: table,
        KeyConditionExpression: "pk = :pk",
        ExpressionAttributeValues: { ":pk": { S: pk } },
        ConsistentRead: true,
      },
    );
    for await (const page of pages) items.push(...(page.Items ?? []));
    return items;
  };
  const readDocument = async (hash: KeyHash) => {
    const { Item } = await client.send(
      new GetItemCommand({ TableName: table, Key: keyItemKey(hash), ConsistentRead: true }),
    );
    return documentOf(Item);
  };
  /** The documents of a key, as they stand now: the present secret's first. */
  const read = async (alias: string) => {
    const { Item } = await client.send(
      new GetItemCommand({ TableName: table, Key: aliasItemKey(alias), ConsistentRead: true }),
    );
    const hashes = hashesOf(Item);
    const found = await Promise.all(hashes.map(readDocument));
    return found.filter((document) => document !== undefined);
  };
  const required = async (alias: string) => {
    const [present, ...former] = await read(alias);
    if (present === undefined) {
      throw new NoSuchKeyError(`There is no key "${alias}". List them with: npx sluice keys list`);
    }
    return { present, former };
  };
  /**
   * Holds as long as the key has not been rotated. Documents alone do not tell: a rotation may leave the former
   * secret's as it was, and then the new secret would be missed.
   */
  const notRotated = (present: KeyHash) => ({
    ConditionExpression: "#hashes[0] = :present",
    ExpressionAttributeNames: { "#hashes": "hashes" },
    ExpressionAttributeValues: { ":present": { S: present } },
  });
  const replace = (before: string, after: VirtualKey): TransactWriteItem => ({
    Put: {
      TableName: table,
      Item: keyItem(after),
      ConditionExpression: "#document = :before",
      ExpressionAttributeNames: { "#document": "document" },
      ExpressionAttributeValues: { ":before": { S: before } },
    },
  });
  const deletion = ({ hash }: VirtualKey): TransactWriteItem => ({
    Delete: { TableName: table, Key: keyItemKey(hash) },
  });
  const changed = (alias: string) => () =>
    new KeyChangedError(
      `The key "${alias}" was changed by somebody else just now. Look at it and try again.`,
    );

  return {
    findByHash: (hash) => lookup.findByHash(hash),
    findTenant: (name) => lookup.findTenant(name),

    async findByAlias(alias) {
      const [present] = await read(alias);
      return present === undefined ? undefined : keyFromDocument(present);
    },

    async list() {
      const aliases = await documents("ALIASES");
      const keys = await Promise.all(
        aliases.map(async (item) => {
          const [hash] = hashesOf(item);
          return hash === undefined ? undefined : await readDocument(hash);
        }),
      );
      return keys.flatMap((document) => (document === undefined ? [] : [keyFromDocument(document)]));
    },

    async create(key) {
      await transact(
        [
          { Put: { TableName: table, Item: keyItem(key) } },
          {
            Put: {
              TableName: table,
              Item: aliasItem(key.alias, [key.hash]),
              ConditionExpression: "attribute_not_exists(pk)",
            },
          },
        ],
        () => new AliasTakenError(`There is a key "${key.alias}" already. Choose another alias.`),
      );
    },

    async put(key) {
      await client.send(new PutItemCommand({ TableName: table, Item: keyItem(key) }));
      await client.send(new PutItemCommand({ TableName: table, Item: aliasItem(key.alias, [key.hash]) }));
    },

    async update(alias, change) {
      const { present, former } = await required(alias);
      const before = keyFromDocument(present);
      const after = change(before);
      const writes = [
        { ConditionCheck: { TableName: table, Key: aliasItemKey(alias), ...notRotated(before.hash) } },
        replace(present, after),
        ...former.map((document) => {
          const { hash, expiresAtMs } = keyFromDocument(document);
          return replace(document, { ...after, hash, ...earliest(expiresAtMs, after.expiresAtMs) });
        }),
      ];
      await transact(writes, changed(alias));
      return after;
    },

    async rotate(alias, hash, { nowMs, graceUntilMs }) {
      const { present, former } = await required(alias);
      const before = keyFromDocument(present);
      const after: VirtualKey = { ...before, hash };
      const { gone = [], kept = [] } = Object.groupBy(former.map(keyFromDocument), ({ expiresAtMs }) =>
        expiresAtMs !== undefined && expiresAtMs <= nowMs ? "gone" : "kept",
      );
      await transact(
        [
          { Put: { TableName: table, Item: keyItem(after) } },
          replace(present, { ...before, ...earliest(graceUntilMs, before.expiresAtMs) }),
          ...gone.map(deletion),
          {
            Put: {
              TableName: table,
              Item: aliasItem(alias, [hash, before.hash, ...kept.map((key) => key.hash)]),
              ...notRotated(before.hash),
            },
          },
        ],
        changed(alias),
      );
      return after;
    },

    async remove(alias) {
      const { present, former } = await required(alias);
      const key = keyFromDocument(present);
      await transact(
        [
          ...[key, ...former.map(keyFromDocument)].map(deletion),
          { Delete: { TableName: table, Key: aliasItemKey(alias), ...notRotated(key.hash) } },
        ],
        changed(alias),
      );
    },

    async listTenants() {
      const items = await documents("TENANTS");
      return items.flatMap((item) => {
        const document = documentOf(item);
        return document === undefined ? [] : [tenantFromDocument(document)];
      });
    },

    async putTenant(tenant) {
      const Item = { ...tenantItemKey(tenant.name), document: { S: toDocument(tenant) } };
      await client.send(new PutItemCommand({ TableName: table, Item }));
    },
  };
}

function keyItem(key: VirtualKey): Record<string, AttributeValue> {
  return { ...keyItemKey(key.hash), document: { S: toDocument(key) } };
}

function aliasItem(alias: string, hashes: readonly KeyHash[]): Record<string, AttributeValue> {
  return { ...aliasItemKey(alias), hashes: { L: hashes.map((hash) => ({ S: hash })) } };
}

/** The earlier of two ends, if there is one at all: a secret on its way out never outlives its key. */
function earliest(a: number | undefined, b: number | undefined): Pick<VirtualKey, "expiresAtMs"> {
  const expiresAtMs = Math.min(a ?? Number.POSITIVE_INFINITY, b ?? Number.POSITIVE_INFINITY);
  return Number.isFinite(expiresAtMs) ? { expiresAtMs } : {};
}

function hashesOf(item: Readonly<Record<string, AttributeValue>> | undefined): readonly KeyHash[] {
  return (item?.["hashes"]?.L ?? []).flatMap(({ S }) => (S === undefined ? [] : [S as KeyHash]));
}

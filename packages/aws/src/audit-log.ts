/** What operators changed, in the table with the keys: `pk` is `AUDIT`, `sk` is `<ISO time>#<8 hex digits>`. */
import { type DynamoDBClient, PutItemCommand, QueryCommand } from "@aws-sdk/client-dynamodb";
import { CorruptDocumentError } from "@sluice/keys";
import { documentOf } from "./key-items.ts";

/** How long an entry is kept, days. */
export const AUDIT_RETENTION_DAYS = 400;

/** A member of a key or a budget before and after a change; one of them is absent when it was added or removed. */
export interface AuditedChange {
  readonly from?: unknown;
  readonly to?: unknown;
}

/** One change. Holds no secret and no hash of one. */
export interface AuditEntry {
  /** ISO 8601, UTC. */
  readonly at: string;
  /** The AWS caller's ARN, or the user's name on a local system. */
  readonly who: string;
  /** The command, such as `keys.create`. */
  readonly action: string;
  /** What was changed, such as `key my-app` or `tenant acme`. */
  readonly subject: string;
  /** By the member's name. */
  readonly changes: Readonly<Record<string, AuditedChange>>;
  /** Why, in the operator's words. */
  readonly reason?: string;
}

/** The trail of changes. Every method throws what the SDK throws. */
export interface AuditLog {
  /** Adds an entry under the present time, and returns it. */
  append(entry: Omit<AuditEntry, "at">): Promise<AuditEntry>;
  /** The latest entries, the newest first. Throws `CorruptDocumentError`. */
  latest(limit: number): Promise<readonly AuditEntry[]>;
}

/** What the trail is made of. */
export interface AuditLogOptions {
  readonly client: DynamoDBClient;
  /** A table with the string keys `pk` and `sk`, and `ttl` as its TTL attribute. */
  readonly table: string;
  /** Unix time, ms. */
  readonly nowMs: () => number;
  readonly random: (count: number) => Uint8Array;
}

const PARTITION = { S: "AUDIT" };
const DAY_SECONDS = 86_400;

/** The trail in a table. */
export function createAuditLog({ client, table, nowMs, random }: AuditLogOptions): AuditLog {
  return {
    async append(entry) {
      const now = nowMs();
      const complete: AuditEntry = { at: new Date(now).toISOString(), ...entry };
      // Two changes may fall into one millisecond.
      const unique = Buffer.from(random(4)).toString("hex");
      const Item = {
        pk: PARTITION,
        sk: { S: `${complete.at}#${unique}` },
        ttl: { N: String(Math.floor(now / 1000) + AUDIT_RETENTION_DAYS * DAY_SECONDS) },
        document: { S: JSON.stringify(complete) },
      };
      await client.send(new PutItemCommand({ TableName: table, Item }));
      return complete;
    },

    async latest(limit) {
      const entries: AuditEntry[] = [];
      let from: QueryCommand["input"]["ExclusiveStartKey"];
      do {
        const page = await client.send(
          new QueryCommand({
            TableName: table,
            KeyConditionExpression: "pk = :pk",
            ExpressionAttributeValues: { ":pk": PARTITION },
            ScanIndexForward: false,
            Limit: limit - entries.length,
            ConsistentRead: true,
            ...(from && { ExclusiveStartKey: from }),
          }),
        );
        entries.push(...(page.Items ?? []).map((item) => parseEntry(documentOf(item))));
        from = page.LastEvaluatedKey;
      } while (from && entries.length < limit);
      return entries;
    },
  };
}

function parseEntry(document: string | undefined): AuditEntry {
  try {
    return JSON.parse(document ?? "") as AuditEntry;
  } catch (cause) {
    throw new CorruptDocumentError("A stored audit entry is not JSON.", { cause });
  }
}

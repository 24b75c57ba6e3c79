/**
 * `TransactWriteItems`: all writes or none, with the reasons of a cancellation and idempotency tokens.
 * https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
 *
 * The caller holds the lock alone, so writing one after the other and undoing the first ones when a later
 * one fails is what a transaction looks like from outside. Not against a crash in between: a process that
 * is killed in the middle leaves the writes it has made.
 */
import { ServiceError } from "../aws-json.ts";
import type { Backend } from "./backend.ts";
import type { Condition, Item, TransactWrite, TransactWriteInput, WriteKind } from "./operations.ts";

interface PreparedWrite {
  readonly kind: WriteKind;
  readonly write: TransactWrite;
  readonly key: Item;
  /** The item before the transaction. */
  readonly before: Item | undefined;
}

interface CancellationReason {
  readonly Code: string;
  readonly Message?: string;
  readonly Item?: Item;
}

const MAX_WRITES = 100;
/** DynamoDB remembers a token for ten minutes. */
const TOKEN_LIFETIME_MS = 10 * 60_000;
const KINDS: readonly WriteKind[] = ["Put", "Update", "Delete", "ConditionCheck"];

/** Returns the operation. It remembers idempotency tokens, measured by `now` (ms). */
export function createTransactWrite(
  backend: Backend,
  now: () => number,
): (input: TransactWriteInput) => Promise<object> {
  const tokens = new Map<string, { readonly fingerprint: string; readonly expiresAtMs: number }>();

  return async (input) => {
    const fingerprint = JSON.stringify(input.TransactItems);
    for (const [token, { expiresAtMs }] of tokens) if (expiresAtMs <= now()) tokens.delete(token);
    const earlier = input.ClientRequestToken && tokens.get(input.ClientRequestToken);
    if (earlier) {
      if (earlier.fingerprint === fingerprint) return {};
      throw new ServiceError(
        "IdempotentParameterMismatchException",
        "The token was used before with other parameters",
      );
    }
    await writeAll(backend, await prepare(backend, input));
    if (input.ClientRequestToken) {
      tokens.set(input.ClientRequestToken, { fingerprint, expiresAtMs: now() + TOKEN_LIFETIME_MS });
    }
    return {};
  };
}

async function prepare(backend: Backend, { TransactItems = [] }: TransactWriteInput) {
  if (TransactItems.length === 0 || TransactItems.length > MAX_WRITES) {
    throw new ServiceError("ValidationException", `A transaction has 1 to ${MAX_WRITES} writes`);
  }
  const prepared: PreparedWrite[] = [];
  const targets = new Set<string>();
  for (const entry of TransactItems) {
    const kind = KINDS.find((kind) => entry[kind]);
    const write = kind && entry[kind];
    if (!write)
      throw new ServiceError("ValidationException", "A write is Put, Update, Delete or ConditionCheck");
    const key = write.Key ?? (await backend.keyOf(write.TableName, write.Item ?? {}));
    const target = JSON.stringify([
      write.TableName,
      Object.entries(key).sort(([a], [b]) => a.localeCompare(b)),
    ]);
    if (targets.has(target)) {
      throw new ServiceError(
        "ValidationException",
        "Transaction request cannot include multiple operations on one item",
      );
    }
    targets.add(target);
    prepared.push({ kind, write, key, before: await backend.read(write.TableName, key) });
  }
  return prepared;
}

async function writeAll(backend: Backend, writes: readonly PreparedWrite[]): Promise<void> {
  const done: PreparedWrite[] = [];
  const reasons: CancellationReason[] = [];
  try {
    for (const write of writes) {
      const reason = await tryWrite(backend, write);
      reasons.push(reason);
      if (reason.Code === "None") done.push(write);
    }
  } catch (error) {
    await undo(backend, done);
    throw error;
  }
  if (done.length === writes.length) return;
  await undo(backend, done);
  throw new ServiceError(
    "TransactionCanceledException",
    `Transaction cancelled, please refer cancellation reasons for specific reasons [${reasons.map(({ Code }) => Code).join(", ")}]`,
    { members: { CancellationReasons: reasons } },
  );
}

/** Makes the write if its condition holds. Throws whatever is wrong with the write itself. */
async function tryWrite(backend: Backend, prepared: PreparedWrite): Promise<CancellationReason> {
  try {
    await write(backend, prepared);
    return { Code: "None" };
  } catch (error) {
    if (!(error instanceof ServiceError) || error.type !== "ConditionalCheckFailedException") throw error;
    const wantsOld = prepared.write.ReturnValuesOnConditionCheckFailure === "ALL_OLD";
    return {
      Code: "ConditionalCheckFailed",
      Message: "The conditional request failed",
      ...(wantsOld && prepared.before && { Item: prepared.before }),
    };
  }
}

async function write(backend: Backend, { kind, write, key, before }: PreparedWrite): Promise<void> {
  const TableName = write.TableName;
  const condition = conditionOf(write);
  if (kind === "Put") {
    await backend.call("PutItem", { TableName, Item: write.Item, ...condition });
  } else if (kind === "Update") {
    const { UpdateExpression } = write;
    await backend.call("UpdateItem", {
      TableName,
      Key: key,
      ...(UpdateExpression && { UpdateExpression }),
      ...condition,
    });
  } else if (kind === "ConditionCheck" && before) {
    // dynalite has no bare check: writing the item as it is changes nothing.
    await backend.call("PutItem", { TableName, Item: before, ...condition });
  } else {
    await backend.call("DeleteItem", { TableName, Key: key, ...condition });
  }
}

function conditionOf(write: TransactWrite): Condition {
  const { ConditionExpression, ExpressionAttributeNames, ExpressionAttributeValues } = write;
  return {
    ...(ConditionExpression && { ConditionExpression }),
    ...(ExpressionAttributeNames && { ExpressionAttributeNames }),
    ...(ExpressionAttributeValues && { ExpressionAttributeValues }),
  };
}

async function undo(backend: Backend, done: readonly PreparedWrite[]): Promise<void> {
  for (const { write, key, before } of done) {
    const TableName = write.TableName;
    if (before) await backend.call("PutItem", { TableName, Item: before });
    else await backend.call("DeleteItem", { TableName, Key: key });
  }
}

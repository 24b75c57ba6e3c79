/** The shapes of DynamoDB's wire protocol that the operations in front of dynalite need. */

/** One attribute, for example `{ S: "text" }` or `{ N: "1" }`. */
export type AttributeValue = Readonly<Record<string, unknown>>;
/** An item, or its key. */
export type Item = Readonly<Record<string, AttributeValue>>;

/** The condition of a write, as DynamoDB takes it. */
export interface Condition {
  readonly ConditionExpression?: string;
  readonly ExpressionAttributeNames?: Readonly<Record<string, string>>;
  readonly ExpressionAttributeValues?: Item;
  readonly ReturnValuesOnConditionCheckFailure?: "ALL_OLD" | "NONE";
}

/** One write of a transaction. `Put` has an item, the others a key. */
export interface TransactWrite extends Condition {
  readonly TableName: string;
  readonly Item?: Item;
  readonly Key?: Item;
  readonly UpdateExpression?: string;
}

/** What a write of a transaction does. */
export type WriteKind = "Put" | "Update" | "Delete" | "ConditionCheck";

/** `TransactWriteItems`. */
export interface TransactWriteInput {
  readonly TransactItems?: readonly Readonly<Partial<Record<WriteKind, TransactWrite>>>[];
  readonly ClientRequestToken?: string;
}

/** `TransactGetItems`. */
export interface TransactGetInput {
  readonly TransactItems?: readonly { readonly Get: Readonly<Record<string, unknown>> }[];
}

/** `UpdateTimeToLive`. */
export interface UpdateTimeToLiveInput {
  readonly TableName: string;
  readonly TimeToLiveSpecification: { readonly Enabled: boolean; readonly AttributeName: string };
}

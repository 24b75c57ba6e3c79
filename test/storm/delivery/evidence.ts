/** What the services were seen to have taken: who had a record, and when a delivery was marked. */
import { decodeMessage, decodeRecord, type TraceRecord } from "@sluice/trace";
import type { AwsAnswer, AwsRequest } from "./fault-proxy.ts";

/** What is known of a call beside what its caller saw. By user, and by call id. */
export interface Evidence {
  /** Users and call ids of which SQS, or the bucket, took a record or a switch. */
  readonly heardOf: ReadonlySet<string>;
  /** When SQS first took the call's switch, Unix times in ms. By user, and by call id. */
  readonly armedAtMs: ReadonlyMap<string, number>;
  /** Users and call ids of which a record or a switch met a fault on its way to SQS or the bucket. */
  readonly hindered: ReadonlySet<string>;
  /** When DynamoDB took the mark of a delivery, Unix times in ms, by call id. */
  readonly marks: ReadonlyMap<string, readonly number[]>;
  /** When a request that would have marked a delivery met a fault, by call id. */
  readonly markFaults: ReadonlyMap<string, readonly number[]>;
  /** Calls that the ledger was told of as dead: their reservations were given back. By call id. */
  readonly givenUp: ReadonlySet<string>;
  /** What was written of each call to the ledger of delivery, by call id. */
  readonly ledgerWrites: ReadonlyMap<string, readonly Incident[]>;
  sqs(request: AwsRequest, answer: AwsAnswer): void;
  s3(request: AwsRequest, answer: AwsAnswer): void;
  /** Of a request to SQS or S3 that a fault meets. */
  sendFault(request: AwsRequest): void;
  dynamodb(request: AwsRequest, answer: AwsAnswer): void;
  dynamodbFault(request: AwsRequest): void;
}

/** Something that happened to a call. */
export interface Incident {
  /** Unix time, ms. */
  readonly atMs: number;
  readonly what: string;
}

/** Begins to gather. */
export function createEvidence(): Evidence {
  const heardOf = new Set<string>();
  const armedAtMs = new Map<string, number>();
  const hindered = new Set<string>();
  const marks = new Map<string, number[]>();
  const markFaults = new Map<string, number[]>();
  const givenUp = new Set<string>();
  const ledgerWrites = new Map<string, Incident[]>();
  const note = <T>(map: Map<string, T[]>, callId: string, entry: T) => {
    const entries = map.get(callId);
    if (entries) entries.push(entry);
    else map.set(callId, [entry]);
  };
  const noteWrites = (writes: readonly LedgerWrite[], came: string) => {
    const atMs = Date.now();
    for (const { callId, what } of writes) note(ledgerWrites, callId, { atMs, what: `${came} ${what}` });
  };
  return {
    heardOf,
    armedAtMs,
    hindered,
    marks,
    markFaults,
    givenUp,
    ledgerWrites,
    sqs(request, { status }) {
      if (status !== 200) return;
      for (const name of namesIn(request)) {
        heardOf.add(name);
        if (isSwitch(request) && !armedAtMs.has(name)) armedAtMs.set(name, Date.now());
      }
    },
    s3(request, { status }) {
      if (status === 200 && request.path.includes("/spill/")) {
        for (const name of namesIn(request)) heardOf.add(name);
      }
    },
    sendFault(request) {
      for (const name of namesIn(request)) hindered.add(name);
    },
    dynamodb(request, { status }) {
      const writes = ledgerWritesOf(request);
      noteWrites(writes, String(status));
      if (status !== 200) return;
      for (const { callId } of writes.filter(({ marks }) => marks)) note(marks, callId, Date.now());
      for (const { callId } of writes.filter(({ givesUp }) => givesUp)) givenUp.add(callId);
    },
    dynamodbFault(request) {
      const writes = ledgerWritesOf(request);
      noteWrites(writes, "met a fault:");
      for (const { callId } of writes.filter(({ marks }) => marks)) note(markFaults, callId, Date.now());
    },
  };
}

/** Of what is sent for a call, only its switch is delayed from the beginning. */
function isSwitch({ action, body }: AwsRequest): boolean {
  if (action !== "SendMessage") return false;
  const { DelaySeconds = 0 } = JSON.parse(body.toString()) as { readonly DelaySeconds?: number };
  return DelaySeconds > 0;
}

/** User and call id of the record that a request sends or stores. */
function namesIn({ action, path, body }: AwsRequest): readonly string[] {
  if (action === "SendMessage") {
    return namesOf((JSON.parse(body.toString()) as { readonly MessageBody: string }).MessageBody);
  }
  if (action !== "PUT") return [];
  if (path.includes("/spill/")) return namesOf(body.toString());
  return path.includes("/claims/") ? namesOfRecord(decodeRecord(body)) : [];
}

/** User and call id of a message's record; of a claim, the call id alone. */
export function namesOf(message: string): readonly string[] {
  const decoded = decodeMessage(message);
  if (decoded.kind === "record") return namesOfRecord(decoded.record);
  return [decoded.pointer.key.replace(/^.*\//, "").replace(/-opened$/, "")];
}

function namesOfRecord({ callId, trace }: TraceRecord): readonly string[] {
  return trace.userId === undefined ? [callId] : [callId, trace.userId];
}

/** Names of the attributes that say that a drain has the trace. */
const MARK = /^(delivered|deadDelivered)#/;
/** Of those that a consumer writes which takes a call that was given up. */
const DEAD = /^deadAtMs$/;
/** Of everything that the ledger of delivery writes, and nobody else. */
const LEDGER = /^(seenAtMs|deadAtMs|leaseUntilMs|delivered#|deadDelivered#|parked#)/;

/** A call's part in a request to the ledger of delivery. */
export interface LedgerWrite {
  readonly callId: string;
  /** It notes that a drain has the trace. */
  readonly marks: boolean;
  /** It gives the call up for dead. */
  readonly givesUp: boolean;
  /** The update's expressions, with the names and values that stand for placeholders in them. */
  readonly what: string;
}

interface Update {
  readonly Key: { readonly pk: { readonly S: string } };
  readonly UpdateExpression?: string;
  readonly ConditionExpression?: string;
  readonly ExpressionAttributeNames?: Readonly<Record<string, string>>;
  readonly ExpressionAttributeValues?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** What a request writes to the ledger of delivery, in one update or in a transaction; nothing of other requests. */
export function ledgerWritesOf({ action, body }: AwsRequest): readonly LedgerWrite[] {
  if (!body.includes('"CALL#')) return [];
  const updates: Update[] = [];
  if (action === "UpdateItem") updates.push(JSON.parse(body.toString()) as Update);
  if (action === "TransactWriteItems") {
    const { TransactItems } = JSON.parse(body.toString()) as {
      readonly TransactItems: readonly { readonly Update?: Update }[];
    };
    updates.push(...TransactItems.flatMap(({ Update }) => Update ?? []));
  }
  return updates.flatMap((update) => {
    const { Key, UpdateExpression = "", ConditionExpression = "", ...placeholders } = update;
    const { ExpressionAttributeNames: names = {}, ExpressionAttributeValues: values = {} } = placeholders;
    const attributes = Object.values(names);
    const some = (pattern: RegExp) => attributes.some((name) => pattern.test(name));
    if (!Key.pk.S.startsWith("CALL#") || !some(LEDGER)) return [];
    const what = `${UpdateExpression} IF ${ConditionExpression}`.replaceAll(PLACEHOLDER, (placeholder) =>
      Object.values(values[placeholder] ?? { name: names[placeholder] ?? placeholder }).join(),
    );
    return [{ callId: Key.pk.S.replace(/^CALL#/, ""), marks: some(MARK), givesUp: some(DEAD), what }];
  });
}

const PLACEHOLDER = /[#:]\w+/g;

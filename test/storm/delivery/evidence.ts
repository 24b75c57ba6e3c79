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
  sqs(request: AwsRequest, answer: AwsAnswer): void;
  s3(request: AwsRequest, answer: AwsAnswer): void;
  /** Of a request to SQS or S3 that a fault meets. */
  sendFault(request: AwsRequest): void;
  dynamodb(request: AwsRequest, answer: AwsAnswer): void;
  dynamodbFault(request: AwsRequest): void;
}

/** Begins to gather. */
export function createEvidence(): Evidence {
  const heardOf = new Set<string>();
  const armedAtMs = new Map<string, number>();
  const hindered = new Set<string>();
  const marks = new Map<string, number[]>();
  const markFaults = new Map<string, number[]>();
  const givenUp = new Set<string>();
  const note = (map: Map<string, number[]>, callId: string) => {
    map.set(callId, [...(map.get(callId) ?? []), Date.now()]);
  };
  return {
    heardOf,
    armedAtMs,
    hindered,
    marks,
    markFaults,
    givenUp,
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
      if (status !== 200) return;
      for (const marked of callsWith(request, MARK)) note(marks, marked);
      for (const dead of callsWith(request, DEAD)) givenUp.add(dead);
    },
    dynamodbFault(request) {
      for (const callId of callsWith(request, MARK)) note(markFaults, callId);
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
const LEDGER = /^(seenAtMs|deadAtMs|leaseUntilMs|delivered#|deadDelivered#)/;

/** Whether a request writes the ledger of delivery. */
export function isLedgerWrite(request: AwsRequest): boolean {
  return callsWith(request, LEDGER).length > 0;
}

interface Update {
  readonly Key: { readonly pk: { readonly S: string } };
  readonly ExpressionAttributeNames?: Readonly<Record<string, string>>;
}

/** The ids of the calls of which a request writes an attribute of that name, in one update or in a transaction. */
function callsWith({ action, body }: AwsRequest, attribute: RegExp): readonly string[] {
  if (!body.includes('"CALL#')) return [];
  const updates: Update[] = [];
  if (action === "UpdateItem") updates.push(JSON.parse(body.toString()) as Update);
  if (action === "TransactWriteItems") {
    const { TransactItems } = JSON.parse(body.toString()) as {
      readonly TransactItems: readonly { readonly Update?: Update }[];
    };
    updates.push(...TransactItems.flatMap(({ Update }) => Update ?? []));
  }
  return updates
    .filter(({ ExpressionAttributeNames = {} }) =>
      Object.values(ExpressionAttributeNames).some((name) => attribute.test(name)),
    )
    .map(({ Key }) => Key.pk.S.replace(/^CALL#/, ""));
}

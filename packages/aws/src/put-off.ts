/**
 * Puts messages off, each for a time of its own. A message is hidden for that time; but SQS lets only some 120,000 messages of a
 * queue be hidden or worked on, and hands out none beyond that. So when a queue holds many that wait, others are sent afresh instead,
 * with a delay: of such messages a queue may have any number. What a message has behind it goes with it in attributes.
 */
import {
  ChangeMessageVisibilityBatchCommand,
  SendMessageBatchCommand,
  type SendMessageBatchRequestEntry,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import type { Postponed, PutOff, QueueMessage } from "@sluice/flusher";
import type { SQSEvent } from "aws-lambda";
import { depthOf } from "./queue-depth.ts";

/** Most entries of one batch request (Amazon SQS API reference). */
const MAX_ENTRIES = 10;
/** Most bytes of a message, and of all in one request, with their attributes (Amazon SQS quotas). */
const MAX_BYTES = 1_048_576;
/** Longest visibility timeout, seconds (Amazon SQS quotas). */
const MAX_VISIBILITY_SECONDS = 43_200;
/** Longest delay of a message, seconds (Amazon SQS quotas). What waits longer is sent again each time. */
const MAX_DELAY_SECONDS = 900;
/**
 * Messages that may be hidden or worked on before others are sent afresh. Half of what SQS allows, for its count may be a minute
 * old, and in that time four flushers put off some 50,000.
 */
const MOST_HIDDEN = 60_000;
/** Shorter waits are always by hiding, ms: they are over before they could fill a queue. */
const BRIEF_MS = 60_000;
/** Bytes that the attributes of a message sent afresh take at most: three names, types and numbers. */
const ATTRIBUTE_BYTES = 256;

/** What messages are put off with. */
export interface PutOffOptions {
  readonly client: SQSClient;
  readonly queueUrl: string;
  /** Unix time, ms. */
  readonly nowMs: () => number;
  /** Messages that may be hidden or worked on before others are sent afresh; 60,000 unless given. */
  readonly mostHidden?: number;
}

/**
 * Puts off messages of the event that it is called with. When the acknowledgement of one that was sent afresh is lost, it is in the
 * queue twice; it is one call.
 */
export function createPutOff({
  client,
  queueUrl,
  nowMs,
  mostHidden = MOST_HIDDEN,
}: PutOffOptions): (event: SQSEvent) => PutOff {
  const isFull = async () => {
    try {
      return (await depthOf(client, queueUrl)).inFlight >= mostHidden;
    } catch {
      return false;
    }
  };

  const sendAfresh = async (postponed: readonly Postponed[]): Promise<ReadonlySet<string>> => {
    const atMs = nowMs();
    const sent = new Set<string>();
    await Promise.all(
      inRequests(postponed).map(async (request) => {
        const Entries = request.map((one, index) => freshEntry(one, String(index), atMs));
        try {
          const command = new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries });
          const { Successful = [] } = await client.send(command);
          for (const { Id } of Successful) {
            const id = request[Number(Id)]?.message.id;
            if (id !== undefined) sent.add(id);
          }
        } catch {
          // It is hidden, as if there were room for it.
        }
      }),
    );
    return sent;
  };

  const hide = async (event: SQSEvent, postponed: readonly Postponed[]): Promise<void> => {
    const handles = new Map(event.Records.map(({ messageId, receiptHandle }) => [messageId, receiptHandle]));
    const entries = postponed.flatMap(({ message, delayMs }, index) => {
      const ReceiptHandle = handles.get(message.id);
      const VisibilityTimeout = Math.min(MAX_VISIBILITY_SECONDS, wholeSeconds(delayMs));
      return ReceiptHandle === undefined ? [] : [{ Id: String(index), ReceiptHandle, VisibilityTimeout }];
    });
    const requests = Array.from({ length: Math.ceil(entries.length / MAX_ENTRIES) }, (_, index) =>
      entries.slice(index * MAX_ENTRIES, (index + 1) * MAX_ENTRIES),
    );
    await Promise.allSettled(
      requests.map((Entries) =>
        client.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl: queueUrl, Entries })),
      ),
    );
  };

  return (event) => async (postponed) => {
    const long = postponed.filter(
      ({ message, delayMs }) => delayMs >= BRIEF_MS && bytesAfresh(message) <= MAX_BYTES,
    );
    const sent = long.length > 0 && (await isFull()) ? await sendAfresh(long) : new Set<string>();
    await hide(
      event,
      postponed.filter(({ message }) => !sent.has(message.id)),
    );
    return sent;
  };
}

/** Groups of as many as a request takes. */
function inRequests(postponed: readonly Postponed[]): readonly (readonly Postponed[])[] {
  const requests: Postponed[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const one of postponed) {
    const more = bytesAfresh(one.message);
    const last = requests.at(-1);
    if (last && last.length < MAX_ENTRIES && bytes + more <= MAX_BYTES) {
      last.push(one);
      bytes += more;
    } else {
      requests.push([one]);
      bytes = more;
    }
  }
  return requests;
}

function bytesAfresh({ body }: QueueMessage): number {
  return Buffer.byteLength(body) + ATTRIBUTE_BYTES;
}

function freshEntry({ message, delayMs }: Postponed, Id: string, atMs: number): SendMessageBatchRequestEntry {
  const number = (value: number) => ({ DataType: "Number", StringValue: String(Math.round(value)) });
  return {
    Id,
    MessageBody: message.body,
    DelaySeconds: Math.min(MAX_DELAY_SECONDS, wholeSeconds(delayMs)),
    MessageAttributes: {
      sentAtMs: number(message.sentAtMs),
      receives: number(message.receiveCount),
      dueAtMs: number(atMs + delayMs),
    },
  };
}

function wholeSeconds(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1000));
}

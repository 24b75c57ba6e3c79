/** Looks at messages of a queue without taking them from it. */
import {
  ChangeMessageVisibilityBatchCommand,
  type Message,
  ReceiveMessageCommand,
  type SQSClient,
} from "@aws-sdk/client-sqs";

/** A message that is hidden from others for a while. */
export interface HeldMessage {
  readonly id: string;
  readonly receiptHandle: string;
  readonly body: string;
  /** Unix time, ms. */
  readonly sentAtMs: number;
  /** Why it was parked. SQS itself parks without saying why, after too many receives. */
  readonly reason: string | undefined;
}

/** Hidden as long as a command may take between two messages, seconds. */
const HELD_SECONDS = 300;
/** Most messages of one request (Amazon SQS API reference). */
const MAX_BATCH = 10;
/** Requests at the same time. */
const AT_ONCE = 10;
/** A queue asks some of its servers at a time: an empty answer may be followed by a full one. */
const EMPTY_ANSWERS = 2;

/**
 * Yields the messages of a queue by the ten, each once, until it gives no more. Those that were not deleted meanwhile are visible
 * again once the iteration ends. Each counts as received once more.
 */
export async function* heldMessages(
  sqs: SQSClient,
  queueUrl: string,
): AsyncGenerator<readonly HeldMessage[]> {
  const held = new Map<string, string>();
  try {
    for (let empty = 0; empty < EMPTY_ANSWERS; ) {
      const { Messages = [] } = await sqs.send(
        new ReceiveMessageCommand({
          QueueUrl: queueUrl,
          MaxNumberOfMessages: MAX_BATCH,
          VisibilityTimeout: HELD_SECONDS,
          MessageSystemAttributeNames: ["SentTimestamp"],
          MessageAttributeNames: ["reason"],
        }),
      );
      const fresh = Messages.map(toHeld).filter(({ id }) => !held.has(id));
      empty = fresh.length === 0 ? empty + 1 : 0;
      for (const { id, receiptHandle } of fresh) held.set(id, receiptHandle);
      if (fresh.length > 0) yield fresh;
    }
  } finally {
    await letGo(sqs, queueUrl, [...held.values()]);
  }
}

/** The first messages of a queue, `limit` at most. They are visible again when it returns. */
export async function peekMessages(
  sqs: SQSClient,
  queueUrl: string,
  limit: number,
): Promise<readonly HeldMessage[]> {
  const held: HeldMessage[] = [];
  for await (const messages of heldMessages(sqs, queueUrl)) {
    if (held.push(...messages) >= limit) break;
  }
  return held.slice(0, limit);
}

function toHeld({ MessageId = "", ReceiptHandle = "", Body = "", ...message }: Message): HeldMessage {
  return {
    id: MessageId,
    receiptHandle: ReceiptHandle,
    body: Body,
    sentAtMs: Number(message.Attributes?.SentTimestamp ?? 0),
    reason: message.MessageAttributes?.["reason"]?.StringValue,
  };
}

/** Best effort: what cannot be let go is visible after its time, and what was deleted answers with an error. */
async function letGo(sqs: SQSClient, queueUrl: string, handles: readonly string[]): Promise<void> {
  const letGoFrom = async (from: number) => {
    const Entries = handles.slice(from, from + MAX_BATCH).map((ReceiptHandle, index) => ({
      Id: String(index),
      ReceiptHandle,
      VisibilityTimeout: 0,
    }));
    await sqs
      .send(new ChangeMessageVisibilityBatchCommand({ QueueUrl: queueUrl, Entries }))
      .catch(() => undefined);
  };
  const starts = Array.from({ length: Math.ceil(handles.length / MAX_BATCH) }, (_, at) => at * MAX_BATCH);
  for (let at = 0; at < starts.length; at += AT_ONCE) {
    await Promise.all(starts.slice(at, at + AT_ONCE).map(letGoFrom));
  }
}

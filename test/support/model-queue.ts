/** A standard queue by the rules of SQS, on a clock that a test moves: days pass in it at once. */
import { createHash } from "node:crypto";
import type {
  ChangeMessageVisibilityBatchRequest,
  SendMessageBatchRequest,
  SendMessageBatchRequestEntry,
} from "@aws-sdk/client-sqs";
import { toQueueMessages } from "@sluice/aws";
import type { QueueMessage } from "@sluice/flusher";
import type { SQSEvent } from "aws-lambda";
import { serveWhole } from "./whole-requests.ts";

/** A queue's settings, as `infra/queue.ts` has them. */
export interface ModelQueueOptions {
  readonly nowMs: () => number;
  readonly retentionMs: number;
  readonly visibilityTimeoutMs: number;
  /** Receives after which SQS moves a message to the dead-letter queue by itself. */
  readonly maximumReceives: number;
  /** Received messages that are not deleted and not visible, beyond which SQS hands out none; any number unless given. */
  readonly mostInFlight?: number;
}

/** A message that left the queue in another way than by being deleted. */
export interface Gone {
  readonly body: string;
  readonly sentAtMs: number;
}

/** What the queue offers to its consumer, and what a test may see. */
export interface ModelQueue {
  send(body: string): void;
  /** Up to `count` messages that are visible, each received once more and then hidden, as the event that Lambda makes of them. */
  receiveEvent(count: number): SQSEvent;
  /** The same as the flusher sees them. */
  receive(count: number): readonly QueueMessage[];
  /** Hides a message for so long from now on. */
  changeVisibility(id: string, ms: number): void;
  delete(id: string): void;
  /** When the next message can be received, Unix time in ms; undefined when the queue is empty. */
  nextVisibleAtMs(): number | undefined;
  /** Requests of SQS's protocol, in JSON, that a consumer makes beside receiving: what hides messages, sends them, and counts them. */
  answer(action: string, request: unknown): object;
  readonly size: number;
  /** The largest receive count that any message has reached. */
  readonly mostReceives: number;
  /** The largest number of messages that were in flight. */
  readonly mostInFlight: number;
  /** Messages that were moved after too many receives: with their first timestamp, as SQS does. */
  readonly redriven: readonly Gone[];
  /** Messages whose retention ended. */
  readonly dropped: readonly Gone[];
}

interface Stored {
  readonly id: string;
  readonly body: string;
  readonly sentAtMs: number;
  readonly attributes: NonNullable<SendMessageBatchRequestEntry["MessageAttributes"]>;
  visibleAtMs: number;
  receives: number;
}

/** An empty queue. */
export function modelQueue(options: ModelQueueOptions): ModelQueue {
  const { nowMs, retentionMs, visibilityTimeoutMs, maximumReceives } = options;
  const messages = new Map<string, Stored>();
  const redriven: Gone[] = [];
  const dropped: Gone[] = [];
  let sent = 0;
  let mostReceives = 0;
  let mostInFlight = 0;

  const expire = () => {
    for (const { id, body, sentAtMs } of messages.values()) {
      if (nowMs() - sentAtMs < retentionMs) continue;
      messages.delete(id);
      dropped.push({ body, sentAtMs });
    }
  };
  const isHidden = ({ visibleAtMs }: Stored) => visibleAtMs > nowMs();
  const inFlight = () =>
    messages
      .values()
      .filter((message) => isHidden(message) && message.receives > 0)
      .reduce((count) => count + 1, 0);
  const receiveOne = (message: Stored): readonly Stored[] => {
    const { id, body, sentAtMs } = message;
    if (message.receives >= maximumReceives) {
      messages.delete(id);
      redriven.push({ body, sentAtMs });
      return [];
    }
    message.receives += 1;
    message.visibleAtMs = nowMs() + visibilityTimeoutMs;
    mostReceives = Math.max(mostReceives, message.receives);
    return [message];
  };
  const add = (body: string, delayMs: number, attributes: Stored["attributes"]): string => {
    const id = `m${sent++}`;
    messages.set(id, {
      id,
      body,
      sentAtMs: nowMs(),
      attributes,
      visibleAtMs: nowMs() + delayMs,
      receives: 0,
    });
    return id;
  };
  const receiveEvent = (count: number): SQSEvent => {
    expire();
    const room = (options.mostInFlight ?? Number.POSITIVE_INFINITY) - inFlight();
    const visible = [...messages.values()].filter((message) => !isHidden(message));
    const received = visible.slice(0, Math.min(count, room)).flatMap(receiveOne);
    mostInFlight = Math.max(mostInFlight, inFlight());
    return { Records: received.map(asRecord) };
  };
  const hide = (id: string, ms: number) => {
    const message = messages.get(id);
    if (message) message.visibleAtMs = nowMs() + ms;
  };

  return {
    send(body) {
      add(body, 0, {});
    },
    receiveEvent,
    receive: (count) => toQueueMessages(receiveEvent(count)),
    changeVisibility: hide,
    delete: (id) => void messages.delete(id),
    nextVisibleAtMs() {
      const times = messages.values().map(({ visibleAtMs }) => visibleAtMs);
      return messages.size === 0 ? undefined : times.reduce((first, time) => Math.min(first, time));
    },
    answer(action, request) {
      if (action === "GetQueueAttributes") {
        return { Attributes: { ApproximateNumberOfMessagesNotVisible: String(inFlight()) } };
      }
      if (action === "ChangeMessageVisibilityBatch") {
        const { Entries = [] } = request as ChangeMessageVisibilityBatchRequest;
        for (const { ReceiptHandle = "", VisibilityTimeout = 0 } of Entries) {
          hide(ReceiptHandle, VisibilityTimeout * 1000);
        }
        return { Successful: Entries.map(({ Id }) => ({ Id })), Failed: [] };
      }
      if (action === "SendMessageBatch") {
        const { Entries = [] } = request as SendMessageBatchRequest;
        const Successful = Entries.map(
          ({ Id, MessageBody = "", DelaySeconds = 0, MessageAttributes = {} }) => ({
            Id,
            MessageId: add(MessageBody, DelaySeconds * 1000, MessageAttributes),
            MD5OfMessageBody: createHash("md5").update(MessageBody).digest("hex"),
          }),
        );
        return { Successful, Failed: [] };
      }
      throw new Error(`The model queue does not know ${action}.`);
    },
    get size() {
      return messages.size;
    },
    get mostReceives() {
      return mostReceives;
    },
    get mostInFlight() {
      return mostInFlight;
    },
    redriven,
    dropped,
  };
}

/** Serves what a consumer asks of the queue with an SDK's client. */
export async function serveModelQueue(
  queue: ModelQueue,
): Promise<AsyncDisposable & { readonly url: string }> {
  return await serveWhole((request, body, response) => {
    const action = String(request.headers["x-amz-target"]).replace(/^.*\./, "");
    response.setHeader("content-type", "application/x-amz-json-1.0");
    response.end(JSON.stringify(queue.answer(action, JSON.parse(body.toString()))));
  });
}

/** A message as Lambda hands it over. Its id is its receipt handle. */
function asRecord({ id, body, sentAtMs, receives, attributes }: Stored): SQSEvent["Records"][number] {
  return {
    messageId: id,
    receiptHandle: id,
    body,
    attributes: {
      ApproximateReceiveCount: String(receives),
      SentTimestamp: String(sentAtMs),
      SenderId: "model",
      ApproximateFirstReceiveTimestamp: String(sentAtMs),
    },
    messageAttributes: Object.fromEntries(
      Object.entries(attributes).map(([name, { StringValue = "", DataType = "String" }]) => [
        name,
        { stringValue: StringValue, dataType: DataType },
      ]),
    ),
    md5OfBody: "",
    eventSource: "aws:sqs",
    eventSourceARN: "arn:aws:sqs:us-east-1:000000000000:traces",
    awsRegion: "us-east-1",
  };
}

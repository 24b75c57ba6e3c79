/**
 * The event source mapping between a queue and a function: polls, batches, invokes, and deletes what the
 * function has done. What failed stays for its visibility timeout, and the queue's own redrive policy
 * counts the receives.
 */

import { setTimeout as sleep } from "node:timers/promises";
import {
  DeleteMessageBatchCommand,
  type DeleteMessageBatchRequestEntry,
  ReceiveMessageCommand,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import type { LambdaFunction } from "../lambda/function.ts";
import { createBatchCollector } from "./batch-collector.ts";
import { failedIds } from "./batch-result.ts";
import { type BatchEntry, batchEntry, sqsEvent } from "./sqs-event.ts";

/** An event source mapping. */
export interface EventSourceOptions {
  /** Reaches the queue; a test may give it an endpoint with faults. */
  readonly client: SQSClient;
  readonly queueUrl: string;
  readonly queueArn: string;
  readonly lambda: LambdaFunction;
  /** Most messages of a batch, 1 to 10,000. Default 1000. */
  readonly batchSize?: number;
  /** How long a batch is gathered after its first message, seconds. Default 1. */
  readonly batchWindowSeconds?: number;
  /** Most invocations at the same time. Default 2, which is the least that Lambda allows. */
  readonly maximumConcurrency?: number;
  /** Gets what went wrong with the queue or an invocation. */
  readonly log?: (line: string) => void;
}

/** A mapping that runs. */
export interface EventSource {
  /**
   * Takes no more messages, passes on those that it has, and waits for the open invocations.
   * May take as long as the function does.
   */
  stop(): Promise<void>;
}

/**
 * How long a poll waits, seconds. The service waits 20; a request that is cut off at a stop could already
 * have been given messages, so ours is let run to its end, and must be short.
 */
const POLL_SECONDS = 1;
const RETRY_MS = 1000;
const DELETE_BATCH_SIZE = 10;

/** Starts polling. */
export function startEventSource(options: EventSourceOptions): EventSource {
  const { batchSize = 1000, batchWindowSeconds = 1, maximumConcurrency = 2, log = () => {} } = options;
  const stopping = new AbortController();
  const open = new Set<Promise<void>>();
  const collector = createBatchCollector(
    (count, waitMs) => receive(options, count, waitMs),
    { size: batchSize, windowMs: batchWindowSeconds * 1000 },
    { stopping: stopping.signal, now: () => performance.now() },
  );

  async function poll(): Promise<void> {
    while (!stopping.signal.aborted || collector.pending > 0) {
      // Before gathering: a batch that waits for a free invocation would use up its visibility timeout.
      while (open.size >= maximumConcurrency) await Promise.race(open);
      try {
        const batch = await collector.next(POLL_SECONDS * 1000);
        if (batch.length > 0) start(batch);
      } catch (error) {
        log(`cannot receive from ${options.queueUrl}: ${messageOf(error)}`);
        await sleep(RETRY_MS, undefined, { signal: stopping.signal }).catch(() => {});
      }
    }
    await Promise.all(open);
  }

  function start(batch: readonly BatchEntry[]): void {
    const work = runBatch(options, batch).catch((error: unknown) => {
      log(`a batch of ${batch.length} goes back to the queue: ${messageOf(error)}`);
    });
    open.add(work);
    void work.finally(() => open.delete(work));
  }

  const polling = poll();
  return {
    stop: async () => {
      stopping.abort();
      await polling;
    },
  };
}

async function receive(
  { client, queueUrl, queueArn }: EventSourceOptions,
  count: number,
  waitMs: number,
): Promise<readonly BatchEntry[]> {
  const { Messages = [] } = await client.send(
    new ReceiveMessageCommand({
      QueueUrl: queueUrl,
      MaxNumberOfMessages: count,
      WaitTimeSeconds: Math.min(POLL_SECONDS, Math.ceil(waitMs / 1000)),
      MessageSystemAttributeNames: ["All"],
      MessageAttributeNames: ["All"],
    }),
  );
  return Messages.map((message) => batchEntry(message, queueArn));
}

async function runBatch(options: EventSourceOptions, batch: readonly BatchEntry[]): Promise<void> {
  const outcome = await options.lambda.invoke(sqsEvent(batch));
  if (outcome.kind === "failed") {
    const { errorType, errorMessage } = outcome.error;
    options.log?.(
      `${options.lambda.name} failed with ${batch.length} messages: ${errorType}: ${errorMessage}`,
    );
  }
  const failed = failedIds(
    outcome,
    batch.map(({ messageId }) => messageId),
  );
  await deleteMessages(
    options,
    batch.filter(({ messageId }) => !failed.has(messageId)),
  );
}

/** What cannot be deleted comes again after its visibility timeout, as in the service; that holds for it alone. */
async function deleteMessages(
  { client, queueUrl, log }: EventSourceOptions,
  done: readonly BatchEntry[],
): Promise<void> {
  for (let start = 0; start < done.length; start += DELETE_BATCH_SIZE) {
    const Entries = done.slice(start, start + DELETE_BATCH_SIZE).map(
      ({ receiptHandle }, index): DeleteMessageBatchRequestEntry => ({
        Id: String(index),
        ReceiptHandle: receiptHandle,
      }),
    );
    try {
      const command = new DeleteMessageBatchCommand({ QueueUrl: queueUrl, Entries });
      const { Failed = [] } = await client.send(command);
      for (const { Code, Message } of Failed) log?.(`cannot delete a message: ${Code} ${Message ?? ""}`);
    } catch (error) {
      log?.(`cannot delete ${Entries.length} messages: ${messageOf(error)}`);
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

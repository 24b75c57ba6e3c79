/** After the storm: waits until the queue is empty, and brings back what waits elsewhere. */
import { setTimeout as sleep } from "node:timers/promises";
import { ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import {
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { SWEEP_EVENT } from "@sluice/flusher";
import { readUnsentRecords } from "@sluice/trace";
import type { TestSystem } from "../../support/system.ts";

/** A parked message. */
export interface Parked {
  readonly body: string;
  readonly reason: string;
}

/** The places where records wait. */
export interface Waiting {
  /** Resolves to how many messages and objects are left: 0, unless that takes longer than `withinMs`. */
  drained(withinMs: number): Promise<number>;
  /** Puts what the log holds on the queue; resolves to the bodies. */
  replayLog(): Promise<readonly string[]>;
  /** Takes what is parked out of the dead-letter queue. */
  takeParked(): Promise<readonly Parked[]>;
  /** Puts it on the queue. */
  replay(parked: readonly Parked[]): Promise<void>;
  stop(): void;
}

const SWEEP_EVERY_MS = 2_000;

/** Opens them. */
export function openWaiting(system: TestSystem): Waiting {
  const options = { region: "us-east-1", credentials: { accessKeyId: "local", secretAccessKey: "local" } };
  const sqs = new SQSClient({ ...options, endpoint: system.endpoints.sqs, useQueueUrlAsEndpoint: false });
  const s3 = new S3Client({ ...options, endpoint: system.endpoints.s3, forcePathStyle: true });

  async function left(): Promise<number> {
    const { Attributes = {} } = await sqs.send(
      new GetQueueAttributesCommand({
        QueueUrl: system.queueUrl,
        AttributeNames: [
          "ApproximateNumberOfMessages",
          "ApproximateNumberOfMessagesNotVisible",
          "ApproximateNumberOfMessagesDelayed",
        ],
      }),
    );
    const { KeyCount = 0 } = await s3.send(
      new ListObjectsV2Command({ Bucket: system.bucket, Prefix: "spill/" }),
    );
    return Object.values(Attributes).reduce((sum, count) => sum + Number(count), KeyCount);
  }

  const send = (body: string) =>
    sqs.send(new SendMessageCommand({ QueueUrl: system.queueUrl, MessageBody: body }));

  return {
    async drained(withinMs) {
      const untilMs = Date.now() + withinMs;
      let sweptAtMs = 0;
      for (;;) {
        const count = await left();
        if (count === 0 || Date.now() > untilMs) return count;
        if (Date.now() - sweptAtMs > SWEEP_EVERY_MS) {
          sweptAtMs = Date.now();
          await system.flusher.invoke(SWEEP_EVENT);
        }
        await sleep(200);
      }
    },
    async replayLog() {
      const { records } = await readUnsentRecords(system.lines);
      for (const { body } of records) await send(body);
      return records.map(({ body }) => body);
    },
    async takeParked() {
      const parked: Parked[] = [];
      for (;;) {
        const { Messages = [] } = await sqs.send(
          new ReceiveMessageCommand({
            QueueUrl: system.deadLetterQueueUrl,
            MaxNumberOfMessages: 10,
            MessageAttributeNames: ["All"],
          }),
        );
        if (Messages.length === 0) return parked;
        for (const { Body = "", MessageAttributes, ReceiptHandle } of Messages) {
          parked.push({ body: Body, reason: MessageAttributes?.["reason"]?.StringValue ?? "" });
          await sqs.send(new DeleteMessageCommand({ QueueUrl: system.deadLetterQueueUrl, ReceiptHandle }));
        }
      }
    },
    async replay(parked) {
      for (const { body } of parked) await send(body);
    },
    stop() {
      sqs.destroy();
      s3.destroy();
    },
  };
}

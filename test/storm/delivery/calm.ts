/** After the storm: waits until the queue is empty, and brings back what waits elsewhere as an operator would, with `sluice replay`. */
import { setTimeout as sleep } from "node:timers/promises";
import { ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { GetQueueAttributesCommand, SQSClient } from "@aws-sdk/client-sqs";
import { SWEEP_EVENT } from "@sluice/flusher";
import { bringBack } from "../../../packages/cli/src/records/bring-back.ts";
import {
  loggedRecords,
  parkedRecords,
  type WaitingRecords,
} from "../../../packages/cli/src/records/sources.ts";
import { localRecordPlace } from "../../../packages/cli/src/target/record-place.ts";
import type { TestSystem } from "../../support/system.ts";

/** A record that waited. */
export interface Held {
  readonly body: string;
  /** Why it was parked; empty for one of the log. */
  readonly reason: string;
}

/** The places where records wait. */
export interface Waiting {
  /** Resolves to how many messages and objects are left: 0, unless that takes longer than `withinMs`. */
  drained(withinMs: number): Promise<number>;
  /** Puts what the log holds on the queue; resolves to what that was. */
  replayLog(): Promise<readonly Held[]>;
  /** Puts what is parked on the queue; resolves to what that was. */
  replayParked(): Promise<readonly Held[]>;
  /** What is parked, left where it is. */
  parked(): Promise<readonly Held[]>;
  stop(): void;
}

const SWEEP_EVERY_MS = 2_000;
const LOOK_EVERY_MS = 200;

/** Opens them. */
export function openWaiting(system: TestSystem): Waiting {
  const options = { region: "us-east-1", credentials: { accessKeyId: "local", secretAccessKey: "local" } };
  const sqs = new SQSClient({ ...options, endpoint: system.endpoints.sqs, useQueueUrlAsEndpoint: false });
  const s3 = new S3Client({ ...options, endpoint: system.endpoints.s3, forcePathStyle: true });
  const place = localRecordPlace({ ...system, pid: process.pid, gatewayUrl: system.url });

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

  async function replay(records: WaitingRecords, dryRun?: true): Promise<readonly Held[]> {
    const held: Held[] = [];
    async function* noted() {
      for await (const page of records) {
        for (const record of page) {
          held.push({ body: (await record.body()) ?? "", reason: record.reason ?? "" });
        }
        yield page;
      }
    }
    const progress = { onProgress: () => undefined, wait: sleep };
    await bringBack(noted(), place, dryRun ? { dryRun } : {}, progress);
    return held;
  }

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
        await sleep(LOOK_EVERY_MS);
      }
    },
    replayLog: () => replay(loggedRecords(each(system.lines), () => undefined)),
    replayParked: () => replay(parkedRecords(place)),
    parked: () => replay(parkedRecords(place), true),
    stop() {
      for (const client of [sqs, s3, place.sqs]) client.destroy();
    },
  };
}

async function* each(lines: readonly string[]): AsyncGenerator<string> {
  yield* lines;
}

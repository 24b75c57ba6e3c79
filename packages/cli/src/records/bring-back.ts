/** Sends waiting records to the queue again. */
import { createHash } from "node:crypto";
import { SendMessageCommand } from "@aws-sdk/client-sqs";
import { decodeMessage, packRecord, SQS_MESSAGE_LIMIT_BYTES } from "@sluice/trace";
import type { RecordPlace } from "../target/record-place.ts";
import type { WaitingRecord } from "./sources.ts";

/** Which records, and how fast. */
export interface BringBackOptions {
  /** Of the reason for which a record was parked; `*` stands for any text. */
  readonly reason?: string;
  readonly limit?: number;
  /** Most records a second. */
  readonly rate?: number;
  /** Looks, and sends nothing. */
  readonly dryRun?: true;
}

/** What was done. */
export interface BroughtBack {
  /** Sent again; in a dry run, those that would be. */
  readonly sent: number;
  /** Left where they were because of `reason`. */
  readonly passedOver: number;
  /** Sent before in this run, or gone: left where they were. */
  readonly alreadySent: number;
}

/**
 * Sends each record, and removes it from where it waits once the queue has it. Killed at any point, it leaves at most one record in
 * both places, which is one call to the ledger. Throws what a store throws; what was sent by then stays sent.
 */
export async function bringBack(
  records: AsyncIterable<WaitingRecord>,
  place: RecordPlace,
  options: BringBackOptions,
  { onProgress, wait }: { onProgress: (sent: number) => void; wait: (ms: number) => Promise<unknown> },
): Promise<BroughtBack> {
  const { reason, limit = Number.POSITIVE_INFINITY, rate, dryRun } = options;
  // A record that is parked again while we run must not be sent round and round.
  const seen = new Set<string>();
  let sent = 0;
  let passedOver = 0;
  let alreadySent = 0;
  for await (const record of records) {
    if (reason !== undefined && !matches(reason, record.reason ?? "")) {
      passedOver++;
      continue;
    }
    const body = await record.body();
    const digest = body === undefined ? undefined : createHash("sha256").update(body).digest("base64");
    if (body === undefined || digest === undefined || seen.has(digest)) {
      alreadySent++;
      continue;
    }
    seen.add(digest);
    if (!dryRun) {
      await send(body, place);
      await record.remove();
    }
    onProgress(++sent);
    if (sent >= limit) break;
    if (rate !== undefined && !dryRun) await wait(1000 / rate);
  }
  return { sent, passedOver, alreadySent };
}

/** A log may hold a record that is too large for a message: its object is stored now. */
async function send(body: string, { sqs, queueUrl, bucket }: RecordPlace): Promise<void> {
  let message = body;
  if (Buffer.byteLength(body) > SQS_MESSAGE_LIMIT_BYTES) {
    const decoded = decodeMessage(body);
    const packed = decoded.kind === "record" ? packRecord(decoded.record) : undefined;
    if (packed?.kind === "claim") {
      await bucket.put(packed.object.key, packed.object.bytes);
      message = packed.body;
    }
  }
  await sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: message }));
}

/** Whether the text fits the glob, in which `*` stands for any text. Case counts. */
export function matches(glob: string, text: string): boolean {
  const parts = glob.split("*").map((part) => part.replaceAll(/[\\^$.+?()[\]{}|/]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`, "s").test(text);
}

/** Sends waiting records to the queue again. */
import { createHash } from "node:crypto";
import { SendMessageCommand } from "@aws-sdk/client-sqs";
import { decodeMessage, packRecord, SQS_MESSAGE_LIMIT_BYTES } from "@sluice/trace";
import type { RecordPlace } from "../target/record-place.ts";
import type { WaitingRecord, WaitingRecords } from "./sources.ts";

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
  /** Whether the run was stopped before it had seen every record. Another one goes on where it ended. */
  readonly interrupted: boolean;
}

/** What bringing back needs of the world. */
export interface BringBackWorld {
  readonly onProgress: (sent: number) => void;
  readonly wait: (ms: number) => Promise<unknown>;
  /** Aborted when the run is to stop: records that are under way are finished. */
  readonly interrupt?: AbortSignal | undefined;
}

/**
 * Sends each record, and removes it from where it waits once the queue has it. Killed at any point, it leaves at most the ten
 * records under way in both places, each of which is one call to the ledger. Throws what a store throws; what was sent by then stays sent.
 */
export async function bringBack(
  records: WaitingRecords,
  place: RecordPlace,
  options: BringBackOptions,
  { onProgress, wait, interrupt }: BringBackWorld,
): Promise<BroughtBack> {
  const { reason, limit = Number.POSITIVE_INFINITY, rate, dryRun } = options;
  // A record that is parked again while we run must not be sent round and round.
  const seen = new Set<string>();
  const done = { sent: 0, passedOver: 0, alreadySent: 0 };

  const bring = async (record: WaitingRecord) => {
    const body = await record.body();
    const digest = body === undefined ? undefined : createHash("sha256").update(body).digest("base64");
    if (body === undefined || digest === undefined || seen.has(digest)) {
      done.alreadySent++;
      return;
    }
    seen.add(digest);
    if (!dryRun) {
      await send(body, place);
      await record.remove();
    }
    onProgress(++done.sent);
  };

  for await (const page of records) {
    const wanted = page.filter((record) => reason === undefined || matches(reason, record.reason ?? ""));
    done.passedOver += page.length - wanted.length;
    // At a rate they go one after the other.
    const atOnce = rate === undefined || dryRun ? wanted.length : 1;
    for (let from = 0; from < wanted.length && done.sent < limit; from += atOnce) {
      if (interrupt?.aborted) break;
      await Promise.all(wanted.slice(from, from + Math.min(atOnce, limit - done.sent)).map(bring));
      if (rate !== undefined && !dryRun) await wait(1000 / rate);
    }
    if (interrupt?.aborted || done.sent >= limit) break;
  }
  return { ...done, interrupted: interrupt?.aborted ?? false };
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

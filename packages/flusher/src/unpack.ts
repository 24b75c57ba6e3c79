/** From a queue message to its record. */
import {
  CLAIM_PREFIX,
  decodeMessage,
  decodeRecord,
  type TraceRecord,
  UndecodableRecordError,
} from "@sluice/trace";
import type { Claims, QueueMessage } from "./ports.ts";

/** What a message turned out to hold. */
export type Unpacked =
  | { readonly kind: "record"; readonly record: TraceRecord }
  /** Nothing that this version can read, or ever will: to be parked. */
  | { readonly kind: "foreign"; readonly reason: string }
  /** A claim whose object could not be fetched this time. */
  | { readonly kind: "unavailable"; readonly reason: string };

/** Decodes a message, and fetches its record where the message only claims it. Never rejects. */
export async function unpack(message: QueueMessage, claims: Claims): Promise<Unpacked> {
  try {
    const decoded = decodeMessage(message.body);
    if (decoded.kind === "record") return decoded;
    const bytes = await fetchClaim(() => claims.fetch(decoded.pointer));
    if (bytes instanceof Error) {
      return { kind: "unavailable", reason: `${decoded.pointer.key} could not be fetched: ${bytes.message}` };
    }
    if (!bytes) return { kind: "foreign", reason: `The claimed object ${decoded.pointer.key} is gone.` };
    return { kind: "record", record: decodeRecord(bytes) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return {
      kind: "foreign",
      reason: error instanceof UndecodableRecordError ? reason : `The message broke its decoder: ${reason}`,
    };
  }
}

async function fetchClaim(
  fetch: () => Promise<Uint8Array | undefined>,
): Promise<Uint8Array | Error | undefined> {
  try {
    return await fetch();
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** Whether the message only points to its record: fetching it takes time that others need not wait for. */
export function isClaim(message: QueueMessage): boolean {
  return message.body.startsWith(CLAIM_PREFIX);
}

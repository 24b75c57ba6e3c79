/** From a queue message to its record. */
import {
  type CallId,
  CLAIM_PREFIX,
  type ClaimPointer,
  decodeMessage,
  decodeRecord,
  parseCallId,
  type TraceRecord,
  UndecodableRecordError,
} from "@sluice/trace";
import type { Claims, QueueMessage } from "./ports.ts";

/** What a message turned out to hold. */
export type Unpacked =
  | { readonly kind: "record"; readonly record: TraceRecord }
  /** Nothing that this version can read, or ever will: to be parked. */
  | { readonly kind: "foreign"; readonly reason: string; readonly callId?: CallId | undefined }
  /** A claim whose object could not be fetched this time. */
  | { readonly kind: "unavailable"; readonly reason: string; readonly callId?: CallId | undefined };

/** Decodes a message, and fetches its record where the message only claims it. Never rejects. */
export async function unpack(message: QueueMessage, claims: Claims): Promise<Unpacked> {
  // A claim names its call, even when its object cannot be read.
  let callId: CallId | undefined;
  try {
    const decoded = decodeMessage(message.body);
    if (decoded.kind === "record") return decoded;
    callId = claimedCallId(decoded.pointer);
    const bytes = await fetchClaim(() => claims.fetch(decoded.pointer));
    if (bytes instanceof Error) {
      const reason = `${decoded.pointer.key} could not be fetched: ${bytes.message}`;
      return { kind: "unavailable", reason, callId };
    }
    if (!bytes) {
      return { kind: "foreign", reason: `The claimed object ${decoded.pointer.key} is gone.`, callId };
    }
    return { kind: "record", record: decodeRecord(bytes) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return {
      kind: "foreign",
      reason: error instanceof UndecodableRecordError ? reason : `The message broke its decoder: ${reason}`,
      callId,
    };
  }
}

/** The id in the object's name, which is `claims/<day>/<call id>` with an ending. */
function claimedCallId({ key }: ClaimPointer): CallId | undefined {
  const [id] = /req_[0-9a-f]{32}/.exec(key) ?? [];
  return id === undefined ? undefined : parseCallId(id);
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

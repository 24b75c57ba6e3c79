/**
 * Writing a record: the gateway's half of the codec. The layout, before compression with Zstandard:
 *
 *   byte 0       layout version (1)
 *   bytes 1–4    length of the head, big-endian
 *   head         the record as JSON (UTF-8), each body replaced by its length in bytes
 *   bodies       request body, then answer body, as they went over the wire
 *
 * Bodies stay outside the JSON because they may hold any byte, and as text they would cost a third more.
 * The message is base64 because SQS refuses characters that JSON leaves raw (U+FFFE, U+FFFF, lone
 * surrogates) and because base64 needs no escaping inside the Lambda event.
 */
import { zstdCompressSync } from "node:zlib";
import type { TraceRecord } from "./record.ts";

/** The layout above. Another layout gets another number, and a reader parks a number it does not know. */
export const LAYOUT_VERSION = 1;
/** Bytes in front of the head: the layout version and the head's length. */
export const HEAD_OFFSET_BYTES = 5;
/** Starts the body of a message that holds the record itself, in base64. */
export const RECORD_PREFIX = "sluice/1 record ";
/** Starts the body of a message that says where in S3 the record lies, as JSON. */
export const CLAIM_PREFIX = "sluice/1 claim ";
/** Largest SQS message, its attributes included (Amazon SQS Developer Guide, message quotas). */
export const SQS_MESSAGE_LIMIT_BYTES = 1_048_576;

/** Where the record of a claim-check message lies. */
export interface ClaimPointer {
  /** Object key in the deployment's bucket. */
  readonly key: string;
  /** Size of the object, bytes. */
  readonly bytes: number;
}

/** A record made ready to send: in the message itself, or in an object that the message points to. */
export type PackedRecord =
  | { readonly kind: "inline"; readonly body: string }
  | { readonly kind: "claim"; readonly body: string; readonly object: { key: string; bytes: Uint8Array } };

/** The record as compressed bytes. Any byte, and any string, comes back from `decodeRecord` as it was. */
export function encodeRecord(record: TraceRecord): Uint8Array {
  const { request, ...others } = record;
  const { answer, ...rest } = "answer" in others ? others : { ...others, answer: undefined };
  const head = Buffer.from(
    JSON.stringify({
      ...rest,
      request: { ...request, body: request.body.byteLength },
      ...(answer && { answer: { ...answer, body: answer.body.byteLength } }),
    }),
  );
  const start = Buffer.alloc(HEAD_OFFSET_BYTES);
  start.writeUInt8(LAYOUT_VERSION, 0);
  start.writeUInt32BE(head.byteLength, 1);
  return zstdCompressSync(Buffer.concat([start, head, request.body, ...(answer ? [answer.body] : [])]));
}

/**
 * The message for a record: inline when it fits beside `attributeBytes` of message attributes, else a
 * claim check whose object must be stored before the message is sent.
 */
export function packRecord(record: TraceRecord, attributeBytes = 0): PackedRecord {
  const bytes = encodeRecord(record);
  const inlineBytes = RECORD_PREFIX.length + Math.ceil(bytes.byteLength / 3) * 4 + attributeBytes;
  if (inlineBytes <= SQS_MESSAGE_LIMIT_BYTES) {
    return { kind: "inline", body: RECORD_PREFIX + Buffer.from(bytes).toString("base64") };
  }
  const startedAtMs = record.kind === "exchange" ? record.times.startedAtMs : record.startedAtMs;
  const day = new Date(startedAtMs).toISOString().slice(0, 10);
  const suffix = record.kind === "exchange" ? "" : `-${record.kind}`;
  const pointer: ClaimPointer = { key: `claims/${day}/${record.callId}${suffix}`, bytes: bytes.byteLength };
  return {
    kind: "claim",
    body: CLAIM_PREFIX + JSON.stringify(pointer),
    object: { key: pointer.key, bytes },
  };
}

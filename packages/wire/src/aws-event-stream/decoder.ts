/**
 * Takes the messages out of `application/vnd.amazon.eventstream`, in which Bedrock streams (AWS, "Event stream encoding"; the
 * Smithy specification, "Amazon Event Stream"): a prelude of three words (length of the message, length of its headers, CRC-32
 * of both), the headers, the payload, and the CRC-32 of everything before it. All numbers are big-endian.
 *
 * Our own and not the SDK's, because capture must outlive what the SDK throws at: a damaged stream still shows what came
 * before the damage.
 */
import { crc32 } from "node:zlib";
import { readHeaders } from "./headers.ts";

/** One message, its checksums checked. */
export interface EventStreamMessage {
  /** Text headers by name (`:message-type`, `:event-type`); those of other kinds are left out. */
  readonly headers: ReadonlyMap<string, string>;
  readonly payload: Uint8Array;
}

/** Reads one stream; hold one for each. */
export interface EventStreamDecoder {
  /** The messages that end in this chunk. None once the stream has proved to be damaged. Never throws. */
  push(chunk: Uint8Array): readonly EventStreamMessage[];
  /** Why nothing more can be read; undefined while the stream is sound. */
  failure(): string | undefined;
  /** Bytes of a message that has not ended. 0 at a whole stream's end. */
  pendingBytes(): number;
}

const PRELUDE_BYTES = 12;
const CHECKSUM_BYTES = 4;

/** Most bytes that the headers of a message may have, as AWS's event stream libraries had it from the start. */
const MAX_HEADERS_BYTES = 128 * 1024;

/** Most bytes that a message may have; it bounds what is held (aws-c-event-stream: `AWS_EVENT_STREAM_MAX_MESSAGE_SIZE`). */
export const MAX_MESSAGE_BYTES = 24 * 1024 * 1024;

/** A decoder at the start of a stream. */
export function createEventStreamDecoder(): EventStreamDecoder {
  // Chunks are kept apart until their message is whole: joining on each arrival would copy a large message over and over.
  let chunks: Uint8Array[] = [];
  let held = 0;
  let wanted = PRELUDE_BYTES;
  let failure: string | undefined;

  function fail(reason: string): undefined {
    failure = reason;
    chunks = [];
    held = 0;
  }

  /** The next message of `bytes`, with the number of bytes that it took; undefined when more is needed. */
  function next(bytes: Buffer): { message: EventStreamMessage; length: number } | undefined {
    wanted = PRELUDE_BYTES;
    if (bytes.byteLength < PRELUDE_BYTES) return undefined;
    const length = bytes.readUInt32BE(0);
    const headersLength = bytes.readUInt32BE(4);
    if (bytes.readUInt32BE(8) !== crc32(bytes.subarray(0, 8))) {
      return fail("The checksum of a message's prelude is wrong.");
    }
    if (length > MAX_MESSAGE_BYTES || headersLength > MAX_HEADERS_BYTES) {
      return fail(
        `A message claims ${length} bytes with ${headersLength} bytes of headers, more than allowed.`,
      );
    }
    if (length < PRELUDE_BYTES + headersLength + CHECKSUM_BYTES) {
      return fail("A message is shorter than its own headers.");
    }
    wanted = length;
    if (bytes.byteLength < length) return undefined;
    const end = length - CHECKSUM_BYTES;
    if (bytes.readUInt32BE(end) !== crc32(bytes.subarray(0, end))) {
      return fail("The checksum of a message is wrong.");
    }
    const headers = readHeaders(bytes.subarray(PRELUDE_BYTES, PRELUDE_BYTES + headersLength));
    if (!headers) return fail("The headers of a message cannot be read.");
    wanted = PRELUDE_BYTES;
    return { message: { headers, payload: bytes.subarray(PRELUDE_BYTES + headersLength, end) }, length };
  }

  return {
    push(chunk) {
      if (failure !== undefined || chunk.byteLength === 0) return [];
      chunks.push(chunk);
      held += chunk.byteLength;
      if (held < wanted) return [];
      let bytes = Buffer.concat(chunks);
      const messages: EventStreamMessage[] = [];
      for (let read = next(bytes); read; read = next(bytes)) {
        messages.push(read.message);
        bytes = bytes.subarray(read.length);
      }
      if (failure !== undefined) return messages;
      chunks = [bytes];
      held = bytes.byteLength;
      return messages;
    },
    failure: () => failure,
    pendingBytes: () => held,
  };
}

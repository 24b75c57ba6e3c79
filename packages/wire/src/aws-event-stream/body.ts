/** Reads a recorded body that is an event stream, from its first byte to wherever it ends. */
import { createEventStreamDecoder } from "./decoder.ts";
import { type AwsEvent, readAwsEvent } from "./event.ts";

/** A body's events, and what is wrong with its end. */
export interface AwsEventBody {
  readonly events: readonly AwsEvent[];
  /** Why the stream is not whole as far as its framing can tell, in words. */
  readonly brokenOff?: string;
}

/**
 * Whether a body is a binary event stream and not JSON, by its first byte: a message's length, below 2^25, begins with 0 or 1,
 * which no text does. Content types cannot be trusted, since errors of a stream come as JSON.
 */
export function looksLikeAwsEventStream(pieces: readonly Uint8Array[]): boolean {
  const first = pieces.find((piece) => piece.byteLength > 0)?.[0];
  return first !== undefined && first <= 1;
}

/** All events of a body in pieces of any size. Never throws. */
export function readAwsEventBody(pieces: readonly Uint8Array[]): AwsEventBody {
  const decoder = createEventStreamDecoder();
  const events = pieces.flatMap((piece) => decoder.push(piece).map(readAwsEvent));
  const failure = decoder.failure();
  if (failure !== undefined) return { events, brokenOff: `The event stream is damaged. ${failure}` };
  if (decoder.pendingBytes() === 0) return { events };
  return { events, brokenOff: "The event stream broke off inside a message." };
}

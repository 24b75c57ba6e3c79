/** Cuts a provider's stream into events: SSE, AWS's binary event stream, or one JSON body that came unasked. */
import { createEventStreamDecoder, createSseReader, readAwsEvent, type SseEvent } from "@sluice/wire";
import type { ConversationFormat } from "./conversation.ts";
import type { WireEvent } from "./format.ts";

/** Cuts one stream; make one for each. Never throws. */
export interface Framing {
  /** The events that end in this chunk. */
  feed(chunk: Uint8Array): readonly WireEvent[];
  /** What was left: an event that nothing ended, or the body, when all of it was JSON. */
  end(): { readonly events: readonly WireEvent[]; readonly json?: Buffer };
}

/** What both kinds of stream have in common. */
type EventReader = Pick<Framing, "feed"> & { end(): readonly WireEvent[] };

const [TAB, LF, CR, SPACE, LIST, OBJECT] = [0x09, 0x0a, 0x0d, 0x20, 0x5b, 0x7b];
const BOM = [0xef, 0xbb, 0xbf];

/** The framing of a provider's stream. */
export function createFraming(format: ConversationFormat): Framing {
  const reader = format === "bedrock-converse" ? createBinaryEvents() : createSseEvents();
  // Bytes of blank space, until something tells what the body is; then the body, if it is JSON.
  const held: Uint8Array[] = [];
  let kind: "unknown" | "events" | "json" = "unknown";

  return {
    feed(chunk) {
      if (kind === "events") return reader.feed(chunk);
      held.push(chunk);
      if (kind === "json") return [];
      const start = firstByte(Buffer.concat(held));
      if (start === undefined) return [];
      kind = isJsonStart(start) ? "json" : "events";
      return kind === "json" ? [] : held.splice(0).flatMap((piece) => reader.feed(piece));
    },
    end: () => (kind === "json" ? { events: [], json: Buffer.concat(held) } : { events: reader.end() }),
  };
}

/** Whether a body is JSON and no stream. No line of an event stream begins with a bracket, nor does a binary event. */
export function looksLikeJson(body: Uint8Array): boolean {
  const start = firstByte(body);
  return start === undefined || isJsonStart(start);
}

function isJsonStart(byte: number): boolean {
  return byte === OBJECT || byte === LIST;
}

/** The first byte that is neither blank space nor part of a BOM; undefined while there is none. */
function firstByte(body: Uint8Array): number | undefined {
  return body.find(
    (byte, at) => byte !== BOM[at] && byte !== SPACE && byte !== TAB && byte !== LF && byte !== CR,
  );
}

function createSseEvents(): EventReader {
  const reader = createSseReader();
  const toWire = ({ type, data }: SseEvent): WireEvent => ({ type: type === "message" ? "" : type, data });
  return {
    feed: (chunk) => reader.feed(chunk).map(toWire),
    end() {
      const last = reader.end();
      return last ? [toWire(last)] : [];
    },
  };
}

/** What a damaged or broken binary message held is lost; the reader then misses the end mark. */
function createBinaryEvents(): EventReader {
  const decoder = createEventStreamDecoder();
  return { feed: (chunk) => decoder.push(chunk).map(readAwsEvent), end: () => [] };
}

/** Events as Bedrock frames them: its binary event stream (AWS SDK, "event stream encoding"), instead of SSE. */
import { createSseReader } from "@sluice/wire";
import { EventStreamCodec } from "@smithy/core/event-streams";
import type { StreamFraming } from "./operations.ts";

const codec = new EventStreamCodec(
  (bytes) => Buffer.from(bytes).toString("utf8"),
  (text) => Buffer.from(text, "utf8"),
);

/** What a stream is sent as, and how its events, given as SSE, are put into that. Make one for each stream. */
export interface Frames {
  readonly contentType: string;
  write(sse: Uint8Array): Uint8Array;
}

/** The frames of a kind of stream. */
export function createFrames(framing: StreamFraming): Frames {
  if (framing === "sse") return { contentType: "text/event-stream; charset=utf-8", write: (sse) => sse };
  const reader = createSseReader();
  return {
    contentType: "application/vnd.amazon.eventstream",
    write: (sse) =>
      Buffer.concat(
        reader
          .feed(sse)
          .map(({ type, data }) =>
            framing === "events"
              ? frame(type, data)
              : frame("chunk", JSON.stringify({ bytes: Buffer.from(data).toString("base64") })),
          ),
      ),
  };
}

function frame(type: string, payload: string): Uint8Array {
  const headers = {
    ":event-type": { type: "string", value: type },
    ":content-type": { type: "string", value: "application/json" },
    ":message-type": { type: "string", value: "event" },
  } as const;
  return codec.encode({ headers, body: Buffer.from(payload, "utf8") });
}

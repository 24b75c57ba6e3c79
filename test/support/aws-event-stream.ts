/** Binary event streams as Bedrock sends them, written by the SDK's own codec. */
import { EventStreamCodec } from "@smithy/core/event-streams";

const codec = new EventStreamCodec(
  (bytes) => Buffer.from(bytes).toString("utf8"),
  (text) => Buffer.from(text, "utf8"),
);

/** One message with text headers. */
export function awsMessage(headers: Readonly<Record<string, string>>, payload: string): Buffer {
  const values = Object.entries(headers).map(([name, value]) => [name, { type: "string", value }] as const);
  return Buffer.from(
    codec.encode({ headers: Object.fromEntries(values), body: Buffer.from(payload, "utf8") }),
  );
}

/** An event of the answer. */
export function awsEvent(type: string, payload: object): Buffer {
  return awsMessage(
    { ":event-type": type, ":content-type": "application/json", ":message-type": "event" },
    JSON.stringify(payload),
  );
}

/** A modelled exception, after which the stream ends. */
export function awsException(type: string, payload: object): Buffer {
  return awsMessage(
    { ":exception-type": type, ":content-type": "application/json", ":message-type": "exception" },
    JSON.stringify(payload),
  );
}

/** An event by its type. */
export type StreamEvent = readonly [type: string, payload: object];

/** Events, one after the other. */
export function awsStream(...events: readonly StreamEvent[]): Buffer {
  return Buffer.concat(events.map(([type, payload]) => awsEvent(type, payload)));
}

/** Anthropic's events as `InvokeModelWithResponseStream` wraps them. */
export function invokeStream(...events: readonly object[]): Buffer {
  return Buffer.concat(
    events.map((event) =>
      awsEvent("chunk", { bytes: Buffer.from(JSON.stringify(event)).toString("base64"), p: "abcdef" }),
    ),
  );
}

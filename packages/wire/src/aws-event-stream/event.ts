/** From a message of the event stream to what it says: an event of the operation, or why there will be no more. */
import { asText, parseJson } from "../json-value.ts";
import type { EventStreamMessage } from "./decoder.ts";

/** What a message says. */
export interface AwsEvent {
  /**
   * `event`: something of the answer. `failure`: the operation broke off; the service has modelled the reason
   * (`:message-type` exception) or not (error).
   */
  readonly kind: "event" | "failure";
  /**
   * The `:event-type`. Of a failure the `:exception-type` (`throttlingException`), or `error` where it has none: it ends in
   * "exception" or "error" always, so that it is told from events by the name alone.
   */
  readonly type: string;
  /** The payload as text, JSON as a rule. Of an unmodelled error `{"__type", "message"}`, made of its headers. */
  readonly data: string;
}

/** Reads a message. A `:message-type` that is none of the three counts as an event. */
export function readAwsEvent({ headers, payload }: EventStreamMessage): AwsEvent {
  const data = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString("utf8");
  const messageType = headers.get(":message-type");
  if (messageType === "error") return { kind: "failure", type: "error", data: unmodelled(headers, data) };
  if (messageType !== "exception") return { kind: "event", type: headers.get(":event-type") ?? "", data };
  const exception = headers.get(":exception-type") ?? "";
  return { kind: "failure", type: isFailureType(exception) ? exception : "exception", data };
}

/** Whether a type of `AwsEvent` names a failure. */
export function isFailureType(type: string): boolean {
  return /(exception|error)$/i.test(type);
}

function unmodelled(headers: ReadonlyMap<string, string>, data: string): string {
  const code = headers.get(":error-code");
  const message = headers.get(":error-message") ?? asText(parseJson(data)) ?? data;
  return JSON.stringify({ __type: code, message });
}

/** What a message is about, without its content. */
import { decodeMessage } from "@sluice/trace";
import type { HeldMessage } from "./parked.ts";

/** A message as commands show it. */
export interface MessageView {
  readonly id: string;
  /** `exchange` and `opened` are kinds of records; a `claim` says where in the bucket its record is. */
  readonly kind: "exchange" | "opened" | "claim" | "foreign";
  readonly callId?: string;
  /** The key's alias. A claim does not have it. */
  readonly key?: string;
  readonly reason?: string;
  /** ISO 8601, UTC. */
  readonly sentAt: string;
}

/** The message without its content: of a foreign one, not even its beginning. */
export function messageView({ id, body, reason, sentAtMs }: HeldMessage): MessageView {
  return {
    id,
    ...aboutRecord(body),
    ...(reason !== undefined && { reason }),
    sentAt: new Date(sentAtMs).toISOString(),
  };
}

function aboutRecord(body: string): Pick<MessageView, "kind" | "callId" | "key"> {
  try {
    const decoded = decodeMessage(body);
    if (decoded.kind === "claim") {
      const [callId] = /req_[0-9a-f]{32}/.exec(decoded.pointer.key) ?? [];
      return { kind: "claim", ...(callId !== undefined && { callId }) };
    }
    const { kind, callId, key } = decoded.record;
    return { kind, callId, key: key.alias };
  } catch {
    return { kind: "foreign" };
  }
}

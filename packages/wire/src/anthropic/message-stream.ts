/** The event of a messages stream that a gateway must recognise. Everything else just passes. */
import type { SseFormat } from "../sse-gate.ts";

const MESSAGE_STOP = Buffer.from("message_stop");

/**
 * A messages stream ends with the event `message_stop` (Anthropic API, "Streaming messages"). Bedrock adds metrics to
 * its data, and some proxies leave the event's name out, so either line is enough.
 */
export const anthropicStreamFormat: SseFormat = { isTerminal: isMessageStop };

function isMessageStop(event: Buffer): boolean {
  // Both are asked for at the start of a line: JSON escapes line ends, so content that speaks of the event has none.
  return (
    event.includes(MESSAGE_STOP) &&
    /^(?:event: ?message_stop\s*$|data: ?\{\s*"type"\s*:\s*"message_stop")/m.test(event.toString("latin1"))
  );
}

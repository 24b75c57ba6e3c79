/** An error inside a responses stream. */
import type { OpenAiError } from "../error-body.ts";

/**
 * An error after the answer has begun, as an event of its stream. OpenAI sends it nested under `error`, which
 * every version of the official SDKs throws on; its API reference ("Streaming events", `error`) has the same
 * fields at the top. Both are written. `sequenceNumber`: of this event in its stream, where it is known.
 */
export function responsesErrorEvent(error: OpenAiError, sequenceNumber = 0): string {
  const { message, type, code } = error;
  const param = error.param ?? null;
  const data = {
    type: "error",
    sequence_number: sequenceNumber,
    error: { type, code, message, param },
    code,
    message,
    param,
  };
  return `event: error\ndata: ${JSON.stringify(data)}\n\n`;
}

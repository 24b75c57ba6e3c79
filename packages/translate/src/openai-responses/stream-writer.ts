/** Writes a responses stream. */
import type { AnswerContext, StreamWriter } from "../format.ts";
import { createResponseWriter } from "./response-writer.ts";

/** A writer of one stream. */
export function createStreamWriter(context: AnswerContext): StreamWriter {
  const writer = createResponseWriter(context);
  return {
    write(event) {
      // A comment: the official client refuses events that it does not know.
      if (event.kind === "ping") return ": ping\n\n";
      return writer
        .write(event)
        .map((data) => `event: ${String(data["type"])}\ndata: ${JSON.stringify(data)}\n\n`)
        .join("");
    },
  };
}

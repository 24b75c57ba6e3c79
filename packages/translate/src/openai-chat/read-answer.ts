/** Reads a whole chat completion. */
import { asList, asObject } from "@sluice/wire";
import type { ModelAnswer } from "../answer.ts";
import { foldEvents } from "../fold-events.ts";
import { createStreamReader } from "./stream-reader.ts";

/**
 * Reads the body: its first choice, since one answer holds one. A whole choice is a stream of one chunk with a `message`
 * for its `delta`, so the stream's reader reads it, with all the oddities it knows.
 */
export function readAnswer(body: unknown): ModelAnswer | undefined {
  const object = asObject(body);
  if (!object || asList(object["choices"]).length === 0) return undefined;
  const reader = createStreamReader();
  const events = [
    ...reader.readChunk(object),
    // Some providers give no reason to stop; a body that is JSON to its last brace is whole all the same.
    ...reader.read({ type: "", data: "[DONE]" }),
  ];
  return foldEvents(events);
}

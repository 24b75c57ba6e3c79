/** Reads a whole answer of generateContent. */
import { asList, asObject, member } from "@sluice/wire";
import type { ModelAnswer } from "../answer.ts";
import { foldEvents } from "../fold-events.ts";
import { createChunkReader } from "./chunk-reader.ts";

/** The answer, or the list of chunks that is its stream without `alt=sse`; undefined when the body is neither. */
export function readAnswer(body: unknown): ModelAnswer | undefined {
  const isList = Array.isArray(body);
  const chunks = (isList ? asList(body) : [body]).map(asObject);
  const holdsAnswer = chunks.some(
    (chunk) => Array.isArray(chunk?.["candidates"]) || member(chunk, "promptFeedback") !== undefined,
  );
  if (!holdsAnswer) return undefined;
  const reader = createChunkReader();
  const events = chunks.flatMap((chunk) => (chunk ? reader.read(chunk) : []));
  return foldEvents([...events, ...reader.end(!isList)]);
}

/** Reads transcriptions (OpenAI API reference, "Create transcription"): a form with a file, and a transcript in many forms. */
import type { AssembledAnswer, AssembledRequest, Reading } from "../assembled.ts";
import { looksLikeEventStream } from "../body-text.ts";
import { asObject, asText, type JsonObject, parseJson } from "../json-value.ts";
import { describeBody, readEventData, readFieldsRequest, usageOf } from "../plain.ts";
import { findError, readErrorBody } from "./answer-error.ts";

/** Reads a request: the file, as a placeholder, and the prompt are the input. Never throws. */
export function readTranscriptionsRequest(body: Uint8Array, contentType?: string): Reading<AssembledRequest> {
  return readFieldsRequest(body, contentType, ["file", "url", "prompt"]);
}

/**
 * Reads an answer: JSON with `text` and perhaps words and segments, plain text, subtitles (SRT, VTT), or the events of a
 * stream. Never throws.
 */
export function assembleTranscriptionsAnswer(
  pieces: readonly Uint8Array[],
  status: number,
  contentType?: string,
): Reading<AssembledAnswer> {
  // A transcript in plain text may begin with anything, "data:" too.
  const plain = /^text\/(?!event-stream)|subrip/i.test(contentType ?? "");
  if (!plain && looksLikeEventStream(pieces)) return { ok: true, value: readEvents(pieces) };
  const body = Buffer.concat(pieces);
  if (body.byteLength === 0) return { ok: false, reason: "The body is empty." };
  const text = body.toString("utf8").replace(/^\uFEFF/, "");
  const object = asObject(parseJson(text));
  if (status >= 400) {
    const error = readErrorBody(object ?? { message: text }, status);
    return { ok: true, value: { choices: [], error, warnings: [] } };
  }
  return { ok: true, value: object ? describeBody(object) : { choices: [], output: text, warnings: [] } };
}

/** The last event has the whole transcript; of a stream that broke off the pieces are put together. */
function readEvents(pieces: readonly Uint8Array[]): AssembledAnswer {
  const events = readEventData(pieces)
    .map(asObject)
    .filter((event) => event !== undefined);
  const typed = (type: string) => events.filter((event) => event["type"] === type);
  const done = typed("transcript.text.done").at(-1);
  const deltas = typed("transcript.text.delta").map((event) => asText(event["delta"]) ?? "");
  const segments = typed("transcript.text.segment").map((event): JsonObject => {
    const { type: _, ...segment } = event;
    return segment;
  });
  const error = events.map(findError).find((found) => found !== undefined);
  return {
    choices: [],
    output: {
      text: asText(done?.["text"]) ?? deltas.join(""),
      ...(segments.length > 0 && { segments }),
    },
    ...(done && usageOf(done)),
    ...(error && { error }),
    ...(!done && !error && { truncated: "The stream ended without transcript.text.done." }),
    warnings: [],
  };
}

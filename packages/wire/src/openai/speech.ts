/** Reads calls that speak (OpenAI API reference, "Create speech"): a text goes in, a sound comes out. */
import type { AssembledAnswer, AssembledRequest, Reading } from "../assembled.ts";
import { looksLikeEventStream } from "../body-text.ts";
import { asObject, asText, parseJson } from "../json-value.ts";
import { mediaPlaceholder } from "../media-placeholder.ts";
import { readEventData, readFieldsRequest, readPlainAnswer, usageOf } from "../plain.ts";
import { findError } from "./answer-error.ts";

/** Reads a request: the text, and how to say it, are the input. Never throws. */
export function readSpeechRequest(body: Uint8Array, contentType?: string): Reading<AssembledRequest> {
  return readFieldsRequest(body, contentType, ["input", "instructions"]);
}

/** Reads an answer: a placeholder for the sound, whether its bytes come as they are or in events. Never throws. */
export function assembleSpeechAnswer(
  pieces: readonly Uint8Array[],
  status: number,
  contentType?: string,
): Reading<AssembledAnswer> {
  if (status >= 400 || /\bjson\b/i.test(contentType ?? "")) return readPlainAnswer(pieces, status);
  if (looksLikeEventStream(pieces)) return { ok: true, value: readEvents(pieces) };
  const body = Buffer.concat(pieces);
  // An error may come under a good status.
  const error = body[0] === 0x7b ? findError(parseJson(body.toString("utf8"))) : undefined;
  return {
    ok: true,
    value: {
      choices: [],
      ...(error ? { error } : { output: mediaPlaceholder([body], contentType) }),
      warnings: [],
    },
  };
}

function readEvents(pieces: readonly Uint8Array[]): AssembledAnswer {
  const events = readEventData(pieces)
    .map(asObject)
    .filter((event) => event !== undefined);
  const sound = events.flatMap((event) => {
    const audio = event["type"] === "speech.audio.delta" ? asText(event["audio"]) : undefined;
    return audio === undefined ? [] : [Buffer.from(audio, "base64")];
  });
  const done = events.findLast((event) => event["type"] === "speech.audio.done");
  const error = events.map(findError).find((found) => found !== undefined);
  return {
    choices: [],
    output: mediaPlaceholder(sound, undefined),
    ...(done && usageOf(done)),
    ...(error && { error }),
    ...(!done && !error && { truncated: "The stream ended without speech.audio.done." }),
    warnings: [],
  };
}

/** Reads calls that make images (OpenAI API reference, "Create image"), whole and streamed. */
import type { AssembledAnswer, AssembledRequest, Reading } from "../assembled.ts";
import { looksLikeEventStream } from "../body-text.ts";
import { asObject, asText } from "../json-value.ts";
import { readEventData, readFieldsRequest, readPlainAnswer, usageOf } from "../plain.ts";
import { findError } from "./answer-error.ts";

/** Reads a request: the prompt is the input. Never throws. */
export function readImagesRequest(body: Uint8Array, contentType?: string): Reading<AssembledRequest> {
  return readFieldsRequest(body, contentType, ["prompt", "image", "mask"]);
}

/** Reads an answer. Of a stream only the finished images count; the drafts before them are told by their number. Never throws. */
export function assembleImagesAnswer(
  pieces: readonly Uint8Array[],
  status: number,
  contentType?: string,
): Reading<AssembledAnswer> {
  if (!looksLikeEventStream(pieces)) return readPlainAnswer(pieces, status, contentType);
  const events = readEventData(pieces)
    .map(asObject)
    .filter((event) => event !== undefined);
  const typed = (end: string) => events.filter((event) => asText(event["type"])?.endsWith(end));
  const finished = typed(".completed");
  const error = events.map(findError).find((found) => found !== undefined);
  return {
    ok: true,
    value: {
      choices: [],
      output: {
        data: finished.map((event) => {
          const { type: _, usage: __, ...image } = event;
          return image;
        }),
        partial_images: typed(".partial_image").length,
      },
      ...finished.map(usageOf).at(-1),
      ...(error && { error }),
      ...(finished.length === 0 && !error && { truncated: "The stream ended without a finished image." }),
      warnings: [],
    },
  };
}

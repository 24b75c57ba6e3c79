/** Reads the answer of an embeddings call: everything but the vectors themselves. */
import type { AssembledAnswer, Reading } from "../assembled.ts";
import { readJsonBody } from "../body-text.ts";
import { asList, asObject, asText } from "../json-value.ts";
import { findError, readErrorBody } from "./answer-error.ts";
import { findUsage, readUsage } from "./usage.ts";

/** Bytes of a number in a base64 vector: 32-bit floats (OpenAI API reference, `encoding_format`). */
const FLOAT_BYTES = 4;

/** Reads a body given in pieces of any size; see `assembleChatAnswer` for `status`. Never throws. */
export function assembleEmbeddingsAnswer(
  pieces: readonly Uint8Array[],
  status: number,
): Reading<AssembledAnswer> {
  const read = readJsonBody(pieces);
  if (!read.ok) return read;
  const body = asObject(read.value) ?? {};
  const error = status >= 400 ? readErrorBody(read.value, status) : findError(read.value);
  if (!error && !Array.isArray(body["data"])) {
    return {
      ok: false,
      reason: "The body is JSON but holds no embeddings: it has neither data nor an error.",
    };
  }
  const id = asText(body["id"]);
  const model = asText(body["model"]);
  const rawUsage = findUsage(body, undefined);
  const usage = rawUsage && readUsage(rawUsage);
  const dimensions = asList(body["data"]).map((entry) => vectorLength(asObject(entry)?.["embedding"]));
  return {
    ok: true,
    value: {
      ...(id !== undefined && { id }),
      ...(model !== undefined && { model }),
      choices: [],
      ...(Array.isArray(body["data"]) && { embeddings: { count: dimensions.length, dimensions } }),
      ...(usage && { usage }),
      ...(rawUsage && { rawUsage }),
      ...(error && { error }),
      warnings: dimensions.includes(0) ? ["At least one vector could not be read."] : [],
    },
  };
}

/** Numbers in a vector: a list, or base64 of 32-bit floats, which the official SDKs ask for by default. */
function vectorLength(embedding: unknown): number {
  if (typeof embedding !== "string") return asList(embedding).length;
  return Math.floor(Buffer.byteLength(embedding, "base64") / FLOAT_BYTES);
}

/** Reads moderations (OpenAI API reference, "Create moderation"). */
import type { AssembledAnswer, AssembledRequest, Reading } from "../assembled.ts";
import { asList, asObject } from "../json-value.ts";
import { readFieldsRequest, readPlainAnswer } from "../plain.ts";

/** Reads a request: what is to be judged is the input. Never throws. */
export function readModerationsRequest(body: Uint8Array, contentType?: string): Reading<AssembledRequest> {
  return readFieldsRequest(body, contentType, ["input"]);
}

/** Reads an answer: the results, and above them whether anything was flagged, and as what. Never throws. */
export function assembleModerationsAnswer(
  pieces: readonly Uint8Array[],
  status: number,
  contentType?: string,
): Reading<AssembledAnswer> {
  const read = readPlainAnswer(pieces, status, contentType);
  if (!read.ok || read.value.error) return read;
  const output = asObject(read.value.output) ?? {};
  const results = asList(output["results"])
    .map(asObject)
    .filter((result) => result !== undefined);
  const categories = results.flatMap((result) =>
    Object.entries(asObject(result["categories"]) ?? {}).flatMap(([name, hit]) =>
      hit === true ? [name] : [],
    ),
  );
  const flagged = results.some((result) => result["flagged"] === true);
  return {
    ok: true,
    value: { ...read.value, output: { flagged, flagged_categories: [...new Set(categories)], ...output } },
  };
}

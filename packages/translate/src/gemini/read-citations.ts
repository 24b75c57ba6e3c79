/** What `groundingMetadata` and `citationMetadata` say of an answer's sources, as citations of its text. */
import { asCount, asList, asObject, asText, type JsonObject, member } from "@sluice/wire";
import type { Citation } from "../answer.ts";

/** The citations of a candidate, for its text so far. */
export function readCitations(candidate: JsonObject, text: string): readonly Citation[] {
  const grounding = asObject(member(candidate, "groundingMetadata"));
  const sources = asList(member(grounding, "groundingChunks")).map(asObject);
  const supports = asList(member(grounding, "groundingSupports")).flatMap((item) =>
    readSupport(asObject(item) ?? {}, sources, text),
  );
  const recited = asList(member(asObject(member(candidate, "citationMetadata")), "citations"));
  return [...supports, ...recited.map((item) => readRecitation(asObject(item) ?? {}, text))];
}

/** How many searches Google ran for the answer. */
export function countSearches(candidate: JsonObject): number {
  const grounding = asObject(member(candidate, "groundingMetadata"));
  return asList(member(grounding, "webSearchQueries")).length;
}

/** One citation for each source that supports the segment. */
function readSupport(
  support: JsonObject,
  sources: readonly (JsonObject | undefined)[],
  text: string,
): readonly Citation[] {
  const segment = asObject(support["segment"]) ?? {};
  const citedText = asText(segment["text"]);
  const span = readSpan(segment, citedText, text);
  return asList(member(support, "groundingChunkIndices")).flatMap((index) => {
    const source = typeof index === "number" ? sources[index] : undefined;
    if (!source) return [];
    const kind =
      asObject(source["web"]) ?? asObject(member(source, "retrievedContext")) ?? asObject(source["maps"]);
    const url = asText(kind?.["uri"]);
    const title = asText(kind?.["title"]);
    return [
      {
        ...(url !== undefined && { url }),
        ...(title !== undefined && { title }),
        ...(citedText !== undefined && { citedText }),
        ...span,
        raw: source,
      },
    ];
  });
}

function readRecitation(citation: JsonObject, text: string): Citation {
  const url = asText(citation["uri"]);
  const title = asText(citation["title"]);
  return {
    ...(url !== undefined && { url }),
    ...(title !== undefined && { title }),
    ...readSpan(citation, undefined, text),
    raw: citation,
  };
}

/**
 * Google counts a segment's bounds in bytes of UTF-8 ("Segment"), in the part or in the whole text: a segment that is not
 * where its bounds say is looked for by its words.
 */
function readSpan(
  segment: JsonObject,
  words: string | undefined,
  text: string,
): Pick<Citation, "startIndex" | "endIndex"> {
  const end = asCount(member(segment, "endIndex"));
  const bytes = Buffer.from(text, "utf8");
  if (end !== undefined && end <= bytes.length) {
    const start = asCount(member(segment, "startIndex")) ?? 0;
    const before = bytes.subarray(0, start).toString("utf8");
    const inside = bytes.subarray(start, end).toString("utf8");
    if (words === undefined || inside === words) {
      return { startIndex: before.length, endIndex: before.length + inside.length };
    }
  }
  const found = words === undefined ? -1 : text.indexOf(words);
  return words === undefined || found < 0 ? {} : { startIndex: found, endIndex: found + words.length };
}

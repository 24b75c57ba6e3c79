/** Writes the citations of an answer as the `groundingMetadata` of its candidate. */
import { type JsonObject, parseJson } from "@sluice/wire";
import type { Citation } from "../answer.ts";

/** A citation, and where the text that it belongs to begins in the whole answer, UTF-16 units. */
export interface PlacedCitation {
  readonly citation: Citation;
  readonly offset: number;
}

/** The sources of an answer's text; undefined when it has none. `text`: all of the answer's text. */
export function writeGrounding(cited: readonly PlacedCitation[], text: string): JsonObject | undefined {
  if (cited.length === 0) return undefined;
  const sources = cited.map(({ citation }) => sourceOf(citation));
  const distinct = [...new Set(sources.map((source) => JSON.stringify(source)))];
  return {
    groundingChunks: distinct.map((source) => parseJson(source)),
    groundingSupports: cited.map(({ citation, offset }, at) => {
      const { startIndex, endIndex, citedText } = citation;
      const placed = startIndex !== undefined && endIndex !== undefined;
      const words = placed ? text.slice(offset + startIndex, offset + endIndex) : citedText;
      return {
        segment: {
          ...(placed && {
            startIndex: bytesOf(text.slice(0, offset + startIndex)),
            endIndex: bytesOf(text.slice(0, offset + endIndex)),
          }),
          ...(words !== undefined && { text: words }),
        },
        groundingChunkIndices: [distinct.indexOf(JSON.stringify(sources[at]))],
      };
    }),
  };
}

/** As Gemini gave it, where it did. */
function sourceOf({ url, title, raw }: Citation): JsonObject {
  const own = raw && ("web" in raw || "retrievedContext" in raw || "maps" in raw);
  if (raw && own) return raw;
  return { web: { ...(url !== undefined && { uri: url }), ...(title !== undefined && { title }) } };
}

/** Google counts in bytes of UTF-8. */
function bytesOf(text: string): number {
  return Buffer.byteLength(text, "utf8");
}

/** Blocks of an answer as parts of a candidate. */
import { asObject, type JsonObject, parseJson } from "@sluice/wire";
import type { Block, Citation } from "../answer.ts";
import { writeSignature } from "../foreign-signature.ts";
import { writeSource } from "./media.ts";

const FORMAT = "gemini-generate-content";

/** Members of parts that only Google's own tools make. A block of another provider's tools has none of them. */
const TOOL_MEMBERS = [
  "executableCode",
  "codeExecutionResult",
  "toolCall",
  "toolResponse",
  "inlineData",
  "fileData",
  "audioTranscription",
];

/** The parts of a block; none for what Gemini has no part for. */
export function writeBlock(block: Block): readonly JsonObject[] {
  switch (block.kind) {
    case "text":
    case "refusal":
      return block.text === "" ? [] : [{ text: block.text }];
    case "reasoning": {
      const { text, signature, encrypted, origin } = block;
      const sign = (own: string) => ({ thoughtSignature: writeSignature(own, origin, FORMAT) });
      return [
        ...(text !== "" || signature !== undefined
          ? [{ text, thought: true, ...(signature !== undefined && sign(signature)) }]
          : []),
        // Thinking that cannot be shown: as Gemini signs a text, in a part without one.
        ...(encrypted === undefined ? [] : [{ text: "", ...sign(encrypted) }]),
      ];
    }
    case "tool_call": {
      const args = asObject(parseJson(block.arguments));
      const functionCall = {
        id: block.id,
        name: block.name,
        args: args ?? { arguments: block.arguments },
      };
      return [{ functionCall, ...(block.signature !== undefined && { thoughtSignature: block.signature }) }];
    }
    case "image": {
      const part = writeSource(block.source);
      return part ? [part] : [];
    }
    case "server_tool":
    default:
      return TOOL_MEMBERS.some((name) => name in block.raw) ? [block.raw] : [];
  }
}

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

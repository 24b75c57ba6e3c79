/** Blocks of an answer as parts of a candidate. */
import { asObject, type JsonObject, parseJson } from "@sluice/wire";
import type { Block } from "../answer.ts";
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

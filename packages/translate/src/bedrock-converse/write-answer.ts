/** Writes a whole answer of Converse's. */
import { asObject, type JsonObject, parseJson } from "@sluice/wire";
import type { Block, ModelAnswer } from "../answer.ts";
import type { AnswerContext } from "../format.ts";
import { writeCitation } from "./citations.ts";
import { writeFinish } from "./finish.ts";
import { formatOf, mediaTypeOfSource, writeSource } from "./media.ts";
import { reasoningBlocks } from "./reasoning.ts";
import { writeUsage } from "./usage.ts";

/** Writes the answer. The time it took is Bedrock's own measure, which nobody else gives: it says 0. */
export function writeAnswer(answer: ModelAnswer, { model }: AnswerContext): JsonObject {
  const { blocks, finish, usage, serviceTier } = answer;
  const routed = answer.model !== undefined && answer.model !== model;
  return {
    output: { message: { role: "assistant", content: blocks.flatMap(writeBlock) } },
    ...writeFinish(
      finish,
      blocks.some(({ kind }) => kind === "tool_call"),
    ),
    usage: writeUsage(usage),
    metrics: { latencyMs: 0 },
    ...(serviceTier !== undefined && { serviceTier: { type: serviceTier } }),
    ...(routed && { trace: { promptRouter: { invokedModelId: answer.model } } }),
  };
}

/** The content blocks of a piece of the answer. */
export function writeBlock(block: Block): readonly JsonObject[] {
  switch (block.kind) {
    case "text": {
      const { text, citations = [] } = block;
      if (citations.length === 0) return [{ text }];
      return [{ citationsContent: { content: [{ text }], citations: citations.map(writeCitation) } }];
    }
    case "refusal":
      return [{ text: block.text }];
    case "reasoning":
      return reasoningBlocks(block);
    case "tool_call": {
      const { id, name, signature } = block;
      const input = parseJson(block.arguments === "" ? "{}" : block.arguments);
      return [
        ...(signature === undefined ? [] : callSignature(signature)),
        { toolUse: { toolUseId: id, name, input: asObject(input) ?? block.arguments } },
      ];
    }
    case "image":
      return writeImage(block);
    case "server_tool":
    default:
      // What another provider's tools did is shown to callers of its own format alone.
      return isConverseBlock(block.raw) ? [block.raw] : [];
  }
}

/** Gemini signs its tool calls, which Bedrock has no place for: the signature stands in a block of its own before the call. */
export function callSignature(signature: string): readonly JsonObject[] {
  return reasoningBlocks({ kind: "reasoning", text: "", signature, origin: "gemini-generate-content" });
}

/** An image that is not at hand as bytes is told by its address. */
function writeImage({ source }: Extract<Block, { kind: "image" }>): readonly JsonObject[] {
  const written = writeSource(source);
  const format = formatOf("image", mediaTypeOfSource(source) ?? "");
  if (written && format !== undefined) return [{ image: { format, source: written } }];
  return source.kind === "url" ? [{ text: source.url }] : [];
}

/** Blocks of Converse's are objects with one member; those of the other formats name their type. */
export function isConverseBlock(raw: JsonObject): boolean {
  return "toolUse" in raw || "toolResult" in raw;
}

/** Writes a whole message for a caller of Anthropic's. */
import { type JsonObject, parseJson } from "@sluice/wire";
import type { Block, ModelAnswer } from "../answer.ts";
import type { Source } from "../conversation.ts";
import type { AnswerContext } from "../format.ts";
import { writeCitation } from "./citations.ts";
import { writeFinish } from "./finish.ts";
import { isEmpty, writeCallSignature, writeThinking } from "./thinking.ts";
import { writeServiceTier, writeUsage } from "./usage.ts";

/** The message. */
export function writeAnswer(answer: ModelAnswer, context: AnswerContext): JsonObject {
  const { blocks, finish, usage } = answer;
  const hasToolCalls = blocks.some(({ kind }) => kind === "tool_call");
  const serviceTier = writeServiceTier(answer.serviceTier);
  return {
    ...writeHead(answer, context),
    content: blocks.flatMap(writeBlock),
    ...writeFinish(finish, hasToolCalls),
    usage: { ...writeUsage(usage), ...(serviceTier !== undefined && { service_tier: serviceTier }) },
  };
}

/** What a message says of itself before it says anything. */
export function writeHead(
  { id, model }: Pick<ModelAnswer, "id" | "model">,
  context: AnswerContext,
): JsonObject {
  return {
    id: id ?? context.newId("msg_"),
    type: "message",
    role: "assistant",
    model: model ?? context.model,
  };
}

function writeBlock(block: Block): readonly JsonObject[] {
  switch (block.kind) {
    case "text": {
      const citations = (block.citations ?? []).flatMap(writeCitation);
      return [{ type: "text", text: block.text, ...(citations.length > 0 && { citations }) }];
    }
    case "refusal":
      return [{ type: "text", text: block.text }];
    case "reasoning":
      return isEmpty(block) ? [] : [writeThinking(block)];
    case "tool_call":
      return [
        ...(block.signature === undefined ? [] : [writeCallSignature(block.signature)]),
        { type: "tool_use", id: block.id, name: block.name, input: inputOf(block.arguments) },
      ];
    case "image":
      return [{ type: "text", text: imageText(block.source) }];
    case "server_tool":
    default:
      // What another provider's tools did is in no shape that a client of Anthropic's could read.
      return [];
  }
}

/** Anthropic's answers hold no images: one is a link in Markdown, which shows it wherever text is rendered. */
export function imageText(source: Source): string {
  switch (source.kind) {
    case "base64":
      return `![image](data:${source.mediaType};base64,${source.data})`;
    case "url":
      return `![image](${source.url})`;
    case "file_id":
      return `![image](${source.id})`;
    case "text":
    default:
      return source.text;
  }
}

/** Clients expect an object; arguments that are none are given as the text that they are. */
function inputOf(text: string): unknown {
  return parseJson(text.trim() === "" ? "{}" : text) ?? text;
}

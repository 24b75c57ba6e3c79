/** Reads a message of Converse's into a choice (Amazon Bedrock API reference, "ContentBlock"). */
import type { Choice, ToolCall } from "../assembled.ts";
import { asList, asObject, asText, type JsonObject } from "../json-value.ts";
import { withParsedInput } from "./content-blocks.ts";

/** What of an answer belongs to its one choice. */
export interface ConverseMessage {
  readonly role?: string;
  readonly content: readonly unknown[];
  readonly stopReason?: string;
  /** The answer's other fields: guardrail trace, latency, additional fields of the model's own. */
  readonly other: JsonObject;
}

/** The choice that a message is. */
export function converseChoice({ role, content, stopReason, other }: ConverseMessage): Choice {
  const texts: string[] = [];
  const reasoning: string[] = [];
  const reasoningDetails: JsonObject[] = [];
  const toolCalls: ToolCall[] = [];
  const parts: unknown[] = [];
  const citations: unknown[] = [];
  for (const item of content) {
    const block = asObject(item);
    const toolUse = asObject(block?.["toolUse"]);
    const thought = asObject(block?.["reasoningContent"]);
    const cited = asObject(block?.["citationsContent"]);
    if (typeof block?.["text"] === "string") texts.push(block["text"]);
    else if (cited) {
      texts.push(...asList(cited["content"]).map((piece) => asText(asObject(piece)?.["text"]) ?? ""));
      citations.push(...asList(cited["citations"]));
    } else if (thought) {
      const text = asObject(thought["reasoningText"]);
      reasoning.push(asText(text?.["text"]) ?? "");
      reasoningDetails.push(...proofs(text, thought["redactedContent"]));
    } else if (toolUse && toolUse["type"] !== "server_tool_use") toolCalls.push(readToolUse(toolUse));
    else parts.push(block ? withParsedInput(block) : item);
  }
  return {
    index: 0,
    role: role ?? "assistant",
    text: texts.join(""),
    reasoning: reasoning.join(""),
    reasoningDetails,
    toolCalls,
    parts,
    blocks: content
      .map(asObject)
      .filter((block) => block !== undefined)
      .map(withParsedInput),
    ...(stopReason !== undefined && { finishReason: stopReason }),
    logprobs: 0,
    other: { ...other, ...(citations.length > 0 && { citations }) },
  };
}

/** Signed and encrypted thinking, under OpenRouter's names as with every other format. */
function proofs(text: JsonObject | undefined, redacted: unknown): readonly JsonObject[] {
  const signature = asText(text?.["signature"]);
  const data = asText(redacted);
  return [
    ...(signature === undefined ? [] : [{ type: "reasoning.text", text: text?.["text"], signature }]),
    ...(data === undefined ? [] : [{ type: "reasoning.encrypted", data }]),
  ];
}

/** The input is an object in a whole answer, and text in one that was streamed. */
function readToolUse(toolUse: JsonObject): ToolCall {
  const id = asText(toolUse["toolUseId"]);
  const input = toolUse["input"];
  return {
    ...(id !== undefined && { id }),
    type: "function",
    name: asText(toolUse["name"]) ?? "",
    arguments: typeof input === "string" ? input : JSON.stringify(input ?? {}),
  };
}

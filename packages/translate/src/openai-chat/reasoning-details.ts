/**
 * Reasoning in the shapes that chat messages give it: OpenRouter's `reasoning_details` (its documentation, "Reasoning
 * tokens"), the text alone, and LiteLLM's `thinking_blocks`.
 */
import { asList, asObject, asText, type JsonObject } from "@sluice/wire";
import type { ConversationFormat, Reasoning } from "../conversation.ts";

/** OpenRouter's names for who made a signature; Bedrock's is ours, since OpenRouter does not tell it from Anthropic's. */
const FORMAT_NAMES: Readonly<Record<ConversationFormat, string>> = {
  "openai-chat": "unknown",
  "openai-responses": "openai-responses-v1",
  "anthropic-messages": "anthropic-claude-v1",
  "bedrock-converse": "bedrock-converse-v1",
  "gemini-generate-content": "google-gemini-v1",
};

const ORIGINS = new Map<unknown, ConversationFormat>([
  ["openai-responses-v1", "openai-responses"],
  ["anthropic-claude-v1", "anthropic-messages"],
  ["bedrock-converse-v1", "bedrock-converse"],
  ["google-gemini-v1", "gemini-generate-content"],
]);

/** The name of an origin in `reasoning_details[].format`. */
export function formatName(origin: ConversationFormat | undefined): string {
  return FORMAT_NAMES[origin ?? "openai-chat"];
}

/** The reasoning of a message: its details where it has some, which then say everything, else the text. */
export function readReasoning(message: JsonObject): readonly Reasoning[] {
  const details = foldDetails(message["reasoning_details"]);
  if (details.length > 0) return details;
  const blocks = asList(message["thinking_blocks"]).flatMap(readThinkingBlock);
  if (blocks.length > 0) return blocks;
  const text = asText(message["reasoning_content"]) ?? asText(message["reasoning"]);
  return text === undefined ? [] : [{ kind: "reasoning", text, origin: "openai-chat" }];
}

/** The details of a whole message as blocks. */
function foldDetails(details: unknown): readonly Reasoning[] {
  const blocks: ReasoningPiece[] = [];
  for (const item of asList(details)) {
    const piece = readDetail(item);
    if (!piece) continue;
    const last = blocks.at(-1);
    if (last && continues(last, piece)) {
      blocks[blocks.length - 1] = { ...last, block: joined(last.block, piece.block) };
    } else blocks.push(piece);
  }
  return blocks.map(({ block }) => block);
}

/** One entry of `reasoning_details`, or a piece of one in a stream. */
export interface ReasoningPiece {
  /** Which block of the message the piece belongs to; streams and some providers leave it out. */
  readonly index: unknown;
  readonly block: Reasoning;
}

/** Reads an entry; undefined when it says nothing. */
export function readDetail(item: unknown): ReasoningPiece | undefined {
  const detail = asObject(item);
  if (!detail) return undefined;
  const text = asText(detail["text"]) ?? asText(detail["summary"]) ?? "";
  const signature = asText(detail["signature"]);
  const encrypted = asText(detail["data"]);
  const id = asText(detail["id"]);
  if (text === "" && signature === undefined && encrypted === undefined) return undefined;
  return {
    index: detail["index"] ?? undefined,
    block: {
      kind: "reasoning",
      text,
      ...(signature !== undefined && { signature }),
      ...(encrypted !== undefined && { encrypted }),
      ...(id !== undefined && { id }),
      origin: ORIGINS.get(detail["format"]) ?? "openai-chat",
    },
  };
}

/**
 * Whether a piece goes on with the block before it: same place and id, and nothing after the encrypted form or the
 * signature, which end a block.
 */
export function continues(last: ReasoningPiece, piece: ReasoningPiece): boolean {
  return (
    last.index === piece.index &&
    last.block.origin === piece.block.origin &&
    (last.block.id === undefined || last.block.id === piece.block.id) &&
    last.block.encrypted === undefined &&
    (last.block.signature === undefined || piece.block.text === "")
  );
}

/** The block with the piece added. */
export function joined(block: Reasoning, piece: Reasoning): Reasoning {
  return { ...block, ...piece, text: block.text + piece.text };
}

/** LiteLLM's `thinking_blocks` are Anthropic's blocks as they are. */
function readThinkingBlock(item: unknown): Reasoning[] {
  const block = asObject(item);
  const text = asText(block?.["thinking"]) ?? "";
  const signature = asText(block?.["signature"]);
  const encrypted = asText(block?.["data"]);
  if (text === "" && signature === undefined && encrypted === undefined) return [];
  return [
    {
      kind: "reasoning",
      text,
      ...(signature !== undefined && { signature }),
      ...(encrypted !== undefined && { encrypted }),
      origin: "anthropic-messages",
    },
  ];
}

/** Whether the block says more than its text, so that it needs `reasoning_details` to come back whole. */
export function needsDetails({ signature, encrypted, id, origin }: Reasoning): boolean {
  return (
    signature !== undefined ||
    encrypted !== undefined ||
    id !== undefined ||
    (origin !== undefined && origin !== "openai-chat")
  );
}

/** The block as entries of `reasoning_details`; `index` tells the blocks of a message apart. */
export function writeDetails(block: Reasoning, index: number): readonly JsonObject[] {
  const { text, signature, encrypted, id } = block;
  const place = { format: formatName(block.origin), index, ...(id !== undefined && { id }) };
  const summary = block.origin === "openai-responses";
  const spoken = text !== "" || signature !== undefined || encrypted === undefined;
  return [
    ...(spoken
      ? [
          {
            type: summary ? "reasoning.summary" : "reasoning.text",
            [summary ? "summary" : "text"]: text,
            ...(signature !== undefined && { signature }),
            ...place,
          },
        ]
      : []),
    ...(encrypted !== undefined ? [{ type: "reasoning.encrypted", data: encrypted, ...place }] : []),
  ];
}

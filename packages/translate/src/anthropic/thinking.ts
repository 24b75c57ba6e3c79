/** Thinking as blocks: `thinking` with its signature, and `redacted_thinking`, which only its provider can read. */
import { asText, type JsonObject } from "@sluice/wire";
import type { Reasoning } from "../conversation.ts";
import { readSignature, writeSignature } from "../foreign-signature.ts";

const FORMAT = "anthropic-messages";

/** Reads a `thinking` or `redacted_thinking` block; undefined for any other. */
export function readThinking(block: JsonObject): Reasoning | undefined {
  if (block["type"] === "redacted_thinking") {
    const { signature: encrypted, origin } = readSignature(asText(block["data"]) ?? "", FORMAT);
    return { kind: "reasoning", text: "", encrypted, origin };
  }
  if (block["type"] !== "thinking") return undefined;
  const text = asText(block["thinking"]) ?? "";
  const signed = asText(block["signature"]);
  // Without a signature nothing tells who thought it: a caller repeats what was written to it unsigned.
  if (signed === undefined) return { kind: "reasoning", text };
  const { signature, origin } = readSignature(signed, FORMAT);
  if (signature === "") return { kind: "reasoning", text, origin };
  // OpenAI's only proof is the encrypted thinking itself.
  return origin === "openai-responses"
    ? { kind: "reasoning", text, encrypted: signature, origin }
    : { kind: "reasoning", text, signature, origin };
}

/** The block for a caller. Thinking of another provider's has its origin in front of the signature, and so comes back. */
export function writeThinking(reasoning: Reasoning): JsonObject {
  const { text, signature, encrypted, origin } = reasoning;
  if (text === "" && signature === undefined && encrypted !== undefined) {
    return { type: "redacted_thinking", data: writeSignature(encrypted, origin, FORMAT) };
  }
  return { type: "thinking", thinking: text, signature: writeProof(reasoning) };
}

/**
 * The signature of a `thinking` block; empty when there is none to give. Another provider's thinking has its origin there even
 * without a signature, for some (DeepSeek) want unsigned thinking back.
 */
export function writeProof({ signature, encrypted, origin }: Reasoning): string {
  return writeSignature(signature ?? encrypted ?? "", origin, FORMAT);
}

/** Whether there is nothing to tell: neither thoughts nor a proof of them. */
export function isEmpty({ text, signature, encrypted }: Reasoning): boolean {
  return text === "" && signature === undefined && encrypted === undefined;
}

/**
 * Gemini signs its tool calls, and `tool_use` has no place for that: the signature stands in a `thinking` block of its own,
 * without text, before the call.
 */
export function writeCallSignature(signature: string): JsonObject {
  return {
    type: "thinking",
    thinking: "",
    signature: writeSignature(signature, "gemini-generate-content", FORMAT),
  };
}

/** Whether this is the signature of a tool call, in a block of its own. */
export function isCallSignature({ text, signature, origin }: Reasoning): boolean {
  return text === "" && signature !== undefined && origin === "gemini-generate-content";
}

/**
 * `reasoningContent` ⇔ reasoning. Claude is the model that signs and encrypts its thinking on Bedrock, and what it signs there
 * is good at Anthropic itself, and the other way round (Anthropic's documentation, "Extended thinking": signatures are
 * compatible across platforms).
 */
import { asObject, asText, type JsonObject } from "@sluice/wire";
import type { Reasoning } from "../conversation.ts";
import { readSignature, writeSignature } from "../foreign-signature.ts";
import type { ModelFamily } from "./model-family.ts";

const FORMAT = "bedrock-converse";

/** Marks encrypted thinking that is not text inside its base64, so that it is written as it was read. */
const BLOB = "blob:";

/** Reads a `reasoningContent`; undefined when it is empty. */
export function readReasoning(content: JsonObject): Reasoning | undefined {
  const block = asObject(content["reasoningText"]);
  const text = asText(block?.["text"]) ?? "";
  const signed = asText(block?.["signature"]);
  const redacted = asText(content["redactedContent"]);
  if (signed !== undefined) return { kind: "reasoning", text, ...readSignature(signed, FORMAT) };
  if (redacted !== undefined) {
    const { signature: encrypted, origin } = readSignature(readBlob(redacted), FORMAT);
    return { kind: "reasoning", text, encrypted, origin };
  }
  return text === "" ? undefined : { kind: "reasoning", text, origin: FORMAT };
}

/**
 * Encrypted thinking as Anthropic itself sends it (`data` of `redacted_thinking`). A blob is base64 in JSON, and what Claude puts
 * into it is base64 text already.
 */
export function readBlob(blob: string): string {
  const text = Buffer.from(blob, "base64").toString("latin1");
  return /^[\x20-\x7e]+$/.test(text) ? text : `${BLOB}${blob}`;
}

function writeBlob(encrypted: string): string {
  if (encrypted.startsWith(BLOB)) return encrypted.slice(BLOB.length);
  return Buffer.from(encrypted, "latin1").toString("base64");
}

/**
 * The blocks to send a model; undefined when it could not read them. Claude refuses thinking that it has not signed, and the
 * others what somebody else signed.
 */
export function writeReasoning(reasoning: Reasoning, family: ModelFamily): readonly JsonObject[] | undefined {
  const { origin = FORMAT, signature, encrypted } = reasoning;
  const proven = signature !== undefined || encrypted !== undefined;
  const readable =
    family === "claude"
      ? proven && (origin === FORMAT || origin === "anthropic-messages")
      : !proven && origin === FORMAT;
  return readable ? reasoningBlocks({ ...reasoning, origin: FORMAT }) : undefined;
}

/** The blocks of an answer. What another provider made has its origin in front, and so comes back to it with the next turn. */
export function reasoningBlocks({ text, signature, encrypted, origin }: Reasoning): readonly JsonObject[] {
  const proof = signature === undefined ? {} : { signature: writeSignature(signature, origin, FORMAT) };
  return [
    ...(text !== "" || signature !== undefined ? [{ reasoningText: { text, ...proof } }] : []),
    ...(encrypted !== undefined
      ? [{ redactedContent: writeBlob(writeSignature(encrypted, origin, FORMAT)) }]
      : []),
  ].map((reasoningContent) => ({ reasoningContent }));
}

/** Whether this is the signature of a tool call of Gemini's, which Bedrock has no place for: a block of its own before the call. */
export function isCallSignature({ text, signature, origin }: Reasoning): boolean {
  return text === "" && signature !== undefined && origin === "gemini-generate-content";
}

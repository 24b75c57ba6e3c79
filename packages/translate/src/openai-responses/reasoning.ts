/**
 * Reasoning items. `encrypted_content` is their one opaque field, which callers send back with the next turn: what other
 * providers want back is kept in it, with its origin in front (see `foreign-signature.ts`).
 */
import { asList, asObject, asText, type JsonObject } from "@sluice/wire";
import type { ConversationFormat, Reasoning } from "../conversation.ts";
import { readSignature, writeSignature } from "../foreign-signature.ts";

/** In front of what is encrypted and no signature (Anthropic's `redacted_thinking`), behind the origin. */
const ENCRYPTED = "encrypted:";
/** In front of a tool call's id and signature, behind the origin: function calls have no opaque field of their own. */
const CALL = "call:";

/** What an item's opaque field holds. */
export type Opaque =
  | { readonly kind: "own"; readonly encrypted: string }
  | { readonly kind: "signature"; readonly signature: string; readonly origin: ConversationFormat }
  | { readonly kind: "encrypted"; readonly encrypted: string; readonly origin: ConversationFormat }
  | { readonly kind: "call"; readonly callId: string; readonly signature: string };

/** Reads `encrypted_content`; undefined when there is none. */
export function readOpaque(item: JsonObject): Opaque | undefined {
  const text = asText(item["encrypted_content"]);
  if (text === undefined) return undefined;
  const { signature, origin } = readSignature(text, "openai-responses");
  if (signature.startsWith(CALL)) {
    const at = signature.lastIndexOf(":");
    return { kind: "call", callId: signature.slice(CALL.length, at), signature: signature.slice(at + 1) };
  }
  if (origin === "openai-responses") return { kind: "own", encrypted: signature };
  return signature.startsWith(ENCRYPTED)
    ? { kind: "encrypted", encrypted: signature.slice(ENCRYPTED.length), origin }
    : { kind: "signature", signature, origin };
}

/** Reads an item as reasoning. Undefined for one that only holds a call's signature. */
export function readReasoning(item: JsonObject): Reasoning | undefined {
  const opaque = readOpaque(item);
  if (opaque?.kind === "call") return undefined;
  const id = asText(item["id"]);
  return {
    kind: "reasoning",
    text: reasoningText(item),
    ...(id !== undefined && { id }),
    ...opaqueFields(opaque),
  };
}

function opaqueFields(opaque: Exclude<Opaque, { kind: "call" }> | undefined): Partial<Reasoning> {
  if (!opaque) return { origin: "openai-responses" };
  switch (opaque.kind) {
    case "signature":
      return { origin: opaque.origin, ...(opaque.signature !== "" && { signature: opaque.signature }) };
    case "encrypted":
      return { origin: opaque.origin, encrypted: opaque.encrypted };
    case "own":
    default:
      return { origin: "openai-responses", encrypted: opaque.encrypted };
  }
}

/** The thinking itself, which open models show, else its summary, whose parts are paragraphs. */
export function reasoningText(item: JsonObject): string {
  return partTexts(item["content"]).join("") || partTexts(item["summary"]).join(PARAGRAPH);
}

/** Between the parts of a summary. */
export const PARAGRAPH = "\n\n";

function partTexts(list: unknown): readonly string[] {
  return asList(list).map((part) => asText(asObject(part)?.["text"]) ?? "");
}

/** The opaque field for the reasoning, with its origin where that is another format. Undefined when it holds nothing. */
export function writeOpaque(reasoning: Reasoning): string | undefined {
  const { origin, signature, encrypted } = reasoning;
  if (origin === undefined || origin === "openai-responses") return encrypted ?? signature;
  // Without a signature too, so that the thinking finds back to the format that it came from.
  const content = encrypted === undefined ? (signature ?? "") : `${ENCRYPTED}${encrypted}`;
  return writeSignature(content, origin, "openai-responses");
}

/** The opaque field for a tool call's signature. Only Gemini signs calls. */
export function writeCallSignature(callId: string, signature: string): string {
  return writeSignature(`${CALL}${callId}:${signature}`, "gemini-generate-content", "openai-responses");
}

/**
 * Signatures of reasoning in formats that have one opaque field for them and no place for who made them. A signature of
 * another provider's is written with its origin in front, so that it finds its way back to where it can be read.
 */
import type { ConversationFormat } from "./conversation.ts";

const PREFIX = "sluice:";

const ORIGINS = new Set<string>([
  "openai-chat",
  "openai-responses",
  "anthropic-messages",
  "bedrock-converse",
  "gemini-generate-content",
] satisfies ConversationFormat[]);

/** The signature with its origin in front, `sluice:<origin>:<signature>`; as it is where the format is its own. */
export function writeSignature(
  signature: string,
  origin: ConversationFormat | undefined,
  format: ConversationFormat,
): string {
  return origin === undefined || origin === format ? signature : `${PREFIX}${origin}:${signature}`;
}

/** The signature and its origin, which is the format that it was read in when nothing stands in front. */
export function readSignature(
  text: string,
  format: ConversationFormat,
): { readonly signature: string; readonly origin: ConversationFormat } {
  const colon = text.indexOf(":", PREFIX.length);
  const origin = text.slice(PREFIX.length, colon);
  return text.startsWith(PREFIX) && colon > 0 && isOrigin(origin)
    ? { signature: text.slice(colon + 1), origin }
    : { signature: text, origin: format };
}

function isOrigin(text: string): text is ConversationFormat {
  return ORIGINS.has(text);
}

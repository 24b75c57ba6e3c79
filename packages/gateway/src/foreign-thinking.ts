/**
 * Thinking of another provider in a conversation that goes to this one. A translated answer carries it with the mark `sluice:` in
 * its opaque field, so that it can go back to where it came from; nobody else can read it, and Anthropic refuses a signature that
 * is not its own. Loaded only for bodies with the mark.
 */
import { editMembers, type MemberEdit } from "@sluice/wire/pipe";
import { asObject } from "./trace-context/fields.ts";

const MARK = "sluice:";

/** The body without it. Everything but the conversation stays byte for byte. */
export function withoutForeignThinking(body: Buffer, json: Readonly<Record<string, unknown>>): Buffer {
  const edits: MemberEdit[] = [];
  // Anthropic's messages have blocks of thinking; OpenAI's input has items of reasoning.
  for (const key of ["messages", "input"]) {
    const turns = json[key];
    if (!Array.isArray(turns)) continue;
    const kept = turns.filter((turn) => !isForeign(turn)).map(withoutForeignBlocks);
    edits.push({ key, value: JSON.stringify(kept) });
  }
  return Buffer.from(editMembers(body.toString("utf8"), edits));
}

function withoutForeignBlocks(turn: unknown): unknown {
  const message = asObject(turn);
  const content = message?.["content"];
  return Array.isArray(content)
    ? { ...message, content: content.filter((block) => !isForeign(block)) }
    : turn;
}

function isForeign(value: unknown): boolean {
  const block = asObject(value);
  return ["signature", "data", "encrypted_content"].some((name) => {
    const opaque = block?.[name];
    return typeof opaque === "string" && opaque.startsWith(MARK);
  });
}

/** Writes turns as Anthropic's system prompt and messages, in which user and assistant take turns. */
import type { JsonObject } from "@sluice/wire";
import type { Turn } from "../conversation.ts";
import type { Note } from "../format.ts";
import { createCallIds, writePart } from "./write-content.ts";

/** What of the request was said. */
export interface WrittenTurns {
  /** Absent without instructions. A text when it is one plain text, else blocks. */
  readonly system?: string | readonly JsonObject[];
  readonly messages: readonly Message[];
}

/** A message as it is sent. */
export interface Message {
  readonly role: "user" | "assistant";
  readonly content: readonly JsonObject[];
}

/**
 * Instructions go to the top, later ones too, in order. Turns of one role that follow each other become one, with the results
 * of tools in front, as Anthropic demands.
 */
export function writeTurns(turns: readonly Turn[], note: Note): WrittenTurns {
  const callIds = createCallIds();
  const system: JsonObject[] = [];
  const messages: { role: "user" | "assistant"; content: JsonObject[] }[] = [];
  turns.forEach((turn, at) => {
    const path = `messages[${at}]`;
    const blocks = turn.parts.flatMap((part, index) =>
      writePart(part, `${path}.content[${index}]`, callIds, note),
    );
    if (turn.name !== undefined) {
      note({ field: `${path}.name`, reason: "Anthropic's messages name no speakers.", weight: "hint" });
    }
    if (turn.role === "system" || turn.role === "developer") {
      if (messages.length > 0) {
        note({
          field: path,
          reason: "Anthropic takes instructions only at the top; this one is moved there.",
          weight: "hint",
        });
      }
      system.push(...instructions(blocks, path, note));
      return;
    }
    if (blocks.length === 0) return;
    const last = messages.at(-1);
    if (last?.role === turn.role) last.content.push(...blocks);
    else messages.push({ role: turn.role, content: blocks });
  });
  const ordered = messages.map(({ role, content }) => ({
    role,
    content: role === "user" ? resultsFirst(content) : content,
  }));
  if (ordered.length === 0 && system.length > 0) {
    note({
      field: "messages",
      reason: "Anthropic needs a user's message; the instructions are sent as one.",
      weight: "hint",
    });
    return { messages: [{ role: "user", content: system }] };
  }
  return { ...(system.length > 0 && { system: inShort(system) }), messages: ordered };
}

function instructions(blocks: readonly JsonObject[], path: string, note: Note): readonly JsonObject[] {
  const texts = blocks.filter(({ type }) => type === "text");
  if (texts.length < blocks.length) {
    note({ field: path, reason: "Anthropic's system prompt is text alone.", weight: "matters" });
  }
  return texts;
}

function resultsFirst(blocks: readonly JsonObject[]): readonly JsonObject[] {
  const isResult = ({ type }: JsonObject) => type === "tool_result";
  return [...blocks.filter(isResult), ...blocks.filter((block) => !isResult(block))];
}

function inShort(blocks: readonly JsonObject[]): string | readonly JsonObject[] {
  const [only] = blocks;
  return blocks.length === 1 && only?.["cache_control"] === undefined && typeof only?.["text"] === "string"
    ? only["text"]
    : blocks;
}

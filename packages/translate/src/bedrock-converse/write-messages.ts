/** Writes the turns: instructions to the top, the others as messages that alternate. */
import type { JsonObject } from "@sluice/wire";
import type { Turn } from "../conversation.ts";
import type { Note } from "../format.ts";
import type { ContentWriter } from "./write-content.ts";

/** What the turns become. */
export interface WrittenTurns {
  readonly system: readonly JsonObject[];
  readonly messages: readonly JsonObject[];
}

/** Writes the turns. Those of one speaker in a row become one message, which Bedrock demands. */
export function writeTurns(turns: readonly Turn[], writer: ContentWriter, note: Note): WrittenTurns {
  const system: JsonObject[] = [];
  const messages: { readonly role: string; readonly content: JsonObject[] }[] = [];
  turns.forEach((turn, at) => {
    const path = `messages[${at}]`;
    if (turn.name !== undefined) {
      note({ field: `${path}.name`, reason: "Bedrock knows no names of speakers.", weight: "hint" });
    }
    if (turn.role === "system" || turn.role === "developer") {
      if (messages.length > 0) {
        note({
          field: path,
          reason: "Bedrock takes instructions only before everything else.",
          weight: "hint",
        });
      }
      system.push(...writeInstructions(turn, path, writer, note));
      return;
    }
    const content = turn.parts.flatMap((part, index) => writer.write(part, `${path}.content[${index}]`));
    if (content.length === 0) return;
    const last = messages.at(-1);
    if (last?.role === turn.role) last.content.push(...content);
    else messages.push({ role: turn.role, content });
  });
  return { system, messages };
}

function writeInstructions(
  turn: Turn,
  path: string,
  writer: ContentWriter,
  note: Note,
): readonly JsonObject[] {
  return turn.parts.flatMap((part, at) => {
    if (part.kind === "text") return writer.write(part, `${path}.content[${at}]`);
    const reason = "Bedrock takes instructions as text only.";
    note({ field: `${path}.content[${at}]`, reason, weight: "matters" });
    return [];
  });
}

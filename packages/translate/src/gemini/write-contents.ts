/** Writes the turns of a conversation as `contents` and `systemInstruction`. */
import type { JsonObject } from "@sluice/wire";
import type { Conversation, Part, Turn } from "../conversation.ts";
import type { Note } from "../format.ts";
import { writeResponse } from "./function-response.ts";
import { type ModelFamily, modelFamily } from "./model-family.ts";
import { writeModelTurn } from "./write-model-turn.ts";
import { idOf, noteCache, writePart } from "./write-part.ts";

type ToolResult = Part & { readonly kind: "tool_result" };

/** What is said, and the instructions that stand above it. */
export interface WrittenTurns {
  readonly contents: readonly JsonObject[];
  readonly systemInstruction?: JsonObject;
}

/** Writes the turns. Instructions go to the top, turns of one speaker that follow each other become one. */
export function writeTurns({ turns, model }: Conversation, note: Note): WrittenTurns {
  const writer: PartWriter = { family: modelFamily(model), names: callNames(turns), note };
  const instructions: JsonObject[] = [];
  const contents: { role: string; parts: readonly JsonObject[] }[] = [];
  turns.forEach((turn, at) => {
    const path = `messages[${at}]`;
    if (turn.name !== undefined) {
      note({ field: `${path}.name`, reason: "Gemini knows no names of speakers.", weight: "hint" });
    }
    if (turn.role === "system" || turn.role === "developer") {
      if (contents.length > 0) noteMoved(path, note);
      instructions.push(
        ...turn.parts.flatMap((part, position) => writeInstruction(part, path, position, note)),
      );
      return;
    }
    const role = turn.role === "assistant" ? "model" : "user";
    const parts =
      role === "model" ? writeModelTurn(turn, path, writer.family, note) : writeUserTurn(turn, path, writer);
    const last = contents.at(-1);
    if (last?.role === role) last.parts = [...last.parts, ...parts];
    else contents.push({ role, parts });
  });
  return {
    contents: contents.filter(({ parts }) => parts.length > 0),
    ...(instructions.length > 0 && { systemInstruction: { parts: instructions } }),
  };
}

interface PartWriter {
  readonly family: ModelFamily;
  /** The name of each call by its id, for results that do not say whose they are. */
  readonly names: ReadonlyMap<string, string>;
  readonly note: Note;
}

function callNames(turns: readonly Turn[]): ReadonlyMap<string, string> {
  const calls = turns.flatMap(({ parts }) => parts.filter((part) => part.kind === "tool_call"));
  return new Map(calls.map(({ id, name }) => [id, name]));
}

function noteMoved(path: string, note: Note): void {
  note({
    field: path,
    reason: "Gemini takes instructions at the top only; these were moved there, in order.",
    weight: "hint",
  });
}

function writeInstruction(part: Part, path: string, at: number, note: Note): readonly JsonObject[] {
  const field = `${path}.content[${at}]`;
  noteCache(part, field, note);
  if (part.kind === "text") return [{ text: part.text }];
  note({ field, reason: `Instructions to Gemini are text, no ${part.kind}.`, weight: "matters" });
  return [];
}

function writeUserTurn(turn: Turn, path: string, writer: PartWriter): readonly JsonObject[] {
  // Results stand first, as the answer to the calls before them.
  const results = turn.parts.filter((part) => part.kind === "tool_result");
  const rest = turn.parts.filter((part) => part.kind !== "tool_result");
  return [
    ...results.flatMap((result, at) => writeResult(result, `${path}.content[${at}]`, writer)),
    ...rest.flatMap((part, at) => writePart(part, `${path}.content[${at}]`, writer.note)),
  ];
}

function writeResult(result: ToolResult, field: string, writer: PartWriter): readonly JsonObject[] {
  const { family, names, note } = writer;
  noteCache(result, field, note);
  const texts = result.parts.flatMap((part) => (part.kind === "text" ? [part.text] : []));
  const media = result.parts
    .filter((part) => part.kind !== "text")
    .flatMap((part, at) => writePart(part, `${field}.content[${at}]`, note));
  const functionResponse = {
    ...idOf(result.callId),
    name: result.name ?? names.get(result.callId) ?? result.callId,
    response: writeResponse(texts.join(""), result.isError === true),
  };
  if (media.length === 0) return [{ functionResponse }];
  // Models before generation 3 take text in a result: the rest follows as the user's.
  return family.thinkingLevels
    ? [{ functionResponse: { ...functionResponse, parts: media } }]
    : [{ functionResponse }, ...media];
}

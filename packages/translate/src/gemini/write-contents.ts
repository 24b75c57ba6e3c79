/** Writes the turns of a conversation as `contents` and `systemInstruction`. */
import { asObject, type JsonObject, parseJson } from "@sluice/wire";
import type { Conversation, Part, Reasoning, ToolCall, Turn } from "../conversation.ts";
import type { Note } from "../format.ts";
import { writeResponse } from "./function-response.ts";
import { writeSource } from "./media.ts";
import { type ModelFamily, modelFamily } from "./model-family.ts";

const FORMAT = "gemini-generate-content";

/**
 * Stands for the signature of a call that another provider's model made, or an app: a model of generation 3 refuses a
 * call without one (Gemini API documentation, "Thought Signatures", FAQ).
 */
const NO_SIGNATURE = "skip_thought_signature_validator";

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
    const parts = role === "model" ? writeModelTurn(turn, path, writer) : writeUserTurn(turn, path, writer);
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

/** The model's own turn, with the signatures where the model had put them. */
function writeModelTurn(turn: Turn, path: string, writer: PartWriter): readonly JsonObject[] {
  const { family, note } = writer;
  const signatures = signaturesOfCalls(turn.parts);
  const written: JsonObject[] = [];
  let pending: string | undefined;
  let calls = 0;

  function push(part: JsonObject): void {
    const signed = pending !== undefined && !("thoughtSignature" in part);
    written.push(signed ? { ...part, thoughtSignature: pending } : part);
    if (signed) pending = undefined;
  }

  turn.parts.forEach((part, at) => {
    const field = `${path}.content[${at}]`;
    if (part.kind === "reasoning") {
      if (part.origin !== FORMAT && !isOwnText(part)) {
        note({
          field,
          reason: "Gemini cannot read reasoning that another provider made.",
          weight: "hint",
        });
      } else if (part.id !== undefined && signatures.has(part.id)) {
        // It stands with its call.
      } else if (part.text !== "") {
        written.push({ text: part.text, thought: true, ...ownSignature(part) });
      } else {
        const signature = part.signature ?? part.encrypted;
        const last = written.at(-1);
        const fits =
          last !== undefined && "text" in last && !("thought" in last) && !("thoughtSignature" in last);
        if (fits) written[written.length - 1] = { ...last, thoughtSignature: signature };
        else pending = signature;
      }
    } else if (part.kind === "tool_call") {
      noteCache(part, field, note);
      push(
        writeCall(part, signatures.get(part.id), calls === 0 && family.thinkingLevels, pending, field, note),
      );
      calls += 1;
    } else {
      for (const each of writePart(part, field, note)) push(each);
    }
  });
  // A stream gives the signature of a text after it, in a part without text: it may come back in one.
  if (pending !== undefined) written.push({ text: "", thoughtSignature: pending });
  return written;
}

/** Plain thinking of no provider in particular is left out too: no model needs it again. */
function isOwnText(part: Reasoning): boolean {
  return part.origin === undefined && part.signature === undefined && part.encrypted === undefined;
}

function ownSignature({ signature, encrypted }: Reasoning): JsonObject {
  const own = signature ?? encrypted;
  return own === undefined ? {} : { thoughtSignature: own };
}

/** Signatures that clients send back apart from the call, under its id (OpenRouter's `reasoning_details`). */
function signaturesOfCalls(parts: readonly Part[]): ReadonlyMap<string, string> {
  const ids = new Set(parts.flatMap((part) => (part.kind === "tool_call" ? [part.id] : [])));
  const found = new Map<string, string>();
  for (const part of parts) {
    if (part.kind !== "reasoning" || part.origin !== FORMAT || part.id === undefined) continue;
    const signature = part.encrypted ?? part.signature;
    if (ids.has(part.id) && signature !== undefined) found.set(part.id, signature);
  }
  return found;
}

function writeCall(
  call: ToolCall,
  apart: string | undefined,
  mustBeSigned: boolean,
  pending: string | undefined,
  field: string,
  note: Note,
): JsonObject {
  const args = asObject(parseJson(call.arguments));
  if (!args) {
    note({
      field: `${field}.arguments`,
      reason: "The arguments are no JSON object; Gemini gets them as one text named arguments.",
      weight: "hint",
    });
  }
  const functionCall = { ...idOf(call.id), name: call.name, args: args ?? { arguments: call.arguments } };
  const signature = call.signature ?? apart;
  if (signature !== undefined) return { functionCall, thoughtSignature: signature };
  return mustBeSigned && pending === undefined
    ? { functionCall, thoughtSignature: NO_SIGNATURE }
    : { functionCall };
}

function idOf(id: string): JsonObject {
  return id === "" ? {} : { id };
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

function writePart(part: Part, field: string, note: Note): readonly JsonObject[] {
  noteCache(part, field, note);
  switch (part.kind) {
    case "text":
    case "refusal":
      return part.text === "" ? [] : [{ text: part.text }];
    case "image":
    case "file":
    case "audio": {
      if (part.kind === "image" && part.detail !== undefined && part.detail !== "auto") {
        const reason = "Gemini sets the detail of images for the whole request.";
        note({ field: `${field}.detail`, reason, weight: "hint" });
      }
      if (part.kind === "file" && part.filename !== undefined) {
        note({ field: `${field}.filename`, reason: "Gemini takes no names of files.", weight: "hint" });
      }
      const written = writeSource(part.source);
      if (written) return [written];
      const reason = "Gemini takes content in base64, or from a URL that begins with https:, http: or gs:.";
      note({ field, reason, weight: "matters" });
      return [];
    }
    case "reasoning":
    case "tool_call":
    case "tool_result":
    default:
      note({ field, reason: `A ${part.kind} cannot stand here.`, weight: "matters" });
      return [];
  }
}

function noteCache(part: Part, field: string, note: Note): void {
  if (!("cache" in part) || !part.cache) return;
  const reason = "Gemini caches prompts on its own; marks for the cache say nothing to it.";
  note({ field: `${field}.cache_control`, reason, weight: "hint" });
}

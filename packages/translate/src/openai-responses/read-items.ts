/** Reads the input of a responses request, a list of items, into turns. */
import { argumentText, asList, asObject, asText, type JsonObject } from "@sluice/wire";
import type { Part, ToolCall, Turn } from "../conversation.ts";
import { MalformedRequestError, type Note } from "../format.ts";
import { customInputAsArguments } from "./custom-tool.ts";
import { readContent } from "./read-content.ts";
import { readOpaque, readReasoning } from "./reasoning.ts";

/** Fields of items that are read, or that say nothing: what clients send back of an answer. */
const READ_FIELDS = new Set([
  "type",
  "id",
  "status",
  "role",
  "content",
  "summary",
  "encrypted_content",
  "call_id",
  "name",
  "arguments",
  "input",
  "output",
  "parsed_arguments",
  "created_by",
]);
/** Which message of an answer was the last one: only OpenAI's models know it. */
const HINTS = new Set(["phase"]);

/** What one item adds, and to whose turn. */
interface ItemParts {
  readonly role: Turn["role"];
  readonly parts: readonly Part[];
  /** Whether it is the output of a tool: those of parallel calls stand in one turn. */
  readonly result?: true;
}

/** Reads the input. All items of an answer become one turn, as do the outputs of parallel calls. */
export function readItems(input: unknown, note: Note): readonly Turn[] {
  if (typeof input === "string") return [{ role: "user", parts: [{ kind: "text", text: input }] }];
  if (input === null || input === undefined) return [];
  if (!Array.isArray(input)) {
    throw new MalformedRequestError("input", "input has to be a text or a list of items.");
  }
  const items = asList(input).map((item, at) => {
    const object = asObject(item);
    if (!object) throw new MalformedRequestError(`input[${at}]`, `input[${at}] has to be an object.`);
    return object;
  });
  const signatures = callSignatures(items);
  const names = new Map<string, string>();
  const turns: Turn[] = [];
  let last: ItemParts | undefined;
  items.forEach((item, at) => {
    const read = readItem(item, `input[${at}]`, names, signatures, note);
    if (!read) return;
    const before = turns.at(-1);
    const joins = last?.role === read.role && (read.role === "assistant" || (read.result && last.result));
    if (joins && before) turns[turns.length - 1] = { ...before, parts: [...before.parts, ...read.parts] };
    else turns.push({ role: read.role, parts: read.parts });
    last = read;
  });
  return turns;
}

function readItem(
  item: JsonObject,
  path: string,
  names: Map<string, string>,
  signatures: ReadonlyMap<string, string>,
  note: Note,
): ItemParts | undefined {
  const type = asText(item["type"]) ?? (item["role"] === undefined ? "" : "message");
  switch (type) {
    case "message":
      noteUnread(item, path, note);
      return readMessage(item, path, note);
    case "reasoning": {
      noteUnread(item, path, note);
      const reasoning = readReasoning(item);
      return reasoning && { role: "assistant", parts: [reasoning] };
    }
    case "function_call":
    case "custom_tool_call": {
      noteUnread(item, path, note);
      const call = readCall(item, path, signatures);
      names.set(call.id, call.name);
      return { role: "assistant", parts: [call] };
    }
    case "function_call_output":
    case "custom_tool_call_output":
      noteUnread(item, path, note);
      return { role: "user", parts: [readResult(item, path, names, note)], result: true };
    case "item_reference":
      note({
        field: path,
        reason:
          "The provider keeps nothing between calls: send the items themselves (clients do so with store: false).",
        weight: "matters",
      });
      return undefined;
    default:
      note({
        field: path,
        reason: `Only its own provider knows items of type ${JSON.stringify(type)}.`,
        weight: "matters",
      });
      return undefined;
  }
}

function readMessage(item: JsonObject, path: string, note: Note): ItemParts {
  const role = item["role"];
  if (role !== "system" && role !== "developer" && role !== "user" && role !== "assistant") {
    throw new MalformedRequestError(
      `${path}.role`,
      `${path}.role has to be system, developer, user or assistant.`,
    );
  }
  return { role, parts: readContent(item["content"], `${path}.content`, note) };
}

function readCall(item: JsonObject, path: string, signatures: ReadonlyMap<string, string>): ToolCall {
  const id = asText(item["call_id"]);
  const name = asText(item["name"]);
  if (id === undefined) {
    throw new MalformedRequestError(`${path}.call_id`, `${path}.call_id has to name the call.`);
  }
  if (name === undefined) {
    throw new MalformedRequestError(`${path}.name`, `${path}.name has to name the tool.`);
  }
  const signature = signatures.get(id);
  const text =
    item["type"] === "custom_tool_call"
      ? customInputAsArguments(asText(item["input"]) ?? "")
      : argumentText(item["arguments"]);
  return {
    kind: "tool_call",
    id,
    name,
    arguments: text.trim() === "" ? "{}" : text,
    ...(signature !== undefined && { signature }),
  };
}

function readResult(item: JsonObject, path: string, names: ReadonlyMap<string, string>, note: Note): Part {
  const callId = asText(item["call_id"]);
  if (callId === undefined) {
    throw new MalformedRequestError(`${path}.call_id`, `${path}.call_id has to name the call that was made.`);
  }
  const name = names.get(callId);
  return {
    kind: "tool_result",
    callId,
    ...(name !== undefined && { name }),
    parts: readContent(item["output"], `${path}.output`, note),
  };
}

/** The signatures of tool calls, which travel in reasoning items of their own. */
function callSignatures(items: readonly JsonObject[]): ReadonlyMap<string, string> {
  const signatures = new Map<string, string>();
  for (const item of items) {
    const opaque = item["type"] === "reasoning" ? readOpaque(item) : undefined;
    if (opaque?.kind === "call") signatures.set(opaque.callId, opaque.signature);
  }
  return signatures;
}

function noteUnread(item: JsonObject, path: string, note: Note): void {
  for (const [field, value] of Object.entries(item)) {
    if (READ_FIELDS.has(field) || value === null || value === undefined) continue;
    note({
      field: `${path}.${field}`,
      reason: "The field has no equal in other formats.",
      weight: HINTS.has(field) ? "hint" : "matters",
    });
  }
}

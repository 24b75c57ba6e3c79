/** Reads the messages of a chat request into turns. */
import { argumentText, asList, asObject, asText, type JsonObject } from "@sluice/wire";
import type { Cacheable, Part, ToolCall, Turn } from "../conversation.ts";
import { MalformedRequestError, type Note } from "../format.ts";
import { readCache, readContent } from "./read-content.ts";
import { readReasoning } from "./reasoning-details.ts";

/** Fields of a message that are read, by its role; of the others it is noted that they get lost. */
const READ_FIELDS = new Set(["role", "content", "name", "cache_control"]);
const ASSISTANT_FIELDS = new Set([
  ...READ_FIELDS,
  "refusal",
  "tool_calls",
  "function_call",
  "reasoning",
  "reasoning_content",
  "reasoning_details",
  "thinking_blocks",
  "images",
]);
const TOOL_FIELDS = new Set([...READ_FIELDS, "tool_call_id"]);

/** What clients send back of an answer without meaning anything by it. */
const HINTS = new Set(["annotations", "index", "provider_specific_fields", "executed_tools", "parsed"]);

/** Reads the messages. The results of parallel calls, a message each, become one turn. */
export function readMessages(messages: unknown, note: Note): readonly Turn[] {
  if (!Array.isArray(messages)) {
    throw new MalformedRequestError("messages", "messages has to be a list of messages.");
  }
  const turns: Turn[] = [];
  const names = new Map<string, string>();
  // Calls of the legacy kind have no id: their results name the function, and come in the order of the calls.
  const unanswered: ToolCall[] = [];
  let inResults = false;
  asList(messages).forEach((item, at) => {
    const path = `messages[${at}]`;
    const message = asObject(item);
    if (!message) throw new MalformedRequestError(path, `${path} has to be an object with a role.`);
    const role = message["role"];
    if (role === "tool" || role === "function") {
      const result = readResult(message, path, note, names, unanswered);
      const last = turns.at(-1);
      if (inResults && last) turns[turns.length - 1] = { ...last, parts: [...last.parts, result] };
      else turns.push({ role: "user", parts: [result] });
      inResults = true;
      return;
    }
    inResults = false;
    turns.push(readTurn(message, role, path, at, note));
    for (const part of turns.at(-1)?.parts ?? []) {
      if (part.kind !== "tool_call") continue;
      names.set(part.id, part.name);
      if (message["function_call"]) unanswered.push(part);
    }
  });
  return turns;
}

function readTurn(message: JsonObject, role: unknown, path: string, at: number, note: Note): Turn {
  const name = asText(message["name"]);
  const named = name === undefined ? {} : { name };
  switch (role) {
    case "system":
    case "developer":
    case "user":
      noteUnread(message, READ_FIELDS, path, note);
      return {
        role,
        parts: withCache(readContent(message["content"], `${path}.content`, note), readCache(message)),
        ...named,
      };
    case "assistant":
      noteUnread(message, ASSISTANT_FIELDS, path, note);
      return {
        role,
        parts: withCache(readAssistant(message, path, at, note), readCache(message)),
        ...named,
      };
    default:
      throw new MalformedRequestError(
        `${path}.role`,
        `${path}.role has to be system, developer, user, assistant or tool.`,
      );
  }
}

function readAssistant(message: JsonObject, path: string, at: number, note: Note): readonly Part[] {
  const refusal = asText(message["refusal"]);
  const calls = asList(message["tool_calls"]).flatMap((item, position) =>
    readToolCall(item, `${path}.tool_calls[${position}]`, note),
  );
  const legacy = asObject(message["function_call"]);
  return [
    ...readReasoning(message),
    ...readContent(message["content"], `${path}.content`, note),
    ...(refusal === undefined ? [] : [{ kind: "refusal", text: refusal } as const]),
    // OpenRouter's place for images that the model made.
    ...readContent(message["images"], `${path}.images`, note),
    ...calls,
    ...(legacy ? [readFunction(legacy, `call_function_${at}`, `${path}.function_call`)] : []),
  ];
}

function readToolCall(item: unknown, path: string, note: Note): readonly ToolCall[] {
  const call = asObject(item);
  const tool = asObject(call?.["function"]);
  if (!call || (!tool && call["type"] !== "custom")) {
    throw new MalformedRequestError(path, `${path} has to be an object with id, type and function.`);
  }
  if (!tool) {
    note({ field: path, reason: "Calls of custom tools have no equal elsewhere.", weight: "matters" });
    return [];
  }
  const id = asText(call["id"]);
  if (id === undefined) throw new MalformedRequestError(`${path}.id`, `${path}.id has to name the call.`);
  const google = asObject(asObject(call["extra_content"])?.["google"]);
  const signature = asText(google?.["thought_signature"]);
  const read = readFunction(tool, id, `${path}.function`);
  return [signature === undefined ? read : { ...read, signature }];
}

function readFunction(tool: JsonObject, id: string, path: string): ToolCall {
  const name = asText(tool["name"]);
  if (name === undefined) {
    throw new MalformedRequestError(`${path}.name`, `${path}.name has to name the function.`);
  }
  const text = argumentText(tool["arguments"]);
  return { kind: "tool_call", id, name, arguments: text.trim() === "" ? "{}" : text };
}

function readResult(
  message: JsonObject,
  path: string,
  note: Note,
  names: ReadonlyMap<string, string>,
  unanswered: ToolCall[],
): Part {
  noteUnread(message, TOOL_FIELDS, path, note);
  const parts = readContent(message["content"], `${path}.content`, note);
  const own = asText(message["name"]);
  const legacy = message["role"] === "function" ? takeCall(unanswered, own) : undefined;
  const callId = asText(message["tool_call_id"]) ?? legacy?.id;
  if (callId === undefined) {
    throw new MalformedRequestError(
      `${path}.tool_call_id`,
      `${path}.tool_call_id has to be the id of the call that this is the result of.`,
    );
  }
  const name = own ?? names.get(callId);
  return {
    kind: "tool_result",
    callId,
    ...(name !== undefined && { name }),
    parts,
    ...readCache(message),
  };
}

function takeCall(unanswered: ToolCall[], name: string | undefined): ToolCall | undefined {
  const at = unanswered.findIndex((call) => call.name === name);
  return at < 0 ? undefined : unanswered.splice(at, 1)[0];
}

/** A message's own `cache_control` (LiteLLM) is that of its last part. */
function withCache(parts: readonly Part[], cache: Cacheable): readonly Part[] {
  const last = parts.at(-1);
  if (!cache.cache || !last || last.kind === "reasoning" || last.kind === "refusal") return parts;
  return [...parts.slice(0, -1), { ...last, ...cache }];
}

function noteUnread(message: JsonObject, read: ReadonlySet<string>, path: string, note: Note): void {
  for (const [field, value] of Object.entries(message)) {
    if (read.has(field) || value === null || value === undefined) continue;
    note({
      field: `${path}.${field}`,
      reason: "The field has no equal in other formats.",
      weight: HINTS.has(field) ? "hint" : "matters",
    });
  }
}

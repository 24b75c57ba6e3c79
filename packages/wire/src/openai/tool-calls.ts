/** Puts the tool calls of one choice together from their deltas, whichever way a provider cuts them. */
import type { ToolCall } from "../assembled.ts";
import { asCount, asObject, asText, parseJson } from "../json-value.ts";

/** A call under construction. */
export interface OpenToolCall {
  readonly index: number | undefined;
  id: string | undefined;
  type: string | undefined;
  name: string;
  arguments: string;
}

/**
 * Adds one entry of `tool_calls` to the calls so far: to the one it goes on with, or as a new one. Gives that call and the
 * piece of arguments that came; undefined for an entry that is no object.
 */
export function addToolCallDelta(
  open: OpenToolCall[],
  entry: unknown,
): { readonly call: OpenToolCall; readonly piece: string } | undefined {
  const delta = asObject(entry);
  if (!delta) return undefined;
  const index = asCount(delta["index"]);
  const id = asText(delta["id"]);
  const type = asText(delta["type"]);
  const tool = asObject(delta["function"]) ?? asObject(delta["custom"]);
  const name = asText(tool?.["name"]);
  const piece = argumentText(tool?.["arguments"] ?? tool?.["input"]);
  let call = findCall(open, index, id);
  if (!call || startsAnother(call, id, name, piece)) {
    call = { index, id: undefined, type: undefined, name: "", arguments: "" };
    open.push(call);
  }
  call.id ??= id;
  call.type ??= type;
  if (name !== undefined) call.name = name;
  call.arguments += piece;
  return { call, piece };
}

/** Collects the tool calls of one choice. */
export interface ToolCallFold {
  /** Adds one entry of `tool_calls`, from a delta or from a whole message. */
  add(entry: unknown): void;
  /** Adds a `function_call`, the form from before there were tools. */
  addLegacy(functionCall: unknown): void;
  /** The calls so far, in the order in which they began. */
  calls(): readonly ToolCall[];
}

/** A collector without calls. */
export function createToolCallFold(): ToolCallFold {
  const open: OpenToolCall[] = [];
  let legacy: OpenToolCall | undefined;

  return {
    add(entry) {
      addToolCallDelta(open, entry);
    },
    addLegacy(functionCall) {
      const delta = asObject(functionCall);
      const name = asText(delta?.["name"]);
      const args = argumentText(delta?.["arguments"]);
      // Snowflake sends an empty one with every message.
      if (name === undefined && args === "") return;
      if (!legacy) {
        legacy = { index: undefined, id: undefined, type: "function", name: "", arguments: "" };
        open.push(legacy);
      }
      legacy.name = name ?? legacy.name;
      legacy.arguments += args;
    },
    calls: () =>
      open.map((call) => ({
        ...(call.id !== undefined && { id: call.id }),
        type: call.type ?? "function",
        name: call.name,
        arguments: call.arguments,
      })),
  };
}

/** The call that a delta goes on with: by index, else by id, else the last one. */
function findCall(open: readonly OpenToolCall[], index: number | undefined, id: string | undefined) {
  if (index !== undefined) return open.findLast((call) => call.index === index);
  if (id !== undefined) return open.findLast((call) => call.id === id);
  return open.at(-1);
}

/**
 * Whether a delta that points to `call` begins another one all the same: some providers give two calls one
 * index, or no index and no id at all. A name alone proves nothing, for others repeat it in every piece, as
 * others give every piece a new id: only both together do, or a name when the call's arguments are complete.
 */
function startsAnother(call: OpenToolCall, id: string | undefined, name: string | undefined, args: string) {
  if (name === undefined) return false;
  if (id !== undefined && call.id !== undefined) return id !== call.id;
  return args !== "" && asObject(parseJson(call.arguments)) !== undefined;
}

/** Arguments as text. Ollama and Mistral have been seen to send the object itself. */
export function argumentText(value: unknown): string {
  if (typeof value === "string") return value;
  return value === undefined || value === null ? "" : JSON.stringify(value);
}

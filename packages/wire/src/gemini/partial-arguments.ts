/**
 * Arguments of a function call that come in pieces (Vertex AI, "Streaming function call arguments"): each piece names
 * its place by a JSON path such as `$.city` or `$.stops[0].name`, and a text may go on in the next piece.
 */
import { asList, asObject, asText, type JsonObject } from "../json-value.ts";
import { member } from "./member.ts";

/** What is being put together: objects without a prototype, so that no name is special, and lists. */
type Container = Record<string, unknown> | unknown[];

/** Collects the pieces of one call's arguments. */
export interface PartialArguments {
  /** Adds a `partialArgs` list. Pieces without a readable place or value are left out. */
  add(pieces: unknown): void;
  /** The arguments so far; empty when no piece came. */
  result(): JsonObject;
}

/** A collector for one call. */
export function createPartialArguments(): PartialArguments {
  const root = emptyObject();
  /** The path whose text goes on. */
  let openPath: string | undefined;

  function addPiece(piece: JsonObject): void {
    const path = asText(member(piece, "jsonPath"));
    const value = valueOf(piece);
    if (path === undefined || value === undefined) return;
    const steps = parsePath(path);
    const last = steps.pop();
    if (last === undefined) return;
    let container: Container = root;
    for (const [at, step] of steps.entries()) {
      container = enter(container, step, typeof (steps[at + 1] ?? last) === "number");
    }
    const before = get(container, last);
    const goesOn = openPath === path && typeof before === "string" && typeof value === "string";
    set(container, last, goesOn ? `${before}${value}` : value);
    openPath = member(piece, "willContinue") === true ? path : undefined;
  }

  return {
    add(pieces) {
      for (const piece of asList(pieces)) {
        const object = asObject(piece);
        if (object) addPiece(object);
      }
    },
    result: () => root,
  };
}

function valueOf(piece: JsonObject): string | number | boolean | null | undefined {
  const text = member(piece, "stringValue");
  if (typeof text === "string") return text;
  const number = member(piece, "numberValue");
  if (typeof number === "number") return number;
  const truth = member(piece, "boolValue");
  if (typeof truth === "boolean") return truth;
  // Protocol buffers write their null as the name or the number of an enum.
  return "nullValue" in piece || "null_value" in piece ? null : undefined;
}

/** The steps of a path: names, and positions in lists. */
function parsePath(path: string): (string | number)[] {
  const steps = path.matchAll(/\[(\d+)\]|\['((?:[^'\\]|\\.)*)'\]|\["((?:[^"\\]|\\.)*)"\]|([^.[\]$]+)/g);
  return Array.from(steps, ([, position, single, double, name]) =>
    position === undefined ? (single ?? double ?? name ?? "").replaceAll(/\\(.)/g, "$1") : Number(position),
  );
}

/** The container inside a container, made when it is not there. */
function enter(container: Container, step: string | number, isList: boolean): Container {
  const inner = get(container, step);
  if (Array.isArray(inner) || isContainer(inner)) return inner;
  const made: Container = isList ? [] : emptyObject();
  set(container, step, made);
  return made;
}

function get(container: Container, step: string | number): unknown {
  return Array.isArray(container) ? container[Number(step)] : container[String(step)];
}

function set(container: Container, step: string | number, value: unknown): void {
  // A position beyond the end is the next one: nothing that a stream says may make a list of a billion holes.
  if (Array.isArray(container)) container[Math.min(Number(step) || 0, container.length)] = value;
  else container[String(step)] = value;
}

function isContainer(value: unknown): value is Record<string, unknown> {
  return asObject(value) !== undefined;
}

function emptyObject(): Record<string, unknown> {
  return Object.create(null) as Record<string, unknown>;
}

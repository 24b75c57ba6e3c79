/** Looks up the members of Google's JSON. Protocol buffers read two spellings of a name: `fileData` and `file_data`. */
import type { JsonObject } from "../json-value.ts";

/**
 * The member with this name in lower camel case, or spelt with underscores (Protocol Buffers, "ProtoJSON Format": parsers
 * accept both). Undefined when it is absent or null, which mean the same there.
 */
export function member(object: JsonObject | undefined, name: string): unknown {
  if (!object) return undefined;
  return object[name] ?? object[withUnderscores(name)] ?? undefined;
}

/** A name with underscores in lower camel case; any other as it is. */
export function inCamelCase(name: string): string {
  return name.replaceAll(/(?<=[a-z0-9])_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

function withUnderscores(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Values that are no content: ids, names, codes and numbers. What is none of them is left out. */
import type { JsonObject } from "@sluice/wire";

/** The longest id or name that is one. */
const LONGEST_LABEL = 200;

/** An id or a name: one word, however it is spelt. Undefined for anything else, prose above all. */
export function label(value: string | undefined): string | undefined {
  return value !== undefined && value.length <= LONGEST_LABEL && /^[^\s{}"]+$/.test(value)
    ? value
    : undefined;
}

/** A word of an API: letters, digits and underscores, as codes and reasons are written. */
export function code(value: string | undefined): string | undefined {
  return value !== undefined && /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/.test(value) ? value : undefined;
}

/** A path with everything that is no word of an API replaced by `*`: ids, names, and whatever else stands between slashes. */
export function route(path: string): string {
  return path
    .split("/")
    .map((segment) => (/^(?:[a-z][a-z_]{0,40}|v\d{1,3}(?:[a-z]+\d*)?)?$/.test(segment) ? segment : "*"))
    .join("/");
}

/** The numbers of an object by their names, however deep; texts, flags and lists are left out. */
export function keepNumbers(object: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(object).flatMap(([name, value]): [string, unknown][] => {
      if (code(name) === undefined) return [];
      if (typeof value === "number") return [[name, value]];
      const inner = typeof value === "object" && value !== null && !Array.isArray(value);
      return inner ? [[name, keepNumbers(value as JsonObject)]] : [];
    }),
  );
}

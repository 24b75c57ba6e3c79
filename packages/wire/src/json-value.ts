/**
 * Reading parsed JSON that nobody promised the shape of. Each function gives the value when it is what is
 * asked for, and undefined when not: an assembler takes what it understands and never throws.
 */

/** A JSON object whose members may be anything. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** The value as an object; undefined for null, lists and plain values. */
export function asObject(value: unknown): JsonObject | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as JsonObject)
    : undefined;
}

/** The value as a list; empty when it is none. */
export function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : [];
}

/** The value as text; undefined when it is empty, for providers write `""` for "nothing". */
export function asText(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** The value as a count: a whole number from 0. A fraction is cut. */
export function asCount(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? Math.trunc(value) : undefined;
}

/** The text parsed as JSON; undefined when it is none. JSON's own `null` reads as null. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What a caller may say about a call, whichever way it says it. */

/** Fields as read from one source. Absent: that source says nothing. */
export interface TraceFields {
  /** 32 hex digits, or any text that names the trace: see `trace-context.ts`. */
  readonly traceId?: string | undefined;
  readonly parentSpanId?: string | undefined;
  readonly name?: string | undefined;
  readonly userId?: string | undefined;
  readonly sessionId?: string | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
  readonly feature?: string | undefined;
  readonly tenant?: string | undefined;
  readonly prompt?: { readonly name: string; readonly version: number } | undefined;
  readonly environment?: string | undefined;
  readonly release?: string | undefined;
}

/** Takes note of something that could not be read, in words for the trace. */
export type Warn = (warning: string) => void;

/** The value as a JSON object, or undefined. */
export function asObject(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}

/** A text, or a number as text; undefined for anything else and for empty text. */
export function asText(value: unknown): string | undefined {
  if (typeof value === "number") return String(value);
  return typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
}

/** Tags: a list of texts, or one text with commas. */
export function asTags(value: unknown): readonly string[] | undefined {
  const list: readonly unknown[] = Array.isArray(value) ? value : (asText(value)?.split(",") ?? []);
  const tags = list.map(asText).filter((tag) => tag !== undefined);
  return tags.length > 0 ? tags : undefined;
}

/** A JSON object, given as such or as JSON text. Warns when text is no JSON object. */
export function asMetadata(value: unknown, source: string, warn: Warn): TraceFields["metadata"] {
  if (value === undefined || value === null) return undefined;
  const given = asObject(value);
  if (given) return given;
  try {
    const parsed = asObject(typeof value === "string" ? JSON.parse(value) : value);
    if (parsed) return parsed;
  } catch {
    // Not JSON: warned below, as any other value that is no object.
  }
  warn(`${source} is not a JSON object.`);
  return undefined;
}

/** A Langfuse prompt: `name@version`, or an object with `name` and `version`. Warns when it is neither. */
export function asPrompt(value: unknown, source: string, warn: Warn): TraceFields["prompt"] {
  if (value === undefined || value === null) return undefined;
  const object = asObject(value);
  const [, name, version] = object
    ? [undefined, asText(object["name"]), asText(object["version"])]
    : (/^(.+)@(\d+)$/.exec(asText(value) ?? "") ?? []);
  if (name && version && /^\d{1,9}$/.test(version)) return { name, version: Number(version) };
  warn(`${source} is not of the form name@version.`);
  return undefined;
}

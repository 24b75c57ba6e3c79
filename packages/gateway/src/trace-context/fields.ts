/** What a caller may say about a call, whichever way it says it. */
import { CAPTURE_MODES, type CaptureMode } from "@sluice/trace";

/** Fields as read from one source. Absent: that source says nothing. */
export interface TraceFields {
  /** 32 hex digits, or any text that names the trace: see `trace-context.ts`. */
  readonly traceId?: string | undefined;
  readonly parentSpanId?: string | undefined;
  /** Whether the parent goes where our traces go. Absent: nobody knows, and the call is a root of its own. */
  readonly parentInProject?: boolean | undefined;
  readonly name?: string | undefined;
  /** The name of this call's own observation. */
  readonly spanName?: string | undefined;
  readonly userId?: string | undefined;
  readonly sessionId?: string | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
  readonly feature?: string | undefined;
  readonly tenant?: string | undefined;
  readonly prompt?: { readonly name: string; readonly version: number } | undefined;
  readonly environment?: string | undefined;
  readonly organization?: string | undefined;
  readonly release?: string | undefined;
  readonly version?: string | undefined;
  /** The most of the call's content that may leave. */
  readonly capture?: CaptureMode | undefined;
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

/** `true` and `false`, as such or as text; undefined for anything else. */
export function asBoolean(value: unknown): boolean | undefined {
  const text = typeof value === "string" ? value.trim().toLowerCase() : value;
  if (text === true || text === "true") return true;
  return text === false || text === "false" ? false : undefined;
}

/** A capture mode. A word that nobody knows allows nothing: it was meant to hide something. */
export function asCapture(value: unknown): CaptureMode | undefined {
  const asked = asText(value)?.toLowerCase();
  if (asked === undefined) return undefined;
  return CAPTURE_MODES.find((mode) => mode === asked) ?? "metadata";
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

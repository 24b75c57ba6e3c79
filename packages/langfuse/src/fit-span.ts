/**
 * Makes a span fit one export request. Nearly every span does; one that does not is cut field by field and
 * says so: a span must never be undeliverable for its size. The call is kept whole elsewhere, and the
 * span says where.
 */
import { parseJson } from "@sluice/wire";
import { LEVEL, METADATA, SLUICE, STATUS_MESSAGE } from "./attributes/names.ts";
import type { KeepWhole } from "./drain.ts";
import { type Attributes, encodeSpan, type Span } from "./otlp.ts";

/** To how many characters texts are cut, one after the other, until the span fits. */
const TEXT_LENGTHS = [262_144, 65_536, 16_384, 4_096, 1_024, 128];
/** Fields no longer than this, in characters, are left alone: cutting them gains nothing. */
const SHORT_FIELD = 1_024;
/** Of how many fields the size before the cut is told. */
const MAX_FIELDS_TOLD = 20;

/** So many attributes in front say that the span was cut; they are never dropped. */
const MARKS = 5;

/** Writes a span as bytes. */
export type EncodeSpan = (span: Span) => Uint8Array;

/** How a span is made to fit. */
export interface FitOptions {
  /** Default: as JSON. */
  readonly encode?: EncodeSpan | undefined;
  /** Called for a span that has to be cut. */
  readonly keepWhole?: KeepWhole | undefined;
}

/** The span in at most `limitBytes`. */
export function encodeToFit(
  span: Span,
  limitBytes: number,
  { encode = encodeSpan, keepWhole }: FitOptions = {},
): Uint8Array {
  const whole = encode(span);
  if (whole.byteLength <= limitBytes) return whole;
  const note: CutNote = { wholeBytes: whole.byteLength, ...(keepWhole && { keptAt: keepWhole() }) };
  // Structure survives as long as it can: only texts inside a field's JSON are cut.
  for (const length of TEXT_LENGTHS) {
    const cut = encode(cutFields(span, note, (text) => cutInside(text, length)));
    if (cut.byteLength <= limitBytes) return cut;
  }
  // Too many small texts: the fields themselves are cut, and in the end the last of them dropped.
  const blunt = cutFields(span, note, (text) => cutText(text, SHORT_FIELD));
  return encodeDroppingFields(blunt, limitBytes, encode);
}

/** What is said of the span before it was cut. */
interface CutNote {
  readonly wholeBytes: number;
  /** Where the call is kept whole. */
  readonly keptAt?: string;
}

function cutFields(span: Span, { wholeBytes, keptAt }: CutNote, cut: (text: string) => string): Span {
  const told: Record<string, number> = {};
  const attributes: Record<string, Attributes[string]> = {};
  for (const [name, value] of Object.entries(span.attributes)) {
    const isLong = typeof value === "string" && value.length > SHORT_FIELD;
    attributes[name] = isLong ? cut(value) : value;
    if (isLong && attributes[name] !== value && Object.keys(told).length < MAX_FIELDS_TOLD) {
      told[cutText(name, 200)] = value.length;
    }
  }
  const prefix = ownPrefix(span);
  const kept = keptAt === undefined ? "" : ` The call is kept whole at ${keptAt}.`;
  const message = `The span had ${wholeBytes} bytes and was cut to fit the export limit.${kept}`;
  return {
    ...span,
    ...(span.error !== undefined && { error: cutText(span.error, SHORT_FIELD) }),
    name: cutText(span.name, SHORT_FIELD),
    attributes: {
      // In front, so that dropping fields from the end never drops them.
      ...marks(attributes, message),
      [`${prefix}cut_field_characters`]: JSON.stringify(told),
      [`${prefix}cut_from_bytes`]: wholeBytes,
      ...(keptAt !== undefined && { [`${prefix}whole`]: keptAt }),
      ...without(attributes, [LEVEL, STATUS_MESSAGE]),
    },
  };
}

/** What stands before the name of an attribute of Sluice's own: Langfuse filters by metadata. */
export function ownPrefix({ attributes }: Span): string {
  return LEVEL in attributes ? METADATA : SLUICE;
}

/** Langfuse has fields of its own for what a person should see first; elsewhere it is one more attribute. */
function marks(attributes: Attributes, message: string): Attributes {
  if (!(LEVEL in attributes)) return { [`${SLUICE}cut`]: message };
  const before = attributes[STATUS_MESSAGE];
  return {
    [LEVEL]: attributes[LEVEL] === "ERROR" ? "ERROR" : "WARNING",
    [STATUS_MESSAGE]: typeof before === "string" ? `${cutText(before, SHORT_FIELD)} ${message}` : message,
  };
}

function encodeDroppingFields(span: Span, limitBytes: number, encode: EncodeSpan): Uint8Array {
  let entries = Object.entries(span.attributes).map(
    ([name, value]) => [name, Array.isArray(value) ? value.slice(0, 20).map(short) : value] as const,
  );
  for (;;) {
    const encoded = encode({ ...span, attributes: Object.fromEntries(entries) });
    if (encoded.byteLength <= limitBytes || entries.length <= MARKS) return encoded;
    entries = entries.slice(0, Math.max(MARKS, Math.floor(entries.length * 0.75)));
  }
}

/** Cuts the texts inside a field that holds JSON, or the field itself when it holds none. */
function cutInside(field: string, length: number): string {
  const value = parseJson(field);
  return typeof value === "object" && value !== null
    ? JSON.stringify(value, (_key, inner: unknown) =>
        typeof inner === "string" ? cutText(inner, length) : inner,
      )
    : cutText(field, length);
}

/** The beginning of a text, with the number of characters that are missing. */
function cutText(text: string, length: number): string {
  if (text.length <= length) return text;
  // Half a surrogate pair at the cut is no character.
  const start = text.slice(0, length).replace(/[\ud800-\udbff]$/, "");
  return `${start}… [${text.length - start.length} more characters, cut by Sluice]`;
}

function short(text: unknown): string {
  return cutText(String(text), 200);
}

function without(attributes: Attributes, names: readonly string[]): Attributes {
  return Object.fromEntries(Object.entries(attributes).filter(([name]) => !names.includes(name)));
}

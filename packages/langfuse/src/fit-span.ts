/**
 * Makes a span fit one export request. Nearly every span does; one that does not is cut field by field and
 * says so: a span must never be undeliverable for its size. The record it was made of stays whole.
 */
import { parseJson } from "@sluice/wire";
import { LEVEL, METADATA, STATUS_MESSAGE } from "./attributes/names.ts";
import { type Attributes, encodeSpan, type Span } from "./otlp.ts";

/** To how many characters texts are cut, one after the other, until the span fits. */
const TEXT_LENGTHS = [262_144, 65_536, 16_384, 4_096, 1_024, 128];
/** Fields no longer than this, in characters, are left alone: cutting them gains nothing. */
const SHORT_FIELD = 1_024;
/** Of how many fields the size before the cut is told. */
const MAX_FIELDS_TOLD = 20;

/** Writes a span as bytes. */
export type EncodeSpan = (span: Span) => Uint8Array;

/** The span, as JSON unless told otherwise, in at most `limitBytes`. */
export function encodeToFit(span: Span, limitBytes: number, encode: EncodeSpan = encodeSpan): Uint8Array {
  const whole = encode(span);
  if (whole.byteLength <= limitBytes) return whole;
  // Structure survives as long as it can: only texts inside a field's JSON are cut.
  for (const length of TEXT_LENGTHS) {
    const cut = encode(cutFields(span, whole.byteLength, (text) => cutInside(text, length)));
    if (cut.byteLength <= limitBytes) return cut;
  }
  // Too many small texts: the fields themselves are cut, and in the end the last of them dropped.
  const blunt = cutFields(span, whole.byteLength, (text) => cutText(text, SHORT_FIELD));
  return encodeDroppingFields(blunt, limitBytes, encode);
}

function cutFields(span: Span, wholeBytes: number, cut: (text: string) => string): Span {
  const told: Record<string, number> = {};
  const attributes: Record<string, Attributes[string]> = {};
  for (const [name, value] of Object.entries(span.attributes)) {
    const isLong = typeof value === "string" && value.length > SHORT_FIELD;
    attributes[name] = isLong ? cut(value) : value;
    if (isLong && attributes[name] !== value && Object.keys(told).length < MAX_FIELDS_TOLD) {
      told[cutText(name, 200)] = value.length;
    }
  }
  const message = `The span had ${wholeBytes} bytes and was cut to fit the export limit.`;
  const before = attributes[STATUS_MESSAGE];
  return {
    ...span,
    ...(span.error !== undefined && { error: cutText(span.error, SHORT_FIELD) }),
    name: cutText(span.name, SHORT_FIELD),
    attributes: {
      // In front, so that dropping fields from the end never drops them.
      [LEVEL]: attributes[LEVEL] === "ERROR" ? "ERROR" : "WARNING",
      [STATUS_MESSAGE]: typeof before === "string" ? `${cutText(before, SHORT_FIELD)} ${message}` : message,
      [`${METADATA}cut_field_characters`]: JSON.stringify(told),
      ...without(attributes, [LEVEL, STATUS_MESSAGE]),
    },
  };
}

function encodeDroppingFields(span: Span, limitBytes: number, encode: EncodeSpan): Uint8Array {
  let entries = Object.entries(span.attributes).map(
    ([name, value]) => [name, Array.isArray(value) ? value.slice(0, 20).map(short) : value] as const,
  );
  for (;;) {
    const encoded = encode({ ...span, attributes: Object.fromEntries(entries) });
    if (encoded.byteLength <= limitBytes || entries.length <= 3) return encoded;
    entries = entries.slice(0, Math.max(3, Math.floor(entries.length * 0.75)));
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

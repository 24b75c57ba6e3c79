/** Reads a `multipart/form-data` body (RFC 7578): the fields of a form, and its files as placeholders. */
import type { Reading } from "./assembled.ts";
import type { JsonObject } from "./json-value.ts";
import { mediaPlaceholder } from "./media-placeholder.ts";

const CRLF = Buffer.from("\r\n");
const HEAD_END = Buffer.from("\r\n\r\n");

/** Whether a body is a form: by its content type, else by its first line. */
export function looksLikeMultipart(body: Uint8Array, contentType: string | undefined): boolean {
  if (contentType) return /^multipart\/form-data\b/i.test(contentType);
  return /^--[^\r\n]{1,70}\r\ncontent-disposition:/i.test(
    Buffer.from(body.subarray(0, 256)).toString("latin1"),
  );
}

/**
 * The fields by name: texts, placeholders for files, lists for names that come several times (`timestamp_granularities[]`,
 * without the brackets). A part that breaks off is read as far as it came. Never throws.
 */
export function readMultipart(body: Uint8Array, contentType: string | undefined): Reading<JsonObject> {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const delimiter = Buffer.from(`--${boundaryOf(bytes, contentType)}`, "latin1");
  const fields = new Map<string, unknown[]>();
  let at = bytes.indexOf(delimiter);
  if (at < 0 || delimiter.length === 2) return { ok: false, reason: "The form's boundary is not in it." };
  while (at >= 0) {
    const from = at + delimiter.length;
    if (bytes.toString("latin1", from, from + 2) === "--") break;
    const next = bytes.indexOf(Buffer.concat([CRLF, delimiter]), from);
    const part = bytes.subarray(from + CRLF.length, next < 0 ? undefined : next);
    const field = readPart(part);
    if (field) fields.set(field.name, [...(fields.get(field.name) ?? []), field.value]);
    at = next < 0 ? -1 : next + CRLF.length;
  }
  const entries = Array.from(fields, ([name, values]): [string, unknown] => {
    const list = name.endsWith("[]");
    return [list ? name.slice(0, -2) : name, list || values.length > 1 ? values : values[0]];
  });
  return { ok: true, value: Object.fromEntries(entries) };
}

function boundaryOf(bytes: Buffer, contentType: string | undefined): string {
  const told = /boundary=(?:"([^"]+)"|([^\s;]+))/i.exec(contentType ?? "");
  const first = bytes.subarray(0, Math.max(bytes.indexOf(CRLF), 0)).toString("latin1");
  return told?.[1] ?? told?.[2] ?? first.replace(/^--/, "");
}

function readPart(part: Buffer): { readonly name: string; readonly value: unknown } | undefined {
  const headEnd = part.indexOf(HEAD_END);
  if (headEnd < 0) return undefined;
  const head = part.toString("utf8", 0, headEnd);
  const name = /\bname="([^"]*)"/i.exec(head)?.[1];
  if (name === undefined) return undefined;
  const filename = /\bfilename="([^"]*)"/i.exec(head)?.[1];
  const mediaType = /^content-type:\s*(\S+)/im.exec(head)?.[1];
  const content = part.subarray(headEnd + HEAD_END.length);
  const file =
    filename !== undefined || (mediaType !== undefined && !/^(?:text|application\/json)/i.test(mediaType));
  return { name, value: file ? mediaPlaceholder([content], mediaType, filename) : content.toString("utf8") };
}

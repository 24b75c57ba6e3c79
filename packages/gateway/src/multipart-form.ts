/** The one field of a multipart form that a gateway must know, found without copying the file beside it (RFC 7578). */

/** A field's value, and where it stands in the body. */
export interface FormField {
  readonly value: string;
  /** Bytes of the body. */
  readonly from: number;
  readonly to: number;
}

const HEADERS_END = "\r\n\r\n";

/** Longest head of a part that is read, bytes. */
const MAX_HEAD_BYTES = 16 * 1024;

/** The first field of that name; undefined when there is none, or the body is no such form. */
export function findFormField(body: Buffer, contentType: string, name: string): FormField | undefined {
  const boundary = boundaryOf(contentType);
  if (boundary === undefined) return undefined;
  const delimiter = Buffer.from(`\r\n--${boundary}`);
  // The first delimiter may stand at the very start, without the line break that belongs to every other one.
  let head = body.indexOf(delimiter.subarray(2)) + delimiter.length - 2;
  if (head < delimiter.length - 2) return undefined;
  for (;;) {
    const end = body.indexOf(HEADERS_END, head);
    if (end < 0 || end - head > MAX_HEAD_BYTES) return undefined;
    const from = end + HEADERS_END.length;
    // An empty value's line break is the one that ends the head.
    const to = body.indexOf(delimiter, from - 2);
    if (to < 0) return undefined;
    if (fieldName(body.toString("latin1", head, end)) === name) {
      const valueEnd = Math.max(from, to);
      return { value: body.toString("utf8", from, valueEnd), from, to: valueEnd };
    }
    head = to + delimiter.length;
  }
}

/** The body with another value in a field's place. Everything else stays byte for byte. */
export function withFormField(body: Buffer, field: FormField, value: string): Buffer {
  return Buffer.concat([body.subarray(0, field.from), Buffer.from(value), body.subarray(field.to)]);
}

function boundaryOf(contentType: string): string | undefined {
  if (!/^multipart\/form-data\b/i.test(contentType)) return undefined;
  const match = /;\s*boundary=(?:"([^"]+)"|([^\s;]+))/i.exec(contentType);
  return match?.[1] ?? match?.[2];
}

function fieldName(head: string): string | undefined {
  const disposition = /^content-disposition:(.*)$/im.exec(head)?.[1] ?? "";
  const match = /;\s*name=(?:"([^"]*)"|([^\s;]+))/i.exec(disposition);
  return match?.[1] ?? match?.[2];
}

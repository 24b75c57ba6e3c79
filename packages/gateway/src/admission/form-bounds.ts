/** How large a transcription can become, read off its form. */
import type { RequestBounds } from "@sluice/prices";
import { findFormField } from "../multipart-form.ts";
import type { Unbounded } from "./unbounded.ts";

/** Bytes of an hour of speech at 6 kbit/s, which is the least that any codec needs: what a longer sound must have. */
const BYTES_PER_HOUR = 2_700_000;

/** Longest first line of a form, bytes (RFC 2046: a boundary has at most 70 characters). */
const MAX_DELIMITER_BYTES = 76;

/** What of a form bounds its transcription. */
export interface SoundBounds extends Pick<RequestBounds, "inputBytes" | "attachments"> {
  readonly unbounded?: Unbounded;
}

/** The bounds of a transcription: the text of the form, and the hours that its sound can have. */
export function soundBounds(body: Buffer): SoundBounds {
  const field = fieldsOf(body);
  const file = field("file");
  const format = field("response_format")?.value;
  const whole = { inputBytes: body.byteLength };
  if (!file) {
    const reason = "how long a sound is that is not in the request is not known";
    return { ...whole, unbounded: { param: "file", reason, inTokens: true } };
  }
  const bytes = file.to - file.from;
  const bounds = {
    inputBytes: body.byteLength - bytes,
    attachments: { audio: Math.max(1, Math.ceil(bytes / BYTES_PER_HOUR)) },
  };
  if (format === undefined || /json/.test(format)) return bounds;
  const reason = "only an answer in JSON tells what was used";
  return { ...bounds, unbounded: { param: "response_format", reason, inTokens: true } };
}

/** The form begins with its boundary, so that its content type is not needed. */
function fieldsOf(body: Buffer) {
  const end = body.indexOf("\r\n");
  const delimiter = end > 2 && end <= MAX_DELIMITER_BYTES ? body.toString("latin1", 0, end) : "";
  const contentType = `multipart/form-data; boundary="${delimiter.slice(2)}"`;
  return (name: string) => (delimiter.startsWith("--") ? findFormField(body, contentType, name) : undefined);
}

/** Images, files and sounds in the three ways in which chat messages name them: a URL, a data URL, an uploaded file's id. */
import type { Source } from "../conversation.ts";

const DATA_URL = /^data:([^;,]*)((?:;[^;,]*)*),/i;

/** A URL's source: its content, when it is a data URL. */
export function readUrl(url: string): Source {
  const match = DATA_URL.exec(url);
  if (!match) return { kind: "url", url };
  const mediaType = match[1] || "text/plain";
  const content = url.slice(match[0].length);
  return /;base64$/i.test(match[2] ?? "")
    ? { kind: "base64", mediaType, data: content }
    : { kind: "base64", mediaType, data: Buffer.from(percentDecoded(content), "utf8").toString("base64") };
}

/** The source as a URL; undefined for an uploaded file, which has none. */
export function writeUrl(source: Source): string | undefined {
  if (source.kind === "file_id") return undefined;
  if (source.kind === "url") return source.url;
  const data = source.kind === "base64" ? source.data : Buffer.from(source.text, "utf8").toString("base64");
  return `data:${source.mediaType};base64,${data}`;
}

/** The media types of `input_audio.format`, and the formats of media types (OpenAI API reference: `wav` and `mp3`). */
export const audioMediaType = (format: string): string =>
  format === "mp3" ? "audio/mpeg" : `audio/${format}`;

/** The `input_audio.format` of a media type. */
export function audioFormat(mediaType: string): string {
  const subtype = mediaType.replace(/^audio\/(?:x-|vnd\.)?/, "").replace(/;.*$/, "");
  if (subtype === "mpeg") return "mp3";
  return subtype === "wave" ? "wav" : subtype;
}

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

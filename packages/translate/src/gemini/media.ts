/** Images, files and sounds: `inlineData` and `fileData` of a part ⇔ a source. */
import { asObject, asText, type JsonObject, member } from "@sluice/wire";
import type { Source } from "../conversation.ts";

/** Where the Gemini API keeps uploaded files (Gemini API documentation, "Files API"). */
const FILES = "https://generativelanguage.googleapis.com/v1beta/";

/** Media types by a URL's ending, for `fileData`, which Vertex takes only with one. */
const TYPES: Readonly<Record<string, string>> = {
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  webp: "image/webp",
  gif: "image/gif",
  heic: "image/heic",
  heif: "image/heif",
  pdf: "application/pdf",
  txt: "text/plain",
  md: "text/markdown",
  html: "text/html",
  csv: "text/csv",
  json: "application/json",
  mp3: "audio/mpeg",
  wav: "audio/wav",
  ogg: "audio/ogg",
  flac: "audio/flac",
  m4a: "audio/mp4",
  mp4: "video/mp4",
  mov: "video/mov",
  webm: "video/webm",
  mpeg: "video/mpeg",
};

/**
 * The source as a part; undefined for one that Google cannot fetch: an id of another provider's, or a URL that is neither
 * on the web nor in Cloud Storage. Both APIs fetch `https` and `http` URLs themselves (Gemini API documentation, "File input
 * methods"; Vertex AI, "FileData").
 */
export function writeSource(source: Source): JsonObject | undefined {
  switch (source.kind) {
    case "base64":
      return { inlineData: { mimeType: source.mediaType, data: source.data } };
    case "text": {
      const data = Buffer.from(source.text, "utf8").toString("base64");
      return { inlineData: { mimeType: source.mediaType, data } };
    }
    case "url":
      if (!/^(?:https?|gs):\/\//i.test(source.url)) return undefined;
      return fileData(source.url, source.mediaType ?? typeOfUrl(source.url));
    case "file_id":
    default:
      return source.id.startsWith("files/") ? fileData(`${FILES}${source.id}`, undefined) : undefined;
  }
}

/** The source of an `inlineData` or `fileData` part, and what kind of part it is; undefined for any other. */
export function readSource(
  part: JsonObject,
):
  | { readonly kind: "image" | "audio" | "file"; readonly source: Source; readonly name?: string }
  | undefined {
  const inline = asObject(member(part, "inlineData"));
  const file = asObject(member(part, "fileData"));
  const mediaType = asText(member(inline ?? file, "mimeType"));
  const kind = kindOf(mediaType);
  const name = asText(member(inline ?? file, "displayName"));
  const named = name === undefined ? {} : { name };
  const data = inline && asText(inline["data"]);
  if (data !== undefined) {
    return {
      kind,
      source: { kind: "base64", mediaType: mediaType ?? "application/octet-stream", data },
      ...named,
    };
  }
  const url = asText(member(file, "fileUri"));
  if (url === undefined) return undefined;
  return { kind, source: { kind: "url", url, ...(mediaType !== undefined && { mediaType }) }, ...named };
}

function fileData(fileUri: string, mimeType: string | undefined): JsonObject {
  return { fileData: { ...(mimeType !== undefined && { mimeType }), fileUri } };
}

function typeOfUrl(url: string): string | undefined {
  const ending = /\.([a-z0-9]+)(?:[?#].*)?$/i.exec(url)?.[1];
  return ending === undefined ? undefined : TYPES[ending.toLowerCase()];
}

function kindOf(mediaType: string | undefined): "image" | "audio" | "file" {
  if (mediaType?.startsWith("image/")) return "image";
  return mediaType?.startsWith("audio/") ? "audio" : "file";
}

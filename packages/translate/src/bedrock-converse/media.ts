/** Images, documents, sounds and videos of Converse (Amazon Bedrock API reference, "ImageBlock" and its siblings) ⇔ sources. */
import { asObject, asText, type JsonObject } from "@sluice/wire";
import type { Source } from "../conversation.ts";

/** The blocks that hold media. */
export type MediaKind = "image" | "document" | "audio" | "video";

/** Bedrock's names of formats, by media type. The first name of a format is the one that it is read as. */
const FORMATS: Readonly<Record<MediaKind, ReadonlyMap<string, string>>> = {
  image: new Map([
    ["image/png", "png"],
    ["image/jpeg", "jpeg"],
    ["image/jpg", "jpeg"],
    ["image/gif", "gif"],
    ["image/webp", "webp"],
  ]),
  document: new Map([
    ["application/pdf", "pdf"],
    ["text/plain", "txt"],
    ["text/markdown", "md"],
    ["text/x-markdown", "md"],
    ["text/html", "html"],
    ["text/csv", "csv"],
    ["application/msword", "doc"],
    ["application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"],
    ["application/vnd.ms-excel", "xls"],
    ["application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"],
    ["application/json", "txt"],
  ]),
  audio: new Map([
    ["audio/mpeg", "mp3"],
    ["audio/mp3", "mp3"],
    ["audio/wav", "wav"],
    ["audio/x-wav", "wav"],
    ["audio/wave", "wav"],
    ["audio/flac", "flac"],
    ["audio/ogg", "ogg"],
    ["audio/opus", "opus"],
    ["audio/aac", "aac"],
    ["audio/mp4", "m4a"],
    ["audio/x-m4a", "m4a"],
    ["audio/webm", "webm"],
    ["audio/pcm", "pcm"],
  ]),
  video: new Map([
    ["video/mp4", "mp4"],
    ["video/quicktime", "mov"],
    ["video/mov", "mov"],
    ["video/webm", "webm"],
    ["video/x-matroska", "mkv"],
    ["video/x-flv", "flv"],
    ["video/mpeg", "mpeg"],
    ["video/x-ms-wmv", "wmv"],
    ["video/3gpp", "three_gp"],
  ]),
};

/** Media types by the ending of an S3 object's key. */
const ENDINGS = new Map(
  Object.values(FORMATS).flatMap((formats) =>
    Array.from(formats, ([type, format]) => [format, type] as const).toReversed(),
  ),
).set("jpg", "image/jpeg");

/** Bedrock's name of a media type's format; undefined when it takes none such. Any other text is read as plain text. */
export function formatOf(kind: MediaKind, mediaType: string): string | undefined {
  const type = mediaType.replace(/;.*$/, "").trim().toLowerCase();
  return FORMATS[kind].get(type) ?? (kind === "document" && type.startsWith("text/") ? "txt" : undefined);
}

/** The media type of a format. */
export function mediaTypeOf(kind: MediaKind, format: string): string {
  const found = FORMATS[kind].entries().find(([, name]) => name === format);
  if (found) return found[0];
  return kind === "document" ? "application/octet-stream" : `${kind}/${format}`;
}

/** The media type of a source; undefined for a URL that does not tell. */
export function mediaTypeOfSource(source: Source): string | undefined {
  switch (source.kind) {
    case "base64":
    case "text":
      return source.mediaType;
    case "url": {
      const ending = /\.([a-z0-9]+)$/i.exec(source.url)?.[1]?.toLowerCase();
      return source.mediaType ?? (ending === undefined ? undefined : ENDINGS.get(ending));
    }
    case "file_id":
    default:
      return undefined;
  }
}

/** The source as Bedrock takes it; undefined for what it cannot reach: it fetches from S3 and nowhere else. */
export function writeSource(source: Source): JsonObject | undefined {
  switch (source.kind) {
    case "base64":
      return { bytes: source.data };
    case "text":
      return { bytes: Buffer.from(source.text, "utf8").toString("base64") };
    case "url":
      return source.url.startsWith("s3://") ? { s3Location: { uri: source.url } } : undefined;
    case "file_id":
    default:
      return undefined;
  }
}

/** The source of a media block; undefined when it holds none, for instance a bucket of another account's. */
export function readSource(kind: MediaKind, block: JsonObject): Source | undefined {
  const source = asObject(block["source"]);
  const mediaType = mediaTypeOf(kind, asText(block["format"]) ?? (kind === "document" ? "txt" : ""));
  const data = asText(source?.["bytes"]);
  if (data !== undefined) return { kind: "base64", mediaType, data };
  const text = asText(source?.["text"]);
  if (text !== undefined) return { kind: "text", mediaType, text };
  const url = asText(asObject(source?.["s3Location"])?.["uri"]);
  return url === undefined ? undefined : { kind: "url", url, mediaType };
}

/** Langfuse's way to refer to a file from a span, and how a placeholder takes the reference's place. */
import { type MediaPlaceholder, placeholderText } from "@sluice/wire";
import type { Media } from "./media-store.ts";

/** Langfuse's id of a file: the first 132 bits of its SHA-256, in the alphabet for URLs (`getMediaId` of its server). */
export function mediaId(sha256: string): string {
  return sha256.replaceAll("+", "-").replaceAll("/", "_").slice(0, 22);
}

/** The text that Langfuse shows the file for. It holds no character that JSON has to escape. */
export function mediaReference(mediaType: string, sha256: string, source: string): string {
  return `@@@langfuseMedia:type=${mediaType}|id=${mediaId(sha256)}|source=${source}@@@`;
}

/** The placeholder that stands for a file which could not be stored. */
export function placeholderOf({ mediaType, content, sha256 }: Media): MediaPlaceholder {
  return {
    type: "media",
    media_type: mediaType,
    bytes: content.byteLength,
    sha256: Buffer.from(sha256, "base64").toString("hex"),
  };
}

/**
 * An encoded span with placeholders in the place of references. A reference is found in the bytes: where it is a whole text of
 * the JSON inside an attribute, an object takes its place, as if it had been mapped so; elsewhere, words do.
 */
export function withPlaceholders(span: Uint8Array, media: readonly Media[]): Uint8Array {
  let text = Buffer.from(span.buffer, span.byteOffset, span.byteLength).toString("utf8");
  for (const file of media) {
    const placeholder = placeholderOf(file);
    const asObject = JSON.stringify(JSON.stringify(placeholder)).slice(1, -1);
    text = text
      .replaceAll(String.raw`\"${file.reference}\"`, () => asObject)
      .replaceAll(file.reference, () => placeholderText(placeholder));
  }
  return Buffer.from(text);
}

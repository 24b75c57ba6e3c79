/** What a trace shows of a file, sound or image that is not shown itself: enough to recognise it. */
import { createHash } from "node:crypto";

/** Stands for a file. Names as they appear in the trace. */
export interface MediaPlaceholder {
  readonly type: "media";
  /** `application/octet-stream` where nothing says. */
  readonly media_type: string;
  readonly bytes: number;
  /** Of the content, in hex. */
  readonly sha256: string;
  readonly filename?: string;
}

/** Under which a placeholder carries the content that it stands for. JSON and copies do not see it. */
const CONTENT = Symbol("content");

/** The placeholder of a content in pieces. `mediaType`: a content type as headers have it. */
export function mediaPlaceholder(
  pieces: readonly Uint8Array[],
  mediaType: string | undefined,
  filename?: string,
): MediaPlaceholder {
  const hash = createHash("sha256");
  for (const piece of pieces) hash.update(piece);
  const placeholder: MediaPlaceholder = {
    type: "media",
    media_type: mediaType?.split(";")[0]?.trim() || "application/octet-stream",
    bytes: pieces.reduce((sum, piece) => sum + piece.byteLength, 0),
    sha256: hash.digest("hex"),
    ...(filename !== undefined && { filename }),
  };
  Object.defineProperty(placeholder, CONTENT, { value: pieces });
  return placeholder;
}

/**
 * The content that a placeholder stands for, in pieces, for a trace that can show it after all. Undefined for any other
 * object, and for a copy of a placeholder.
 */
export function placeholderContent(value: object): readonly Uint8Array[] | undefined {
  return CONTENT in value ? (value[CONTENT] as readonly Uint8Array[]) : undefined;
}

/** The placeholder as words, for where it stands inside a text. */
export function placeholderText({ media_type, bytes, sha256 }: MediaPlaceholder): string {
  return `[media ${media_type}, ${bytes} bytes, sha256 ${sha256}]`;
}

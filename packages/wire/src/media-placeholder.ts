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

/** The placeholder of a content in pieces. `mediaType`: a content type as headers have it. */
export function mediaPlaceholder(
  pieces: readonly Uint8Array[],
  mediaType: string | undefined,
  filename?: string,
): MediaPlaceholder {
  const hash = createHash("sha256");
  for (const piece of pieces) hash.update(piece);
  return {
    type: "media",
    media_type: mediaType?.split(";")[0]?.trim() || "application/octet-stream",
    bytes: pieces.reduce((sum, piece) => sum + piece.byteLength, 0),
    sha256: hash.digest("hex"),
    ...(filename !== undefined && { filename }),
  };
}

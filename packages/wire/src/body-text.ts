/** A body that arrives in pieces: what it looks like, and its JSON. */
import type { Reading } from "./assembled.ts";

const BOM = [0xef, 0xbb, 0xbf];

/**
 * Whether a body is an event stream and not JSON, by its first character. Content types cannot be trusted:
 * errors of a stream come as JSON, and a JSON body has been seen under `text/event-stream`.
 */
export function looksLikeEventStream(pieces: readonly Uint8Array[]): boolean {
  const start = Buffer.concat(pieces.map((piece) => piece.subarray(0, 4096)));
  const at = BOM.every((byte, index) => start[index] === byte) ? BOM.length : 0;
  return /^(data|event|id|retry)?:/.test(start.toString("latin1", at, at + 256).trimStart());
}

/** The whole body as JSON. */
export function readJsonBody(pieces: readonly Uint8Array[]): Reading<unknown> {
  const bytes = Buffer.concat(pieces);
  if (bytes.byteLength === 0) return { ok: false, reason: "The body is empty." };
  try {
    // TextDecoder, because it drops a BOM, which JSON.parse refuses.
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    return { ok: true, value };
  } catch (error) {
    const why = error instanceof SyntaxError ? "is not JSON" : "is not UTF-8";
    return { ok: false, reason: `The body ${why} (${bytes.byteLength} bytes).` };
  }
}

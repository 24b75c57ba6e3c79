/** Undoes the compression of a recorded answer. */
import {
  brotliDecompressSync,
  constants,
  gunzipSync,
  inflateRawSync,
  inflateSync,
  zstdDecompressSync,
} from "node:zlib";
import type { Reading } from "@sluice/wire";

/** Most bytes that one answer may expand to: about three times the largest capture, and no bomb. */
export const MAX_DECODED_BYTES = 64 * 1024 * 1024;

/**
 * Decoders by content coding (RFC 9110, section 8.4.1; zstd: RFC 8878). They flush at the end of the bytes
 * instead of asking for a proper one, so that a broken-off answer gives what had arrived.
 */
const DECODERS: ReadonlyMap<string, (bytes: Uint8Array, maxOutputLength: number) => Buffer> = new Map([
  ["gzip", gunzip],
  ["x-gzip", gunzip],
  ["deflate", inflate],
  ["br", unbrotli],
  ["zstd", unzstd],
]);

function gunzip(bytes: Uint8Array, maxOutputLength: number): Buffer {
  return gunzipSync(bytes, { maxOutputLength, finishFlush: constants.Z_SYNC_FLUSH });
}

function inflate(bytes: Uint8Array, maxOutputLength: number): Buffer {
  const options = { maxOutputLength, finishFlush: constants.Z_SYNC_FLUSH };
  // Some servers send "deflate" without the zlib header, which begins with 8 in its low four bits.
  return ((bytes[0] ?? 0) & 0x0f) === 8 ? inflateSync(bytes, options) : inflateRawSync(bytes, options);
}

function unbrotli(bytes: Uint8Array, maxOutputLength: number): Buffer {
  return brotliDecompressSync(bytes, { maxOutputLength, finishFlush: constants.BROTLI_OPERATION_FLUSH });
}

function unzstd(bytes: Uint8Array, maxOutputLength: number): Buffer {
  return zstdDecompressSync(bytes, { maxOutputLength, finishFlush: constants.ZSTD_e_flush });
}

/** The body without the codings that its `content-encoding` header lists. Never throws. */
export function decodeContent(
  body: Uint8Array,
  contentEncoding: string | undefined,
  maxBytes = MAX_DECODED_BYTES,
): Reading<Uint8Array> {
  const codings = (contentEncoding ?? "")
    .split(",")
    .map((coding) => coding.trim().toLowerCase())
    .filter((coding) => coding !== "" && coding !== "identity");
  let decoded = body;
  // The last coding named was applied last.
  for (const coding of codings.toReversed()) {
    const decode = DECODERS.get(coding);
    if (!decode) return { ok: false, reason: `Its content encoding "${coding.slice(0, 40)}" is not known.` };
    if (decoded.byteLength === 0) continue;
    try {
      decoded = decode(decoded, maxBytes);
    } catch (error) {
      return { ok: false, reason: whyNot(error, coding, maxBytes) };
    }
  }
  return { ok: true, value: decoded };
}

function whyNot(error: unknown, coding: string, maxBytes: number): string {
  const { code, message } = Object(error) as { code?: unknown; message?: unknown };
  return code === "ERR_BUFFER_TOO_LARGE"
    ? `Its ${coding} content expands to more than ${maxBytes} bytes.`
    : `Its content is not ${coding}: ${String(message)}.`;
}

import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { decodeContent } from "@sluice/flusher";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

const ENCODERS: readonly (readonly [string, (bytes: Uint8Array) => Buffer])[] = [
  ["gzip", gzipSync],
  ["x-gzip", gzipSync],
  ["deflate", deflateSync],
  ["br", brotliCompressSync],
  ["zstd", zstdCompressSync],
];

/** Long enough for several blocks of Zstandard, which gives nothing of a block that is not whole. */
const TEXT = Buffer.from(Array.from({ length: 50_000 }, (_, at) => `line ${at * 7919}`).join("\n"));

describe("the content encoding of an answer", () => {
  test.each(ENCODERS)("%s is undone, whatever the bytes", (coding, encode) => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const decoded = decodeContent(encode(bytes), coding);
        expect(decoded.ok && Buffer.from(decoded.value).equals(bytes)).toBe(true);
      }),
    );
  });

  test("deflate without its zlib header is undone too", () => {
    expect(decodeContent(deflateRawSync(TEXT), "deflate")).toEqual({ ok: true, value: TEXT });
  });

  test("several codings are undone from the last to the first", () => {
    expect(decodeContent(brotliCompressSync(gzipSync(TEXT)), "GZIP, br")).toEqual({ ok: true, value: TEXT });
  });

  test.each([undefined, "", "identity"])("%j leaves the bytes alone", (coding) => {
    expect(decodeContent(TEXT, coding)).toEqual({ ok: true, value: TEXT });
  });

  test.each(ENCODERS)("a %s body that broke off gives what had arrived", (coding, encode) => {
    const whole = encode(TEXT);
    const decoded = decodeContent(whole.subarray(0, Math.floor(whole.length * 0.9)), coding);
    if (!decoded.ok) throw new Error(decoded.reason);
    expect(decoded.value.byteLength).toBeGreaterThan(0);
    expect(TEXT.subarray(0, decoded.value.byteLength).equals(decoded.value)).toBe(true);
  });

  test.each(ENCODERS)("a %s bomb is refused with a reason", (coding, encode) => {
    const bomb = encode(Buffer.alloc(5_000_000));
    expect(decodeContent(bomb, coding, 1_000_000)).toEqual({
      ok: false,
      reason: `Its ${coding} content expands to more than 1000000 bytes.`,
    });
  });

  test("a coding that nobody knows, and bytes that are not what they claim to be, give a reason", () => {
    expect(decodeContent(TEXT, "constructor")).toEqual({
      ok: false,
      reason: 'Its content encoding "constructor" is not known.',
    });
    expect(decodeContent(TEXT, "gzip")).toMatchObject({ ok: false });
  });

  test("an empty body has nothing to undo", () => {
    expect(decodeContent(new Uint8Array(), "gzip")).toEqual({ ok: true, value: new Uint8Array() });
  });
});

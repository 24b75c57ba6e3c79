import { brotliCompressSync, gzipSync } from "node:zlib";
import { MAX_RAW_BYTES, observe } from "@sluice/flusher";
import { describe, expect, test } from "vitest";
import { completion } from "../../support/chat-bodies.ts";
import { answer, chatRecord } from "../../support/records.ts";

const observed = (body: Uint8Array | string, headers: Record<string, string> = {}) =>
  observe(chatRecord({ answer: answer(body, { headers }) })).answer;

describe("observing a call", () => {
  test("reads request and answer by the endpoint", () => {
    const call = observe(chatRecord());
    expect(call.request).toMatchObject({ kind: "read", value: { model: "gpt-4o" } });
    expect(call.answer).toMatchObject({ kind: "read", value: { choices: [{ text: "Hello" }] } });
  });

  test("reads a compressed answer", () => {
    const body = completion({ content: "Hello" });
    for (const [coding, bytes] of [
      ["gzip", gzipSync(body)],
      ["br", brotliCompressSync(body)],
    ] as const) {
      expect(observed(bytes, { "content-encoding": coding })).toMatchObject({
        kind: "read",
        value: { choices: [{ text: "Hello" }] },
      });
    }
  });

  test("shows text that it cannot read as text, up to a bound that splits no character", () => {
    expect(observed("plain words")).toEqual({
      kind: "unread",
      reason: expect.stringContaining("not JSON") as string,
      raw: { text: "plain words", encoding: "utf-8", omittedBytes: 0 },
    });
    const long = observed(`x${"é".repeat(MAX_RAW_BYTES)}`);
    expect(long).toMatchObject({
      raw: {
        text: expect.stringMatching(/^xé+$/) as string,
        encoding: "utf-8",
        omittedBytes: MAX_RAW_BYTES + 1,
      },
    });
  });

  test("shows bytes that are no text as base64", () => {
    expect(observed(Buffer.from([0xff, 0xfe, 0x00]))).toMatchObject({
      kind: "unread",
      raw: { text: "//4A", encoding: "base64" },
    });
  });

  test("says why an answer could not be decompressed, and shows its bytes", () => {
    expect(observed(Buffer.from([0xff, 0x00]), { "content-encoding": "gzip" })).toMatchObject({
      kind: "unread",
      reason: expect.stringContaining("not gzip") as string,
      raw: { encoding: "base64" },
    });
  });

  test("has nothing to show of an empty body, and no answer where none came", () => {
    expect(observed("")).toEqual({ kind: "unread", reason: "The body is empty." });
    const { answer: _, ...record } = chatRecord();
    expect(observe(record)).not.toHaveProperty("answer");
  });
});

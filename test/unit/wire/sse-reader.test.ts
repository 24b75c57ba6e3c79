import { createSseReader, type SseEvent } from "@sluice/wire";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

function read(...chunks: readonly (string | Uint8Array)[]): {
  events: SseEvent[];
  last: SseEvent | undefined;
} {
  const reader = createSseReader();
  const events = chunks.flatMap((chunk) => reader.feed(Buffer.from(chunk as string)));
  return { events, last: reader.end() };
}

const message = (data: string): SseEvent => ({ type: "message", data });

describe("the SSE reader", () => {
  test.each([
    ["LF", "data: a\n\ndata: b\n\n"],
    ["CRLF", "data: a\r\n\r\ndata: b\r\n\r\n"],
    ["CR", "data: a\r\rdata: b\r\r"],
    ["a mix of them", "data: a\r\n\ndata: b\n\r\n"],
  ])("ends lines at %s", (_, text) => {
    expect(read(text).events).toEqual([message("a"), message("b")]);
  });

  test("joins data lines by LF, and strips one space after the colon, not two", () => {
    expect(read("data: a\ndata:b\ndata:  c\ndata\n\n").events).toEqual([message("a\nb\n c\n")]);
  });

  test("names the event's type, for that event alone", () => {
    expect(read("event: error\ndata: a\n\ndata: b\n\n").events).toEqual([
      { type: "error", data: "a" },
      message("b"),
    ]);
  });

  test("passes over a BOM at the start, comments, and events without data", () => {
    expect(read("\uFEFF: hi\n\nevent: ping\n\nid: 1\nretry: 5\n\ndata: a\n\n").events).toEqual([
      message("a"),
    ]);
  });

  test("keeps a BOM that is not at the start, and U+2028, U+2029 and NEL inside the data", () => {
    const data = '{"text":"\uFEFF a\u2028b\u2029c\u0085d"}';
    expect(read(`data: x\n\ndata: ${data}\n\n`).events).toEqual([message("x"), message(data)]);
  });

  test("holds the bytes of a character that two chunks share", () => {
    const bytes = Buffer.from("data: 🍓\n\n");
    expect(read(bytes.subarray(0, 8), bytes.subarray(8)).events).toEqual([message("🍓")]);
  });

  test("takes CR and LF in two chunks for one line end", () => {
    expect(read("data: a\r", "\ndata: b\r", "\n\r", "\n").events).toEqual([message("a\nb")]);
  });

  test("reports an event without its blank line at the end, and none otherwise", () => {
    expect(read("data: a\n\ndata: b").last).toEqual(message("b"));
    expect(read("data: a\n\ndata: b\n").last).toEqual(message("b"));
    expect(read("data: a\n\n: bye").last).toBeUndefined();
  });

  test("reads a line of a megabyte", () => {
    const data = "x".repeat(1_000_000);
    expect(read(`data: ${data}\n\n`).events).toEqual([message(data)]);
  });

  test("gives the same events however the bytes are split", () => {
    const line = fc.oneof(
      fc.constantFrom("", "data", "data:", "data: ", "event: error", ": comment", "id: 7", "\uFEFF"),
      fc.string({ unit: "binary" }).map((text) => `data: ${text}`),
    );
    const stream = fc
      .array(fc.tuple(line, fc.constantFrom("\n", "\r", "\r\n")))
      .map((lines) => Buffer.from(lines.flat().join("")));
    fc.assert(
      fc.property(stream, fc.array(fc.nat()), (bytes, cuts) => {
        const offsets = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
        const pieces = [0, ...offsets].map((from, at) => bytes.subarray(from, offsets[at]));
        expect(read(...pieces)).toEqual(read(bytes));
      }),
    );
  });

  test("gives back what a writer wrote", () => {
    const data = fc.string({ unit: "binary" }).map((text) => text.replaceAll(/\r\n?/g, "\n").toWellFormed());
    fc.assert(
      fc.property(fc.array(data), fc.constantFrom("\n", "\r", "\r\n"), (texts, end) => {
        const lines = texts.map((text) =>
          [...text.split("\n").map((part) => `data: ${part}`), "", ""].join(end),
        );
        expect(read(lines.join("")).events).toEqual(texts.map(message));
      }),
    );
  });
});

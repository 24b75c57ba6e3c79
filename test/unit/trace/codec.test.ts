import { randomBytes } from "node:crypto";
import { zstdCompressSync } from "node:zlib";
import {
  CLAIM_PREFIX,
  decodeMessage,
  decodeRecord,
  type ExchangeRecord,
  encodeRecord,
  newCallId,
  newSpanId,
  newTraceId,
  packRecord,
  RECORD_PREFIX,
  RECORD_VERSION,
  SQS_MESSAGE_LIMIT_BYTES,
  UndecodableRecordError,
} from "@sluice/trace";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

const base: ExchangeRecord = {
  version: RECORD_VERSION,
  kind: "exchange",
  callId: newCallId(randomBytes),
  endpoint: "chat.completions",
  streaming: true,
  key: { id: "key_1", hash: "00", alias: "app" },
  trace: { traceId: newTraceId(randomBytes), spanId: newSpanId(randomBytes) },
  request: { contentType: "application/json", body: Buffer.alloc(0) },
  attempts: [],
  accounts: [],
  outcome: { kind: "answered" },
  times: { startedAtMs: 1_700_000_000_000, endedAtMs: 1_700_000_000_001, overheadMs: 1 },
  caller: {},
  gatewayVersion: "1",
};

/** What Amazon SQS accepts in a message (API reference, SendMessage). */
const SQS_CHARACTERS = /^[\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]*$/u;

/** The record with its bodies as plain lists: a Buffer and a Uint8Array of the same bytes count as equal. */
function plain(record: ExchangeRecord): unknown {
  const { request, answer, ...rest } = record;
  const text = JSON.stringify([rest, request.contentType, answer?.headers]);
  return [JSON.parse(text), [...request.body], answer && [...answer.body]];
}

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc.constantFrom("\uFFFE\uFFFF", "\uD800 alone", "", "\0").map((text) => Buffer.from(text, "utf16le")),
  fc.constant(Buffer.from([0xff, 0xfe, 0xc0, 0x80, 0xed, 0xa0, 0x80])),
);
const text = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom("\uFFFE\uFFFF", "\uD800", "a\uDC00b", "\u2028"),
);

describe("a record on the wire", () => {
  it("comes back as it was: any bytes in the bodies, any text in the fields, in a message that SQS accepts", () => {
    fc.assert(
      fc.property(
        bytes,
        fc.option(bytes, { nil: undefined }),
        text,
        fc.dictionary(text, fc.jsonValue()),
        (request, answer, name, metadata) => {
          const record: ExchangeRecord = {
            ...base,
            trace: { ...base.trace, name, tags: [name], metadata },
            request: { contentType: name, body: request },
            ...(answer && {
              answer: { status: 200, headers: { "x-a": name }, body: answer, omittedBytes: 0 },
            }),
          };
          const packed = packRecord(record);
          expect(packed.body).toMatch(SQS_CHARACTERS);
          const message = decodeMessage(packed.body);
          if (message.kind !== "record" || message.record.kind !== "exchange")
            throw new Error("not an exchange");
          expect(plain(message.record)).toEqual(plain(record));
        },
      ),
    );
  });

  it("keeps a metadata field whatever its name", () => {
    const metadata = JSON.parse('{"__proto__":{"a":1},"constructor":2}') as Record<string, unknown>;
    const message = decodeMessage(packRecord({ ...base, trace: { ...base.trace, metadata } }).body);
    if (message.kind !== "record") throw new Error("not a record");
    expect(JSON.stringify(message.record.trace.metadata)).toBe('{"__proto__":{"a":1},"constructor":2}');
  });

  it("of 20 MB that do not compress becomes a claim check with the same bytes in its object", () => {
    const body = randomBytes(20 * 1024 * 1024);
    const packed = packRecord({ ...base, request: { contentType: "x", body } });
    if (packed.kind !== "claim") throw new Error("20 MB fit no message");
    expect(packed.object.key).toBe(`claims/2023-11-14/${base.callId}`);
    expect(decodeMessage(packed.body)).toEqual({
      kind: "claim",
      pointer: { key: packed.object.key, bytes: packed.object.bytes.byteLength },
    });
    expect(Buffer.compare(decodeRecord(packed.object.bytes).request.body, body)).toBe(0);
  });

  it("is a claim check exactly when message and attributes together pass the limit", () => {
    const at = (size: number) => ({ ...base, request: { contentType: "x", body: randomBytes(size) } });
    let [inline, claim] = [0, 2 * 1024 * 1024];
    while (claim - inline > 1) {
      const middle = (inline + claim) >> 1;
      if (packRecord(at(middle)).kind === "inline") inline = middle;
      else claim = middle;
    }
    const largest = packRecord(at(inline - 16));
    expect(largest.kind).toBe("inline");
    expect(largest.body.length).toBeGreaterThan(SQS_MESSAGE_LIMIT_BYTES - 200);
    expect(largest.body.length).toBeLessThanOrEqual(SQS_MESSAGE_LIMIT_BYTES);
    expect(packRecord(at(inline - 16), 200).kind).toBe("claim");
  });

  it.each([
    ["text of somebody else", "hello"],
    ["a newer prefix", `sluice/2 record ${"A".repeat(20)}`],
    ["no base64", `${RECORD_PREFIX}!!!`],
    ["nothing", RECORD_PREFIX],
    ["bytes that are not compressed", RECORD_PREFIX + Buffer.from("hello").toString("base64")],
    ["a newer layout", RECORD_PREFIX + zstdCompressSync(Buffer.from([2, 0, 0, 0, 0])).toString("base64")],
    ["a head that is cut", RECORD_PREFIX + zstdCompressSync(Buffer.from([1, 0, 0, 9, 9])).toString("base64")],
    [
      "a head that is no JSON",
      RECORD_PREFIX + zstdCompressSync(Buffer.from([1, 0, 0, 0, 1, 65])).toString("base64"),
    ],
    ["a claim that is no JSON", `${CLAIM_PREFIX}{`],
    ["a claim outside the claims", `${CLAIM_PREFIX}{"key":"../secret","bytes":1}`],
  ])("with %s in it is refused", (_what, body) => {
    expect(() => decodeMessage(body)).toThrow(UndecodableRecordError);
  });

  it.each([
    ["version", { ...base, version: 2 }],
    ["kind", { ...base, kind: "surprise" }],
    ["callId", { ...base, callId: "req_x" }],
    ["trace.traceId", { ...base, trace: { ...base.trace, traceId: "0".repeat(32) } }],
    ["outcome", { ...base, outcome: { kind: "lost" } }],
  ])("with a wrong %s is refused, and the path is named", (path, record) => {
    const encoded = encodeRecord(record as ExchangeRecord);
    expect(() => decodeRecord(encoded)).toThrow(`"${path}`);
  });

  it("survives no cut and no added byte", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 50 }), fc.nat(400), (body, cut) => {
        const whole = encodeRecord({ ...base, request: { contentType: "", body } });
        fc.pre(cut < whole.length);
        expect(() => decodeRecord(whole.subarray(0, cut))).toThrow(UndecodableRecordError);
      }),
    );
  });
});

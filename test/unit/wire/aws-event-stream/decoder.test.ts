import { crc32 } from "node:zlib";
import { createEventStreamDecoder, MAX_MESSAGE_BYTES, readAwsEvent, readAwsEventBody } from "@sluice/wire";
import { EventStreamCodec } from "@smithy/core/event-streams";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { awsEvent, awsException, awsMessage } from "../../../support/aws-event-stream.ts";
import { byteByByte } from "../../../support/delivery.ts";

const codec = new EventStreamCodec(
  (bytes) => Buffer.from(bytes).toString("utf8"),
  (text) => Buffer.from(text, "utf8"),
);

/** Headers of every type that the format has. */
const header = fc.oneof(
  fc.boolean().map((value) => ({ type: "boolean" as const, value })),
  fc.integer({ min: -128, max: 127 }).map((value) => ({ type: "byte" as const, value })),
  fc.integer({ min: -32768, max: 32767 }).map((value) => ({ type: "short" as const, value })),
  fc.integer().map((value) => ({ type: "integer" as const, value })),
  fc.uint8Array({ maxLength: 40 }).map((value) => ({ type: "binary" as const, value })),
  fc
    .string({ unit: "grapheme", minLength: 1, maxLength: 40 })
    .map((value) => ({ type: "string" as const, value })),
  fc.date({ noInvalidDate: true }).map((value) => ({ type: "timestamp" as const, value })),
  fc.uuid().map((value) => ({ type: "uuid" as const, value })),
);
const message = fc.record({
  headers: fc.dictionary(fc.string({ minLength: 1, maxLength: 20 }), header, { maxKeys: 6 }),
  body: fc.uint8Array({ maxLength: 300 }),
});

function cut(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const pieces: Buffer[] = [];
  let rest = bytes;
  for (const size of sizes) {
    pieces.push(rest.subarray(0, size));
    rest = rest.subarray(size);
  }
  return [...pieces, rest];
}

describe("a binary event stream", () => {
  test("what the SDK's codec writes is read, however it is cut", () => {
    const sizes = fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 40 });
    fc.assert(
      fc.property(fc.array(message, { maxLength: 5 }), sizes, (messages, pieces) => {
        const bytes = Buffer.concat(messages.map((each) => codec.encode(each)));
        const decoder = createEventStreamDecoder();
        const read = cut(bytes, pieces).flatMap((piece) => decoder.push(piece));
        expect(decoder.failure()).toBeUndefined();
        expect(decoder.pendingBytes()).toBe(0);
        expect(read.map(({ payload }) => Buffer.from(payload))).toEqual(
          messages.map(({ body }) => Buffer.from(body)),
        );
        expect(read.map(({ headers }) => Object.fromEntries(headers))).toEqual(
          messages.map(({ headers }) =>
            Object.fromEntries(
              Object.entries(headers).flatMap(([name, { type, value }]) =>
                type === "string" ? [[name, value]] : [],
              ),
            ),
          ),
        );
      }),
    );
  });

  test("a byte that was changed on the way ends the reading, and what came before it stays", () => {
    const sound = awsEvent("messageStart", { role: "assistant" });
    const other = awsEvent("contentBlockDelta", { contentBlockIndex: 0, delta: { text: "Hi" } });
    fc.assert(
      fc.property(fc.nat(other.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const damaged = Buffer.from(other);
        damaged[at] = (damaged[at] ?? 0) ^ change;
        const decoder = createEventStreamDecoder();
        const read = decoder.push(Buffer.concat([sound, damaged, sound]));
        expect(read).toHaveLength(1);
        expect(decoder.failure()).toMatch(/checksum/);
        expect(decoder.push(sound)).toEqual([]);
        expect(decoder.pendingBytes()).toBe(0);
      }),
    );
  });

  test("random bytes are no messages, and do not throw", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 200 }), (bytes) => {
        const decoder = createEventStreamDecoder();
        expect(decoder.push(bytes)).toEqual([]);
        expect(decoder.failure()).toBeDefined();
      }),
    );
  });

  test.each([
    ["longer than allowed", MAX_MESSAGE_BYTES + 1, 0, /more than allowed/],
    ["with more headers than allowed", 1024 * 1024, 200_000, /more than allowed/],
    ["shorter than its headers", 40, 30, /shorter than its own headers/],
    ["shorter than an empty message", 15, 0, /shorter than its own headers/],
  ])("a message %s is refused before it is awaited", (_, length, headers, reason) => {
    const decoder = createEventStreamDecoder();
    expect(decoder.push(prelude(length, headers))).toEqual([]);
    expect(decoder.failure()).toMatch(reason);
  });

  test.each([
    ["a name that runs over the block", [200, 0x61]],
    ["a type that nobody knows", [1, 0x61, 99]],
    ["a text that runs over the block", [1, 0x61, 7, 0, 9, 0x62]],
    ["a length that is cut off", [1, 0x61, 7, 0]],
    ["a number that is cut off", [1, 0x61, 4, 0, 0]],
  ])("headers with %s are refused", (_, bytes) => {
    const decoder = createEventStreamDecoder();
    expect(decoder.push(rawMessage(Buffer.from(bytes)))).toEqual([]);
    expect(decoder.failure()).toMatch(/headers/);
  });

  test("a stream that broke off says so, and shows what it had", () => {
    const whole = Buffer.concat([awsEvent("a", {}), awsEvent("b", {})]);
    expect(readAwsEventBody([whole.subarray(0, -1)])).toEqual({
      events: [{ kind: "event", type: "a", data: "{}" }],
      brokenOff: "The event stream broke off inside a message.",
    });
    expect(readAwsEventBody(byteByByte(whole)).brokenOff).toBeUndefined();
  });
});

describe("a message of an event stream", () => {
  function read(bytes: Buffer) {
    return createEventStreamDecoder().push(bytes).map(readAwsEvent);
  }

  test("is an event, with its payload as text", () => {
    expect(read(awsEvent("metadata", { text: "Zoë 👋" }))).toEqual([
      { kind: "event", type: "metadata", data: '{"text":"Zoë 👋"}' },
    ]);
  });

  test("is a failure when it is an exception", () => {
    expect(read(awsException("throttlingException", { message: "Too fast." }))).toEqual([
      { kind: "failure", type: "throttlingException", data: '{"message":"Too fast."}' },
    ]);
  });

  test("is a failure when it is an error that the service has not modelled", () => {
    const headers = {
      ":message-type": "error",
      ":error-code": "InternalFailure",
      ":error-message": "Oh no.",
    };
    expect(read(awsMessage(headers, ""))).toEqual([
      { kind: "failure", type: "error", data: '{"__type":"InternalFailure","message":"Oh no."}' },
    ]);
  });

  test("names a failure in a way that tells it from events, whatever the service calls it", () => {
    const headers = { ":message-type": "exception", ":exception-type": "gone" };
    expect(read(awsMessage(headers, "{}"))).toEqual([{ kind: "failure", type: "exception", data: "{}" }]);
  });
});

function prelude(length: number, headersLength: number): Buffer {
  const bytes = Buffer.alloc(12);
  bytes.writeUInt32BE(length, 0);
  bytes.writeUInt32BE(headersLength, 4);
  bytes.writeUInt32BE(crc32(bytes.subarray(0, 8)), 8);
  return bytes;
}

/** A message with these bytes for headers, its checksums right. */
function rawMessage(headers: Buffer): Buffer {
  const start = Buffer.concat([prelude(16 + headers.length, headers.length), headers]);
  const end = Buffer.alloc(4);
  end.writeUInt32BE(crc32(start));
  return Buffer.concat([start, end]);
}

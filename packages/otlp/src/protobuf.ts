/**
 * The wire format of protocol buffers, as far as OTLP's trace messages need it (Protocol Buffers documentation, "Encoding").
 * By hand, since a library is more than what it replaces: @opentelemetry/otlp-transformer 0.301 is 13 KB in the bundle and
 * wants spans of the OpenTelemetry SDK, protobufjs 8 is 43 KB before any message.
 */

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;

/** Fields of a message, in the order in which they are written. */
export type Fields = readonly Uint8Array[];

/** A message: its fields one after the other. */
export function message(fields: Fields): Uint8Array {
  return Buffer.concat(fields);
}

/** A field with bytes: `bytes`, or a message within a message. */
export function bytesField(number: number, value: Uint8Array): Uint8Array {
  return Buffer.concat([tag(number, BYTES), varint(BigInt(value.byteLength)), value]);
}

/** A `string` field. Half a surrogate pair, which no UTF-8 has, becomes U+FFFD. */
export function stringField(number: number, value: string): Uint8Array {
  return bytesField(number, Buffer.from(value.toWellFormed()));
}

/** An `int64`, `uint32`, `bool` or enum field. */
export function varintField(number: number, value: bigint): Uint8Array {
  return Buffer.concat([tag(number, VARINT), varint(BigInt.asUintN(64, value))]);
}

/** A `fixed64` field. */
export function fixed64Field(number: number, value: bigint): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, value));
  return Buffer.concat([tag(number, FIXED64), bytes]);
}

/** A `double` field. */
export function doubleField(number: number, value: number): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return Buffer.concat([tag(number, FIXED64), bytes]);
}

function tag(number: number, type: number): Uint8Array {
  return varint((BigInt(number) << 3n) | BigInt(type));
}

function varint(value: bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80n) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}

/** A field as it was read: a number for a varint, bytes for what has a length. Fixed numbers are passed over. */
export interface ReadField {
  readonly number: number;
  readonly value: bigint | Uint8Array;
}

/** The fields of a message; as many as can be read of one that is damaged. */
export function readFields(bytes: Uint8Array): readonly ReadField[] {
  const fields: ReadField[] = [];
  let at = 0;
  const next = (): bigint | undefined => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[at++];
      if (byte === undefined) return undefined;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    return undefined;
  };
  while (at < bytes.byteLength) {
    const key = next();
    if (key === undefined) return fields;
    const number = Number(key >> 3n);
    const type = Number(key & 7n);
    if (type === VARINT) {
      const value = next();
      if (value === undefined) return fields;
      fields.push({ number, value });
    } else if (type === BYTES) {
      const length = next();
      if (length === undefined || length > BigInt(bytes.byteLength - at)) return fields;
      fields.push({ number, value: bytes.subarray(at, at + Number(length)) });
      at += Number(length);
    } else if (type === FIXED64 || type === FIXED32) {
      at += type === FIXED64 ? 8 : 4;
    } else {
      return fields;
    }
  }
  return fields;
}

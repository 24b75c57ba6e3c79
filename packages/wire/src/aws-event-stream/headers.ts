/** Reads the headers of an event stream's message (the Smithy specification, "Amazon Event Stream", "Header format"). */

/** Bytes of a value by its type. Text (7) and bytes (6) are preceded by their own length instead. */
const FIXED_LENGTHS: ReadonlyMap<number, number> = new Map([
  [0, 0], // true
  [1, 0], // false
  [2, 1], // byte
  [3, 2], // short
  [4, 4], // integer
  [5, 8], // long
  [8, 8], // timestamp
  [9, 16], // UUID
]);

const BYTES = 6;
const TEXT = 7;

/** The text headers by name, the others passed over; undefined when the block does not add up. */
export function readHeaders(block: Buffer): ReadonlyMap<string, string> | undefined {
  const headers = new Map<string, string>();
  let at = 0;
  while (at < block.byteLength) {
    const nameLength = block.readUInt8(at);
    const typeAt = at + 1 + nameLength;
    if (typeAt >= block.byteLength) return undefined;
    const type = block.readUInt8(typeAt);
    const value = valueRange(block, type, typeAt + 1);
    if (!value || value.end > block.byteLength) return undefined;
    if (type === TEXT) {
      headers.set(block.toString("utf8", at + 1, typeAt), block.toString("utf8", value.start, value.end));
    }
    at = value.end;
  }
  return headers;
}

function valueRange(block: Buffer, type: number, at: number): { start: number; end: number } | undefined {
  if (type !== TEXT && type !== BYTES) {
    const length = FIXED_LENGTHS.get(type);
    return length === undefined ? undefined : { start: at, end: at + length };
  }
  if (at + 2 > block.byteLength) return undefined;
  const start = at + 2;
  return { start, end: start + block.readUInt16BE(at) };
}

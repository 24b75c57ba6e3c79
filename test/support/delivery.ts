/** The ways in which the same bytes can arrive. */

/** A reproducible sequence of numbers from 0 up to 1 (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Each byte alone. */
export function byteByByte(bytes: Uint8Array): readonly Uint8Array[] {
  return Array.from(bytes, (_, at) => bytes.subarray(at, at + 1));
}

/** Cut at random places, 1 to 200 bytes apart. */
export function atRandomOffsets(bytes: Uint8Array, seed: number): readonly Uint8Array[] {
  const random = seededRandom(seed);
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + 1 + Math.floor(random() * 200);
    pieces.push(bytes.subarray(at, end));
    at = end;
  }
  return pieces;
}

/** With CRLF for every LF. */
export function withCrlf(bytes: Uint8Array): Uint8Array {
  return Buffer.from(Buffer.from(bytes).toString("latin1").replaceAll(/\r?\n/g, "\r\n"), "latin1");
}

/** With a BOM in front, and a comment before every event and inside of it. For event streams only. */
export function withBomAndComments(bytes: Uint8Array): Uint8Array {
  const events = Buffer.from(bytes)
    .toString("latin1")
    .split(/(?<=\n\r?\n)/);
  const commented = events.map(
    (event) => `: keep-alive\n\n${event.replaceAll(/^data:/gm, ": inside of an event\ndata:")}`,
  );
  return Buffer.from(`\xef\xbb\xbf${commented.join("")}`, "latin1");
}

/** Passes a body on as it comes, but for its last byte: no reader takes a body without its end for whole. */

/** A body's gate. Use one for each body. */
export interface ByteGate {
  /** Takes the next bytes; returns those that may be passed on now. */
  push(chunk: Buffer): readonly Buffer[];
  /** The body has ended: returns the last byte. */
  end(): readonly Buffer[];
}

/** A gate for one body. */
export function createByteGate(): ByteGate {
  let last: Buffer | undefined;
  return {
    push(chunk) {
      if (chunk.length === 0) return [];
      const out = [...(last ? [last] : []), ...(chunk.length > 1 ? [chunk.subarray(0, -1)] : [])];
      last = chunk.subarray(-1);
      return out;
    },
    end: () => (last ? [last] : []),
  };
}

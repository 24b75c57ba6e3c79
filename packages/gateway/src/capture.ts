/** Keeps a copy of what passes, up to a limit, for the record. */

/** The copy of one body. */
export interface Capture {
  add(chunk: Buffer): void;
  /** What was kept, and how many bytes came after the limit. */
  result(): { readonly body: Buffer; readonly omittedBytes: number };
}

/** Starts a copy that keeps at most `limitBytes`. Chunks are kept by reference: they must not be reused. */
export function createCapture(limitBytes: number): Capture {
  const kept: Buffer[] = [];
  let keptBytes = 0;
  let omittedBytes = 0;
  return {
    add(chunk) {
      const part = chunk.subarray(0, limitBytes - keptBytes);
      if (part.length > 0) kept.push(part);
      keptBytes += part.length;
      omittedBytes += chunk.length - part.length;
    },
    result: () => ({ body: Buffer.concat(kept), omittedBytes }),
  };
}

/** Finds where the events of an event stream end, over any chunking, without decoding anything. */

/** The end of an event inside a chunk. */
export interface SseBoundary {
  /** Index after the event's last byte: after its blank line. */
  readonly end: number;
  /**
   * True for a lone LF that belongs to the event before it: that one ended with a CR, which had to be
   * taken for the end because nobody knew whether an LF would come.
   */
  readonly late: boolean;
}

const LF = 0x0a;
const CR = 0x0d;

/**
 * A scanner for one stream: given each chunk in turn, it lists the events that end in it. Line ends by the
 * WHATWG standard (HTML, "Parsing an event stream"): LF, CRLF and CR, mixed at will.
 */
export function createSseBoundaryScanner(): (chunk: Uint8Array) => readonly SseBoundary[] {
  let lineIsEmpty = true;
  let afterCr = false;
  let afterCrBoundary = false;
  return (chunk) => {
    const found: SseBoundary[] = [];
    for (let at = 0; at < chunk.length; at += 1) {
      const byte = chunk[at];
      if (byte === LF && afterCr) {
        afterCr = false;
        if (afterCrBoundary) found.push({ end: at + 1, late: true });
        afterCrBoundary = false;
        continue;
      }
      afterCr = byte === CR;
      afterCrBoundary = false;
      if (byte !== LF && byte !== CR) {
        lineIsEmpty = false;
        continue;
      }
      if (lineIsEmpty) {
        found.push({ end: at + 1, late: false });
        afterCrBoundary = afterCr;
      }
      lineIsEmpty = true;
    }
    return found;
  };
}

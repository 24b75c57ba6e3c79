/** A line of progress on a terminal, which the next one takes the place of. */

/** What a line is written to: standard error, or a test's stand-in for a terminal. */
export interface ProgressStream {
  /** Absent where nobody sees it: a pipe, a file. */
  readonly isTTY?: boolean;
  /** Width in characters. */
  readonly columns?: number;
  write(text: string): unknown;
}

const DEFAULT_COLUMNS = 80;
/** Back to the start of the line, and erase it (ECMA-48: CR, EL). */
const ERASE_LINE = "\r\u001b[K";

/** Writes such lines; undefined for a stream that is no terminal. An empty line leaves the place clean. */
export function progressOn(stream: ProgressStream): ((text: string) => void) | undefined {
  if (!stream.isTTY) return undefined;
  return (text) => {
    // A line that wraps cannot be erased.
    const width = (stream.columns ?? DEFAULT_COLUMNS) - 1;
    stream.write(ERASE_LINE + text.slice(0, width));
  };
}

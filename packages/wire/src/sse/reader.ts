/**
 * Reads an event stream after the WHATWG standard (HTML, section 9.2.6 "Interpreting an event stream"):
 * LF, CRLF and CR as line ends, a leading BOM, comments, data over several lines, and chunks that break
 * anywhere, also inside a character or between CR and LF.
 *
 * Only the three line ends of the standard count. U+2028 and its like are ordinary characters of the data.
 */

/** One event of a stream. */
export interface SseEvent {
  /** The event's type; `message` when the stream names none. */
  readonly type: string;
  /** Its data lines, joined by LF. */
  readonly data: string;
}

/** Reads one stream; hold one for each. */
export interface SseReader {
  /** The events that end in this chunk. Invalid UTF-8 reads as U+FFFD, as the standard says. */
  feed(chunk: Uint8Array): readonly SseEvent[];
  /**
   * To be called once, after the last chunk: the event that no blank line ended, when it has data. The
   * standard drops it; a trace wants to know what a broken stream said last.
   */
  end(): SseEvent | undefined;
}

/** A reader at the start of a stream. */
export function createSseReader(): SseReader {
  // Strips one leading BOM and holds back the bytes of a character that is not complete.
  const decoder = new TextDecoder();
  let lineStart = "";
  let afterCr = false;
  let type = "";
  let data: string[] = [];

  function dispatch(): SseEvent | undefined {
    const event = data.length > 0 ? { type: type || "message", data: data.join("\n") } : undefined;
    type = "";
    data = [];
    return event;
  }

  function readLine(line: string): void {
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const valueAt = line[colon + 1] === " " ? colon + 2 : colon + 1;
    const value = colon < 0 ? "" : line.slice(valueAt);
    if (field === "data") data.push(value);
    else if (field === "event") type = value;
    // Comments have an empty field; `id` and `retry` serve reconnecting, which a reader of records never does.
  }

  function readText(text: string): SseEvent[] {
    const events: SseEvent[] = [];
    let at = afterCr && text.startsWith("\n") ? 1 : 0;
    if (text !== "") afterCr = false;
    let cr = text.indexOf("\r", at);
    let lf = text.indexOf("\n", at);
    while (cr >= 0 || lf >= 0) {
      const end = lf < 0 || (cr >= 0 && cr < lf) ? cr : lf;
      const line = lineStart + text.slice(at, end);
      lineStart = "";
      at = end + 1;
      if (end === cr) {
        if (text[at] === "\n") at += 1;
        else if (at === text.length) afterCr = true;
        cr = text.indexOf("\r", at);
      }
      if (lf >= 0 && lf < at) lf = text.indexOf("\n", at);
      if (line !== "") readLine(line);
      else {
        const event = dispatch();
        if (event) events.push(event);
      }
    }
    lineStart += text.slice(at);
    return events;
  }

  return {
    feed: (chunk) => readText(decoder.decode(chunk, { stream: true })),
    end() {
      readText(decoder.decode());
      if (lineStart !== "") readLine(lineStart);
      lineStart = "";
      return dispatch();
    },
  };
}

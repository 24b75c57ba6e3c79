/** The spans of the sink in the order in which they came: for a reader that wants each once, as soon as it is there. */
import { DatabaseSync } from "node:sqlite";
import type { OtlpSpan } from "./otlp.ts";

/** Some spans, and where to go on. */
export interface SpanPage {
  /** In the order in which they came. One that came again is here again. */
  readonly spans: readonly OtlpSpan[];
  /** What `after` is given to get those that come next. */
  readonly cursor: number;
}

/** Reads the sink's spans, and changes nothing. */
export interface SpanFeed {
  /** The cursor behind which at most `count` spans are. */
  cursorBeforeLast(count: number): number;
  /** At most `limit` spans that came after the cursor. */
  after(cursor: number, limit: number): SpanPage;
  close(): void;
}

/**
 * Opens the file of a sink, which must have been made. The store puts a span that comes again in as a new row, and SQLite numbers
 * rows upwards, so a row's number tells when it came.
 */
export function openSpanFeed(file: string): SpanFeed {
  const database = new DatabaseSync(file, { readOnly: true });
  const newest = database.prepare(
    "SELECT MIN(rowid) - 1 AS cursor FROM (SELECT rowid FROM spans ORDER BY rowid DESC LIMIT ?)",
  );
  const after = database.prepare("SELECT rowid, span FROM spans WHERE rowid > ? ORDER BY rowid LIMIT ?");
  return {
    cursorBeforeLast: (count) => Number(newest.get(count)?.["cursor"] ?? 0),
    after(cursor, limit) {
      const rows = after.all(cursor, limit);
      return {
        spans: rows.map(({ span }) => JSON.parse(String(span)) as OtlpSpan),
        cursor: Number(rows.at(-1)?.["rowid"] ?? cursor),
      };
    },
    close: () => database.close(),
  };
}

/** The newest calls, kept up with the sink. */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { SpanFeed } from "@sluice/local/sink/span-feed";
import { type CallRow, MAX_ROWS } from "../api/call-row.ts";
import { readCall } from "./read-call.ts";

/** Calls, by their arrival. */
export interface Calls {
  /** Reads what came since the last time, and returns the calls of it. */
  update(): Promise<readonly CallRow[]>;
  /** All of them, the one that began last first. */
  all(): readonly CallRow[];
}

/** Spans may hold megabytes each: after so many, the other work of the process has its turn. */
const PAGE = 200;

/** Begins with nothing; the first update reads the newest `limit` spans. */
export function trackCalls(feed: SpanFeed, limit = MAX_ROWS): Calls {
  const rows = new Map<string, CallRow>();
  let cursor: number | undefined;

  const read = async () => {
    cursor ??= feed.cursorBeforeLast(limit);
    const fresh = new Map<string, CallRow>();
    for (;;) {
      const page = feed.after(cursor, PAGE);
      cursor = page.cursor;
      for (const span of page.spans) {
        const row = readCall(span);
        if (row) fresh.set(row.id, row);
      }
      if (page.spans.length < PAGE) break;
      await nextTurn();
    }
    for (const [id, row] of fresh) {
      rows.delete(id);
      rows.set(id, row);
    }
    for (const id of rows.keys()) {
      if (rows.size <= limit) break;
      rows.delete(id);
    }
    return [...fresh.values()];
  };

  let reading: Promise<unknown> = Promise.resolve();
  return {
    // One after the other: two readers would each get half.
    update() {
      const next = reading.then(read);
      reading = next.catch(() => undefined);
      return next;
    },
    all: () => [...rows.values()].toSorted((one, other) => other.startedAtMs - one.startedAtMs),
  };
}

/**
 * Where the sink keeps its spans. As in Langfuse, a span with the same trace id, span id and start time takes
 * the place of the earlier one; with another start time it is a second observation.
 */
import { DatabaseSync } from "node:sqlite";
import type { OtlpSpan } from "./otlp.ts";

/** Spans, kept. */
export interface SpanStore {
  /** Keeps all of them or none. */
  add(spans: readonly OtlpSpan[]): void;
  /** The spans of a trace; none when it is unknown. */
  trace(id: string): OtlpSpan[];
  /** The ids of at most `limit` traces, the one that began last first. */
  newest(limit: number): string[];
  counts(): SpanCounts;
  close(): void;
}

/** Received minus stored is what came more than once. */
export interface SpanCounts {
  /** All that were accepted, duplicates too. */
  readonly received: number;
  readonly stored: number;
}

const SCHEMA = `
  PRAGMA journal_mode = WAL;
  CREATE TABLE IF NOT EXISTS spans (
    trace_id TEXT NOT NULL,
    span_id TEXT NOT NULL,
    start_ms INTEGER NOT NULL,
    span TEXT NOT NULL,
    PRIMARY KEY (trace_id, span_id, start_ms)
  );
  CREATE TABLE IF NOT EXISTS received (count INTEGER NOT NULL);
  INSERT INTO received SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM received);
`;

/** Opens the store in a file, or in memory for `:memory:`. Throws when the file is not a database. */
export function openSpanStore(file: string): SpanStore {
  const database = new DatabaseSync(file);
  database.exec(SCHEMA);
  const insert = database.prepare("INSERT OR REPLACE INTO spans VALUES (?, ?, ?, ?)");
  const count = database.prepare("UPDATE received SET count = count + ?");
  const byTrace = database.prepare("SELECT span FROM spans WHERE trace_id = ?");
  const newest = database.prepare(
    "SELECT trace_id FROM spans GROUP BY trace_id ORDER BY MIN(start_ms) DESC, MAX(rowid) DESC LIMIT ?",
  );
  const counts = database.prepare(
    "SELECT (SELECT count FROM received) AS received, (SELECT COUNT(*) FROM spans) AS stored",
  );
  return {
    add: (spans) => {
      database.exec("BEGIN");
      try {
        for (const span of spans) insert.run(span.traceId, span.spanId, span.startMs, JSON.stringify(span));
        count.run(spans.length);
        database.exec("COMMIT");
      } catch (error) {
        database.exec("ROLLBACK");
        throw error;
      }
    },
    trace: (id) => byTrace.all(id).map(({ span }) => JSON.parse(String(span)) as OtlpSpan),
    newest: (limit) => newest.all(limit).map(({ trace_id }) => String(trace_id)),
    counts: () => {
      const row = counts.get();
      return { received: Number(row?.["received"]), stored: Number(row?.["stored"]) };
    },
    close: () => database.close(),
  };
}

/** Calls summed up by time. */
import type { CallRow } from "../../api/call-row.ts";

/** Columns of the same length. Null where there was no call to take a value from. */
export interface Series {
  /** Where each step begins, Unix time in seconds, as uPlot has it. */
  readonly times: readonly number[];
  readonly calls: readonly number[];
  readonly errors: readonly number[];
  readonly inputTokens: readonly number[];
  readonly outputTokens: readonly number[];
  /** USD. */
  readonly cost: readonly number[];
  /** Latency, ms. */
  readonly p50: readonly (number | null)[];
  readonly p95: readonly (number | null)[];
}

/** A time that is looked at, and how finely. */
export interface Range {
  readonly label: string;
  readonly stepMs: number;
  readonly steps: number;
}

export const RANGES: readonly Range[] = [
  { label: "5 minutes", stepMs: 5000, steps: 60 },
  { label: "1 hour", stepMs: 60_000, steps: 60 },
  { label: "24 hours", stepMs: 30 * 60_000, steps: 48 },
];

/** The steps up to the one in which `nowMs` is. Calls of another time are left out. */
export function seriesOf(rows: readonly CallRow[], { stepMs, steps }: Range, nowMs: number): Series {
  const last = Math.floor(nowMs / stepMs);
  const first = last - steps + 1;
  const cells = Array.from({ length: steps }, (): CallRow[] => []);
  for (const row of rows) cells[Math.floor(row.startedAtMs / stepMs) - first]?.push(row);
  const sums = (value: (row: CallRow) => number) =>
    cells.map((cell) => cell.reduce((sum, row) => sum + value(row), 0));
  const latency = (share: number) =>
    cells.map((cell) =>
      quantile(
        cell.map(({ durationMs }) => durationMs),
        share,
      ),
    );
  return {
    times: cells.map((_, index) => ((first + index) * stepMs) / 1000),
    calls: sums(() => 1),
    errors: sums(({ level }) => (level === "ERROR" ? 1 : 0)),
    inputTokens: sums(({ inputTokens }) => inputTokens),
    outputTokens: sums(({ outputTokens }) => outputTokens),
    cost: sums(({ costUsd = 0 }) => costUsd),
    p50: latency(0.5),
    p95: latency(0.95),
  };
}

/** The value below or at which that share of the values is; null of none. */
export function quantile(values: readonly number[], share: number): number | null {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? null;
}

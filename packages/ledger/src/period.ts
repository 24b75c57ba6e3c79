/** Budget periods: UTC, weeks from Monday. The period is part of a budget's key, so a reset needs no job. */

/** How often a budget starts afresh; `none`: never. */
export type Period = "day" | "week" | "month" | "none";

/** All periods, for parsing. */
export const PERIODS: readonly Period[] = ["day", "week", "month", "none"];

const DAY_MS = 86_400_000;

/** One period of a budget. */
export interface PeriodWindow {
  /** Names the period: `day#2026-11-21`, `week#2026-11-16` (its Monday), `month#2026-11`, `none`. */
  readonly id: string;
  /** First moment of the next period, Unix time in ms; absent when there is none. */
  readonly resetsAtMs?: number;
}

/** The period that a moment (Unix time, ms) belongs to. */
export function periodAt(period: Period, atMs: number): PeriodWindow {
  const date = new Date(atMs);
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()];
  switch (period) {
    case "none":
      return { id: "none" };
    case "day": {
      const start = Date.UTC(year, month, day);
      return { id: `day#${isoDay(start)}`, resetsAtMs: start + DAY_MS };
    }
    case "week": {
      const sinceMonday = (date.getUTCDay() + 6) % 7;
      const start = Date.UTC(year, month, day - sinceMonday);
      return { id: `week#${isoDay(start)}`, resetsAtMs: start + 7 * DAY_MS };
    }
    case "month": {
      const start = Date.UTC(year, month, 1);
      return { id: `month#${isoDay(start).slice(0, 7)}`, resetsAtMs: Date.UTC(year, month + 1, 1) };
    }
    default:
      throw new TypeError(`Unknown period ${String(period satisfies never)}`);
  }
}

function isoDay(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

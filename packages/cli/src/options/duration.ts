/** Lengths of time and moments as people type them. */

const UNIT_MS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;

/** `90s`, `15m`, `24h`, `30d`, `2w` in ms. Undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d{1,5})([smhdw])$/.exec(text);
  if (!match) return undefined;
  const [, count, unit] = match;
  return Number(count) * UNIT_MS[unit as keyof typeof UNIT_MS];
}

const DATE = /^\d{4}-\d{2}-\d{2}$/;
/** With seconds or without, and always with an offset: a moment must not depend on the machine's time zone. */
const DATE_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:\d{2})$/;

/**
 * A moment, Unix time in ms: a duration from now on, an ISO date (its first moment in UTC), or an ISO date and time with
 * `Z` or an offset. Undefined for anything else, and for a day that the month does not have.
 */
export function parseMoment(text: string, nowMs: number): number | undefined {
  const duration = parseDuration(text);
  if (duration !== undefined) return nowMs + duration;
  if (!DATE.test(text) && !DATE_TIME.test(text)) return undefined;
  const ms = Date.parse(text);
  // Date.parse takes the 31st of February for the 3rd of March.
  const day = text.slice(0, 10);
  const isRealDay = new Date(`${day}T00:00:00Z`).getTime() === Date.parse(day) && isoDayOf(day) === day;
  return Number.isNaN(ms) || !isRealDay ? undefined : ms;
}

function isoDayOf(day: string): string | undefined {
  const ms = Date.parse(`${day}T00:00:00Z`);
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString().slice(0, 10);
}

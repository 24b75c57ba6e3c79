/** Numbers and times for people. */

/** `840 ms`, `1.24 s`, `2 m 5 s`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(2)} s`;
  return `${Math.floor(ms / 60_000)} m ${Math.floor((ms % 60_000) / 1000)} s`;
}

/** `$0.0000124`, `$1.25`: three digits that say something, and cents at least. */
export function money(usd: number): string {
  if (usd === 0) return "$0";
  if (Math.abs(usd) >= 0.1) return `$${usd.toFixed(2)}`;
  const decimals = Math.min(12, 2 - Math.floor(Math.log10(Math.abs(usd))));
  return `$${usd.toFixed(decimals).replace(/0+$/, "")}`;
}

/** `12`, `1.2k`, `3.4M`. */
export function count(value: number): string {
  if (value < 1000) return String(Math.round(value));
  if (value < 1_000_000) return `${trim(value / 1000)}k`;
  return `${trim(value / 1_000_000)}M`;
}

function trim(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(1).replace(/\.0$/, "");
}

/** `14:03:27`, in the person's time zone. */
export function clock(ms: number): string {
  const at = new Date(ms);
  return [at.getHours(), at.getMinutes(), at.getSeconds()]
    .map((part) => String(part).padStart(2, "0"))
    .join(":");
}

/** `21 Nov 2026, 14:03:27`. */
export function moment(ms: number): string {
  const at = new Date(ms);
  const month = at.toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric" });
  return `${month}, ${clock(ms)}`;
}

/** `3 days`, `5 hours`, `1 minute`: the largest unit. */
export function span(ms: number): string {
  const [name, length] = UNITS.find(([, length]) => ms >= length) ?? SECOND;
  const units = Math.max(0, Math.round(ms / length));
  return `${units} ${name}${units === 1 ? "" : "s"}`;
}

const SECOND = ["second", 1000] as const;
const UNITS = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
] as const;

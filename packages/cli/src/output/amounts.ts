/** Money, shares and times for people. */
import { formatUsd, type Picodollars } from "@sluice/prices";

const BAR_WIDTH = 30;

/** `$1.00`, `-$0.50`, `$0.000125`: exact, with two decimals at least. */
export function dollars(amount: Picodollars): string {
  const [, sign = "", whole = "", fraction = ""] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(formatUsd(amount)) ?? [];
  return `${sign}$${whole}.${fraction.padEnd(2, "0")}`;
}

/** A share of a limit in whole percent, rounded down: 100 means that nothing is left. A limit of zero is used up. */
export function percentOf(amount: bigint, limit: bigint): number {
  return limit === 0n ? 100 : Number((amount * 100n) / limit);
}

/** A bar of what is spent, what is reserved, and what is left. */
export function bar(spent: bigint, reserved: bigint, limit: bigint): string {
  const cells = (amount: bigint) => {
    if (limit === 0n) return BAR_WIDTH;
    const count = Number((amount * BigInt(BAR_WIDTH)) / limit);
    return Math.min(BAR_WIDTH, Math.max(0, count));
  };
  const full = cells(spent);
  const held = cells(spent + reserved) - full;
  return "█".repeat(full) + "▒".repeat(held) + "░".repeat(BAR_WIDTH - full - held);
}

/** `2026-12-01 00:00 UTC`. */
export function moment(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

/** `2 days`, `5 hours`, `1 minute`: the largest unit, rounded to the nearest. */
export function span(ms: number): string {
  const unit = UNITS.find(([, length]) => ms >= length) ?? ["second", 1000];
  const count = Math.round(ms / unit[1]);
  return `${count} ${unit[0]}${count === 1 ? "" : "s"}`;
}

const UNITS: readonly (readonly [name: string, ms: number])[] = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
];

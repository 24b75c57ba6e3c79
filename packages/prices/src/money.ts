/** Money as an integer of picodollars: sums are exact, in any order, to the last digit. */
import { formatDecimal, parseDecimal } from "./decimal.ts";

declare const picodollars: unique symbol;

/**
 * US dollars in units of 10^-12. Branded, so that a count of tokens is never added to it. The cheapest token
 * sold (a few cents per million) is tens of thousands of these.
 */
export type Picodollars = bigint & { readonly [picodollars]: true };

const DECIMALS = 12;

/** No money. */
export const ZERO_USD = 0n as Picodollars;

/**
 * Reads US dollars from decimal text: `"0.0125"`, `"-3"`. Throws `RangeError` for anything else, and for
 * more than 12 decimals, since rounding is the caller's decision.
 */
export function parseUsd(text: string): Picodollars {
  const value = parseDecimal(text, DECIMALS);
  if (value === undefined) {
    throw new RangeError(
      `${JSON.stringify(text.slice(0, 40))} is no amount of US dollars: write plain decimals, at most ${DECIMALS}, such as "0.0125"`,
    );
  }
  return value as Picodollars;
}

/** The shortest exact decimal text: `"0.0125"`, `"3"`, `"0"`. What `parseUsd` reads back to the same amount. */
export function formatUsd(amount: Picodollars): string {
  return formatDecimal(amount, DECIMALS);
}

/** The nearest double, for interfaces that take only numbers, such as Langfuse's. Never compute with it. */
export function toUsdNumber(amount: Picodollars): number {
  return Number(formatUsd(amount));
}

/** The exact sum; zero for none. */
export function sumUsd(amounts: Iterable<Picodollars>): Picodollars {
  let sum = 0n;
  for (const amount of amounts) sum += amount;
  return sum as Picodollars;
}

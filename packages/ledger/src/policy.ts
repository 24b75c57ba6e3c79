/** What an owner may spend. */
import type { Picodollars } from "@sluice/prices";
import type { Period } from "./period.ts";

/** A budget, as it is set on a key or a tenant. */
export interface BudgetPolicy {
  readonly limit: Picodollars;
  readonly period: Period;
  /**
   * `strict`: the worst case of a call is set aside before it begins; concurrency cannot overspend.
   * `soft`: a call is refused once the settled spend has reached the limit; calls under way run over.
   */
  readonly mode: "strict" | "soft";
  /** What happens while the store is away. Default: a strict budget refuses (`closed`), a soft one does not (`open`). */
  readonly whenUnavailable?: "open" | "closed";
  /** From this share of the limit on, in percent, calls go to `model` (alias or `provider/model`) instead. */
  readonly fallback?: { readonly fromPercent: number; readonly model: string };
}

/** Whether calls go through while the store is away. */
export function isOpenWhenUnavailable({ mode, whenUnavailable }: BudgetPolicy): boolean {
  return (whenUnavailable ?? (mode === "strict" ? "closed" : "open")) === "open";
}

/** Shares of a limit whose crossing is announced, in percent. */
export const THRESHOLD_PERCENTS: readonly number[] = [50, 80, 100];

/** The thresholds that a spend has reached, in percent of the limit. A limit of zero is reached at once. */
export function reachedPercents(spent: Picodollars, limit: Picodollars): readonly number[] {
  return THRESHOLD_PERCENTS.filter((percent) => spent * 100n >= limit * BigInt(percent));
}

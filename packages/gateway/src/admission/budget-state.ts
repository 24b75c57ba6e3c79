/** How a budget stands, for the caller and for the trace. */
import type { AccountRef, AccountTotals, BudgetPolicy } from "@sluice/ledger";
import { formatUsd, type Picodollars } from "@sluice/prices";

/** A budget and what is left of it. */
export interface BudgetState {
  readonly account: AccountRef;
  readonly limit: Picodollars;
  readonly spent: Picodollars;
  /** Neither spent nor set aside; never below zero. */
  readonly remaining: Picodollars;
  /** What the call at hand would have set aside. */
  readonly needed?: Picodollars;
  /** Unix time, ms. */
  readonly resetsAtMs?: number;
}

/** The state of a budget from its account. */
export function budgetState(
  account: AccountRef,
  budget: BudgetPolicy,
  totals: AccountTotals,
  resetsAtMs: number | undefined,
  needed?: Picodollars,
): BudgetState {
  const left = budget.limit - totals.spent - totals.reserved;
  return {
    account,
    limit: budget.limit,
    spent: totals.spent,
    remaining: (left > 0n ? left : 0n) as Picodollars,
    ...(needed !== undefined && { needed }),
    ...(resetsAtMs !== undefined && { resetsAtMs }),
  };
}

/** The answer headers that tell a budget: amounts in USD, the reset as ISO 8601. */
export function budgetHeaders({ limit, remaining, resetsAtMs }: BudgetState): Record<string, string> {
  return {
    "x-sluice-budget-limit-usd": formatUsd(limit),
    "x-sluice-budget-remaining-usd": formatUsd(remaining),
    ...(resetsAtMs !== undefined && { "x-sluice-budget-reset": new Date(resetsAtMs).toISOString() }),
  };
}

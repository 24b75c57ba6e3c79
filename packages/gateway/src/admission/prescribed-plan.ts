/** The cheaper model that a nearly used up budget prescribes. */
import type { Endpoint } from "@sluice/trace";
import type { RoutePlan } from "../routing/route-plan.ts";
import type { ReadAccount } from "./account-cache.ts";
import type { BudgetedAccount } from "./budgeted-account.ts";

/** What of a call bears on its model. */
export interface Choice {
  readonly endpoint: Endpoint;
  /** Plans the way to a model. */
  readonly plan: (model: string) => RoutePlan;
}

/**
 * The key's model, or the cheaper one that a budget prescribes once it is nearly used up. Embeddings stay with their
 * model: another one's vectors mean nothing beside those that the caller has.
 */
export async function prescribedPlan(
  { plan, endpoint }: Choice,
  asked: RoutePlan,
  accounts: readonly BudgetedAccount[],
  readAccount: ReadAccount,
): Promise<RoutePlan> {
  if (endpoint === "embeddings") return asked;
  for (const { account, budget } of accounts) {
    if (!budget?.fallback) continue;
    const totals = await readAccount(account).catch(() => undefined);
    if (
      totals &&
      (totals.spent + totals.reserved) * 100n >= budget.limit * BigInt(budget.fallback.fromPercent)
    ) {
      return plan(budget.fallback.model);
    }
  }
  return asked;
}

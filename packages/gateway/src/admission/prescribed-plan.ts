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

/** Where one model can stand for another: a picture, a sound or a vector of another model is another thing. */
const CONVERSATIONS: ReadonlySet<Endpoint> = new Set([
  "chat.completions",
  "completions",
  "responses",
  "messages",
]);

/** The key's model, or the cheaper one that a budget prescribes for conversations once it is nearly used up. */
export async function prescribedPlan(
  { plan, endpoint }: Choice,
  asked: RoutePlan,
  accounts: readonly BudgetedAccount[],
  readAccount: ReadAccount,
): Promise<RoutePlan> {
  if (!CONVERSATIONS.has(endpoint)) return asked;
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

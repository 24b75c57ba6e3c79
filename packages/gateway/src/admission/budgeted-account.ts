/** The accounts of a call, and the budgets that hold for them. */
import type { Tenant, VirtualKey } from "@sluice/keys";
import { type AccountRef, type BudgetPolicy, type Period, periodAt } from "@sluice/ledger";
import type { LedgerAccount } from "@sluice/trace";

/** The period in which spend is summed up where no budget names one. */
const DEFAULT_PERIOD: Period = "month";

/** An account that a call is entered in. */
export interface BudgetedAccount {
  readonly account: AccountRef;
  readonly budget?: BudgetPolicy;
  /** When its period ends, Unix time in ms; absent when it never does. */
  readonly resetsAtMs?: number;
}

/** The accounts of a key and of its tenant in the period of a moment (Unix time, ms). */
export function accountsOf(
  key: VirtualKey,
  tenant: Tenant | undefined,
  atMs: number,
): readonly BudgetedAccount[] {
  const keyAccount = budgeted("key", key.id, key.budget, atMs);
  if (key.tenant === undefined) return [keyAccount];
  return [keyAccount, budgeted("tenant", key.tenant, tenant?.budget, atMs)];
}

function budgeted(
  kind: AccountRef["owner"]["kind"],
  id: string,
  budget: BudgetPolicy | undefined,
  atMs: number,
): BudgetedAccount {
  const { id: periodId, resetsAtMs } = periodAt(budget?.period ?? DEFAULT_PERIOD, atMs);
  return {
    account: { owner: { kind, id }, periodId },
    ...(budget && { budget }),
    ...(resetsAtMs !== undefined && { resetsAtMs }),
  };
}

/** The account in a record: where the call is to be entered. */
export function ledgerEntry({ account }: Pick<BudgetedAccount, "account">): LedgerAccount {
  return { ownerKind: account.owner.kind, ownerId: account.owner.id, periodId: account.periodId };
}

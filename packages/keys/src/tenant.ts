/** Tenants: the customers or teams that keys belong to. */
import type { BudgetPolicy } from "@sluice/ledger";

/** What is stored of a tenant. One without an entry has no budget. */
export interface Tenant {
  readonly name: string;
  readonly budget?: BudgetPolicy;
}

/** Keys and tenants as those whose money is spent: how a command names one, and how a budget gets there. */
import type { DynamoKeyStore } from "@sluice/aws";
import type { BudgetPolicy } from "@sluice/ledger";
import { UsageFailure } from "../failure.ts";
import { requireKey } from "../keys/require-key.ts";
import { type Holder, keyHolder, tenantHolder } from "./budget-report.ts";

/** How a command names a tenant. */
export interface HolderOptions {
  readonly tenant?: string;
}

/**
 * The key of the alias, or the tenant. A tenant needs no entry: one that only keys name has no budget. Throws
 * `UsageFailure` unless exactly one is named, and `CommandFailure` when there is no such key.
 */
export async function findHolder(
  keys: DynamoKeyStore,
  alias: string | undefined,
  options: HolderOptions,
): Promise<Holder> {
  const named = onlyOne(alias, options);
  if (named.kind === "tenant") {
    const tenant = await keys.findTenant(named.name);
    return tenantHolder(tenant ?? { name: named.name });
  }
  return keyHolder(await requireKey(keys, named.name));
}

/** Every key and every tenant, those that only keys name among them; by kind, then by name. */
export async function allHolders(keys: DynamoKeyStore): Promise<readonly Holder[]> {
  const [all, tenants] = await Promise.all([keys.list(), keys.listTenants()]);
  const named = all.flatMap(({ tenant }) => (tenant === undefined ? [] : [{ name: tenant }]));
  // Those with an entry come last, so that theirs is kept.
  const byName = new Map([...named, ...tenants].map((tenant) => [tenant.name, tenantHolder(tenant)]));
  const sorted = [...byName.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return [...all.map(keyHolder), ...sorted];
}

/** Changes the budget of a key or a tenant. Throws what `findHolder` and the store throw. */
export async function setBudget(
  keys: DynamoKeyStore,
  alias: string | undefined,
  options: HolderOptions,
  change: (budget: BudgetPolicy | undefined) => BudgetPolicy | undefined,
): Promise<Holder> {
  const named = onlyOne(alias, options);
  if (named.kind === "key") {
    const key = await keys.update(named.name, ({ budget: present, ...rest }) => {
      const budget = change(present);
      return { ...rest, ...(budget && { budget }) };
    });
    return keyHolder(key);
  }
  const before = await keys.findTenant(named.name);
  const budget = change(before?.budget);
  const tenant = { name: named.name, ...(budget && { budget }) };
  await keys.putTenant(tenant);
  return tenantHolder(tenant);
}

function onlyOne(alias: string | undefined, { tenant }: HolderOptions): Pick<Holder, "kind" | "name"> {
  if (alias !== undefined && tenant === undefined) return { kind: "key", name: alias };
  if (alias === undefined && tenant !== undefined) return { kind: "tenant", name: tenant };
  throw new UsageFailure("Name a key by its alias, or a tenant with --tenant <name>: one of them.");
}

/** Keys and tenants as text: one JSON document each, money as decimal text. */
import type { BudgetPolicy } from "@sluice/ledger";
import { formatUsd, parseUsd } from "@sluice/prices";
import type { Tenant } from "./tenant.ts";
import type { VirtualKey } from "./virtual-key.ts";

/** A stored document is not what this version writes: it was changed by hand or by a newer version. */
export class CorruptDocumentError extends Error {
  override readonly name = "CorruptDocumentError";
}

type StoredBudget = Omit<BudgetPolicy, "limit"> & { readonly limitUsd: string };
type Stored<T extends { readonly budget?: BudgetPolicy }> = Omit<T, "budget"> & {
  readonly budget?: StoredBudget;
};

/** The document of a key or a tenant. */
export function toDocument(entity: VirtualKey | Tenant): string {
  const { budget, ...rest } = entity;
  if (!budget) return JSON.stringify(rest);
  const { limit, ...policy } = budget;
  return JSON.stringify({ ...rest, budget: { ...policy, limitUsd: formatUsd(limit) } });
}

/** Reads a key's document. Throws `CorruptDocumentError`. */
export function keyFromDocument(document: string): VirtualKey {
  const key = parse(document, "virtual key") as Stored<VirtualKey>;
  if (!key.id || !key.hash || !key.alias || !["enabled", "blocked"].includes(key.status)) {
    throw new CorruptDocumentError("A stored virtual key lacks its id, hash, alias or status.");
  }
  return withBudget(key);
}

/** Reads a tenant's document. Throws `CorruptDocumentError`. */
export function tenantFromDocument(document: string): Tenant {
  return withBudget(parse(document, "tenant") as Stored<Tenant>);
}

function withBudget<T extends { readonly budget?: StoredBudget }>(
  stored: T,
): Omit<T, "budget"> & { readonly budget?: BudgetPolicy } {
  const { budget, ...rest } = stored;
  if (!budget) return rest;
  const { limitUsd, ...policy } = budget;
  try {
    return { ...rest, budget: { ...policy, limit: parseUsd(limitUsd) } };
  } catch (cause) {
    throw new CorruptDocumentError("A stored budget's limit is no amount of USD.", { cause });
  }
}

function parse(document: string, what: string): unknown {
  try {
    return JSON.parse(document);
  } catch (cause) {
    throw new CorruptDocumentError(`A stored ${what} is not JSON.`, { cause });
  }
}

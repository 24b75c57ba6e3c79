/** Keys and budgets as the command line shows them: without hashes, money as decimal text, times in ISO 8601. */
import type { RateLimits, VirtualKey } from "@sluice/keys";
import { type BudgetPolicy, isOpenWhenUnavailable, type Period } from "@sluice/ledger";
import { formatUsd } from "@sluice/prices";
import { dollars, moment } from "../output/amounts.ts";
import { fields, table } from "../output/table.ts";

/** A budget in JSON. */
export interface BudgetView {
  readonly limitUsd: string;
  readonly period: Period;
  readonly mode: BudgetPolicy["mode"];
  readonly whenUnavailable: "open" | "closed";
  readonly fallback?: BudgetPolicy["fallback"];
}

/** A key in JSON. */
export interface KeyView
  extends Pick<
    VirtualKey,
    "id" | "alias" | "owner" | "tenant" | "environment" | "metadata" | "models" | "drains" | "capture"
  > {
  readonly status: "enabled" | "blocked" | "expired";
  readonly budget?: BudgetView;
  readonly rateLimits?: RateLimits;
  readonly expiresAt?: string;
  readonly createdAt: string;
}

/** The budget to show. */
export function budgetView(budget: BudgetPolicy): BudgetView {
  const { limit, period, mode, fallback } = budget;
  return {
    limitUsd: formatUsd(limit),
    period,
    mode,
    whenUnavailable: isOpenWhenUnavailable(budget) ? "open" : "closed",
    ...(fallback && { fallback }),
  };
}

/** The key to show at a moment (Unix time, ms). */
export function keyView(key: VirtualKey, nowMs: number): KeyView {
  const { id, alias, status, hash: _, budget, expiresAtMs, createdAtMs, ...rest } = key;
  const isExpired = expiresAtMs !== undefined && expiresAtMs <= nowMs;
  return {
    id,
    alias,
    status: status === "enabled" && isExpired ? "expired" : status,
    ...rest,
    ...(budget && { budget: budgetView(budget) }),
    ...(expiresAtMs !== undefined && { expiresAt: new Date(expiresAtMs).toISOString() }),
    createdAt: new Date(createdAtMs).toISOString(),
  };
}

/** `$1.00 a month, strict`. */
export function budgetPhrase({ limit, period, mode }: BudgetPolicy): string {
  const often = period === "none" ? "in all" : `a ${period}`;
  return `${dollars(limit)} ${often}, ${mode}`;
}

/** A key, member by member. */
export function keyDetails(key: VirtualKey, nowMs: number): string {
  const view = keyView(key, nowMs);
  const { budget, rateLimits } = key;
  return fields([
    ["alias", view.alias],
    ["id", view.id],
    ["status", view.status],
    ["tenant", view.tenant],
    ["owner", view.owner],
    ["environment", view.environment],
    [
      "metadata",
      view.metadata &&
        Object.entries(view.metadata)
          .map((pair) => pair.join("="))
          .join(" "),
    ],
    ["models", view.models?.join(", ") ?? "all"],
    ["drains", view.drains?.join(", ") ?? "all"],
    ["capture", view.capture],
    ["budget", budget ? budgetPhrase(budget) : "none"],
    ["store away", budget && view.budget?.whenUnavailable],
    ["fallback", budget?.fallback && `${budget.fallback.model} from ${budget.fallback.fromPercent} %`],
    ["requests/min", rateLimits?.requestsPerMinute?.toString()],
    ["tokens/min", rateLimits?.tokensPerMinute?.toString()],
    ["parallel calls", rateLimits?.parallelCalls?.toString()],
    ["expires", key.expiresAtMs === undefined ? "never" : moment(key.expiresAtMs)],
    ["created", moment(key.createdAtMs)],
  ]);
}

/** Keys, one on each line. */
export function keyTable(
  keys: readonly VirtualKey[],
  { nowMs, hasColours }: { readonly nowMs: number; readonly hasColours: boolean },
): string {
  if (keys.length === 0) return "There are no keys. Make one with: npx sluice keys create --alias <alias>";
  const rows = keys.map((key) => [
    key.alias,
    key.id,
    keyView(key, nowMs).status,
    key.tenant ?? "-",
    key.budget ? budgetPhrase(key.budget) : "-",
    key.models?.join(",") ?? "all",
    key.expiresAtMs === undefined ? "never" : moment(key.expiresAtMs),
  ]);
  return table(["ALIAS", "ID", "STATUS", "TENANT", "BUDGET", "MODELS", "EXPIRES"], rows, { hasColours });
}

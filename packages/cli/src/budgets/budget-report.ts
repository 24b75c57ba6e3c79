/** How a key's or a tenant's account stands in the present period. */
import type { Tenant, VirtualKey } from "@sluice/keys";
import {
  type AccountRef,
  type AccountTotals,
  type BudgetPolicy,
  type Period,
  periodAt,
} from "@sluice/ledger";
import { formatUsd, type Picodollars } from "@sluice/prices";
import { budgetPhrase } from "../keys/key-view.ts";
import { bar, dollars, moment, percentOf, span } from "../output/amounts.ts";
import { fields, table } from "../output/table.ts";

/** In which period spend is summed up where no budget names one. The gateway does the same. */
const DEFAULT_PERIOD: Period = "month";

/** A key or a tenant, as far as its money is concerned. */
export interface Holder {
  readonly kind: "key" | "tenant";
  /** The key's alias, or the tenant's name. */
  readonly name: string;
  /** The key's id, or the tenant's name. */
  readonly id: string;
  readonly budget?: BudgetPolicy;
}

/** A holder's account in one period. */
export interface Standing {
  readonly holder: Holder;
  readonly account: AccountRef;
  readonly period: Period;
  /** Unix time, ms; absent when the period never ends. */
  readonly resetsAtMs?: number;
  readonly totals: AccountTotals;
}

/** The holder that a key is. */
export function keyHolder({ alias, id, budget }: VirtualKey): Holder {
  return { kind: "key", name: alias, id, ...(budget && { budget }) };
}

/** The holder that a tenant is. */
export function tenantHolder({ name, budget }: Tenant): Holder {
  return { kind: "tenant", name, id: name, ...(budget && { budget }) };
}

/** The holder's account in the period of a moment (Unix time, ms). */
export function accountOf({ kind, id, budget }: Holder, nowMs: number) {
  const period = budget?.period ?? DEFAULT_PERIOD;
  const { id: periodId, resetsAtMs } = periodAt(period, nowMs);
  const account: AccountRef = { owner: { kind, id }, periodId };
  return { account, period, ...(resetsAtMs !== undefined && { resetsAtMs }) };
}

/** A standing in JSON; USD as decimal text. `limitUsd` and `resetAt` are null when there is none. */
export function budgetReport({ holder, period, resetsAtMs, totals }: Standing) {
  return {
    ...(holder.kind === "key" ? { alias: holder.name } : { tenant: holder.name }),
    period,
    limitUsd: holder.budget ? formatUsd(holder.budget.limit) : null,
    spentUsd: formatUsd(totals.spent),
    reservedUsd: formatUsd(totals.reserved),
    resetAt: resetsAtMs === undefined ? null : new Date(resetsAtMs).toISOString(),
    mode: holder.budget?.mode ?? null,
    requests: totals.requests,
    inputTokens: totals.inputTokens,
    outputTokens: totals.outputTokens,
    unpricedRequests: totals.unpricedRequests,
    byModel: Object.fromEntries(
      Object.entries(totals.byModel).map(([model, { spent, ...counts }]) => [
        model,
        { spentUsd: formatUsd(spent), ...counts },
      ]),
    ),
    announcedPercents: totals.announcedPercents,
  };
}

/** A standing for people: a bar, what is left, and the spend by model. */
export function budgetDetails(
  { holder, period, resetsAtMs, totals }: Standing,
  { nowMs, hasColours }: { readonly nowMs: number; readonly hasColours: boolean },
): string {
  const { spent, reserved, unpricedRequests: unpriced } = totals;
  const limit = holder.budget?.limit;
  const remaining = limit === undefined ? undefined : ((limit - spent - reserved) as Picodollars);
  const head = fields([
    [holder.kind, holder.name],
    ["budget", holder.budget ? budgetPhrase(holder.budget) : `none, summed up by the ${period}`],
    ["used", limit === undefined ? undefined : usedBar(totals, limit)],
    ["spent", dollars(spent)],
    ["reserved", dollars(reserved)],
    ["remaining", remaining === undefined ? undefined : dollars(remaining)],
    ["resets", resetsAtMs === undefined ? "never" : `${moment(resetsAtMs)}, in ${span(resetsAtMs - nowMs)}`],
    [
      "requests",
      unpriced === 0 ? String(totals.requests) : `${totals.requests}, ${unpriced} of unknown cost`,
    ],
    ["tokens", `${totals.inputTokens} in, ${totals.outputTokens} out`],
    ["announced", totals.announcedPercents.map((percent) => `${percent} %`).join(", ")],
  ]);
  const models = Object.entries(totals.byModel).toSorted(([, a], [, b]) => (a.spent < b.spent ? 1 : -1));
  if (models.length === 0) return head;
  const rows = models.map(([model, { spent, requests, inputTokens, outputTokens }]) => [
    model,
    dollars(spent),
    String(requests),
    String(inputTokens),
    String(outputTokens),
  ]);
  const right = ["SPENT", "REQUESTS", "TOKENS IN", "TOKENS OUT"];
  return `${head}\n\n${table(["MODEL", ...right], rows, { hasColours, right })}`;
}

/** Standings, one on each line. */
export function budgetTable(
  standings: readonly Standing[],
  options: { readonly hasColours: boolean },
): string {
  if (standings.length === 0) return "There are no keys and no tenants.";
  const rows = standings.map(({ holder, period, resetsAtMs, totals }) => [
    `${holder.kind} ${holder.name}`,
    period,
    holder.budget ? dollars(holder.budget.limit) : "-",
    dollars(totals.spent),
    dollars(totals.reserved),
    holder.budget ? `${percentOf(totals.spent + totals.reserved, holder.budget.limit)} %` : "-",
    resetsAtMs === undefined ? "never" : moment(resetsAtMs),
  ]);
  const head = ["OF", "PERIOD", "LIMIT", "SPENT", "RESERVED", "USED", "RESETS"];
  return table(head, rows, { ...options, right: ["LIMIT", "SPENT", "RESERVED", "USED"] });
}

function usedBar({ spent, reserved }: AccountTotals, limit: Picodollars): string {
  return `${bar(spent, reserved, limit)} ${percentOf(spent + reserved, limit)} %`;
}

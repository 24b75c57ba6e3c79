/** Of Sluice's own: what the call cost, and the budgets as they stood when it was admitted. */
import { formatUsd } from "@sluice/prices";
import type { CallFacts } from "./call-facts.ts";
import { json, type SluiceField } from "./sluice-field.ts";

/** See the module. */
export const MONEY_FIELDS: readonly SluiceField[] = [
  ["cost_usd", "USD, decimal text", "ledger", "The exact cost.", costUsd],
  [
    "cost_unknown",
    "",
    "price catalogue",
    "Why there is no cost.",
    ({ call }) => (call.billing?.cost.status === "unpriced" ? call.billing.cost.reason : undefined),
  ],
  [
    "price_source",
    "",
    "price catalogue",
    "Where the price is from.",
    ({ call }) => (call.billing?.cost.status === "priced" ? call.billing.cost.source : undefined),
  ],
  [
    "usage_estimated",
    "",
    "flusher",
    "The provider reported no usage: tokens were counted from the text.",
    ({ call }) => (call.billing?.usageEstimated ? true : undefined),
  ],
  [
    "billed_calls",
    "JSON",
    "answer",
    "The model calls that the provider billed, when there were several: kind, model, tokens.",
    billedCalls,
  ],
  [
    "key_spend_usd",
    "USD, decimal text",
    "ledger",
    "What the key had spent of its budget when the call was admitted.",
    (facts) => budgetOf(facts, "key")?.spentUsd,
  ],
  [
    "budget_limit_usd",
    "USD, decimal text",
    "key",
    "The key's budget.",
    (facts) => budgetOf(facts, "key")?.limitUsd,
  ],
  [
    "budget_resets_at",
    "ISO 8601",
    "key",
    "When the key's budget begins anew.",
    (facts) => resetOf(facts, "key"),
  ],
  [
    "tenant_spend_usd",
    "USD, decimal text",
    "ledger",
    "The same of the tenant's budget.",
    (facts) => budgetOf(facts, "tenant")?.spentUsd,
  ],
  [
    "tenant_budget_limit_usd",
    "USD, decimal text",
    "tenant",
    "The tenant's budget.",
    (facts) => budgetOf(facts, "tenant")?.limitUsd,
  ],
  [
    "tenant_budget_resets_at",
    "ISO 8601",
    "tenant",
    "When the tenant's budget begins anew.",
    (facts) => resetOf(facts, "tenant"),
  ],
];

function costUsd({ call: { billing } }: CallFacts): string | undefined {
  return billing?.cost.status === "priced" ? formatUsd(billing.cost.total) : undefined;
}

function billedCalls({ answer }: CallFacts): string | undefined {
  return json(
    answer?.billedCalls?.map(({ kind, model, usage }) => ({
      kind,
      ...(model !== undefined && { model }),
      input_tokens: usage.inputTokens,
      output_tokens: usage.outputTokens,
    })),
  );
}

function budgetOf({ record }: CallFacts, owner: "key" | "tenant") {
  return record.accounts.find(({ ownerKind }) => ownerKind === owner)?.budget;
}

function resetOf(facts: CallFacts, owner: "key" | "tenant"): string | undefined {
  const atMs = budgetOf(facts, owner)?.resetsAtMs;
  return atMs === undefined ? undefined : new Date(atMs).toISOString();
}

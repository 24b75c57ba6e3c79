/** Enters what calls cost in the ledger, before anything is exported: a drain that is down delays no budget. */
import type { Billing } from "@sluice/langfuse";
import {
  type AccountRef,
  type AccountStore,
  groupSettlements,
  type Hold,
  reachedPercents,
  type Settlement,
  type SettlementStore,
} from "@sluice/ledger";
import { inputTokens, parseUsd, ZERO_USD } from "@sluice/prices";
import type { ExchangeRecord, LedgerAccount } from "@sluice/trace";
import type { Announce, Log } from "./ports.ts";
import { settlementChains } from "./settlement-chains.ts";
import { eachAtOnce } from "./take-calls.ts";

/** What settling needs of the world. */
export interface SettleDependencies {
  readonly settlements: SettlementStore;
  readonly accounts: Pick<AccountStore, "read" | "claimAnnouncement" | "disclaimAnnouncement">;
  readonly announce: Announce;
  readonly log: Log;
  /** Unix time, ms. */
  readonly nowMs: () => number;
}

/** The settlement of a call; undefined when it was not admitted and so has nothing to settle. */
export function settlementOf(record: ExchangeRecord, billing: Billing | undefined): Settlement | undefined {
  if (record.accounts.length === 0) return undefined;
  const attempt = record.attempts.at(-1);
  const usage = billing?.usage;
  const cost = billing ? (billing.cost.status === "priced" ? billing.cost.total : undefined) : ZERO_USD;
  return {
    callId: record.callId,
    accounts: record.accounts.map(accountRef),
    holds: record.accounts.flatMap((account): Hold[] =>
      account.hold
        ? [
            {
              account: accountRef(account),
              bucket: account.hold.bucket,
              amount: parseUsd(account.hold.amountUsd),
            },
          ]
        : [],
    ),
    ...(cost !== undefined && { cost }),
    model: attempt ? `${attempt.provider}/${attempt.model}` : (record.requestedModel ?? "none"),
    inputTokens: usage ? inputTokens(usage) : 0,
    outputTokens: usage ? usage.output + usage.reasoning + usage.audioOutput + usage.imageOutput : 0,
  };
}

/** A call and its settlement. */
export interface ToSettle {
  readonly record: Pick<ExchangeRecord, "accounts">;
  readonly settlement: Settlement;
}

/**
 * Settles calls; resolves to the reasons why some could not be, by call id. Those are to come back, and must not be
 * exported meanwhile: only the ledger knows what was done before. Never rejects.
 */
export async function settleCalls(
  calls: readonly ToSettle[],
  deps: SettleDependencies,
): Promise<ReadonlyMap<string, string>> {
  const failed = new Map<string, string>();
  const chains = settlementChains(groupSettlements(calls.map(({ settlement }) => settlement)));
  await eachAtOnce(chains, async (chain) => {
    // One after the other: they write to the same accounts, and would only get in each other's way.
    for (const group of chain) {
      try {
        await deps.settlements.settle(group);
      } catch (error) {
        const reason = `The ledger did not take the settlement: ${error instanceof Error ? error.message : String(error)}`;
        for (const { callId } of group.settlements) failed.set(callId, reason);
      }
    }
  });
  await announceThresholds(
    calls.filter(({ settlement }) => !failed.has(settlement.callId)),
    deps,
  );
  return failed;
}

/**
 * Announces each threshold that a budget has reached, once in its period. What fails here is found again by the
 * next settlement, since it looks at how the account stands and not at what has changed.
 */
async function announceThresholds(calls: readonly ToSettle[], deps: SettleDependencies): Promise<void> {
  const budgeted = new Map(
    calls
      .flatMap(({ record }) => record.accounts)
      .filter(({ budget }) => budget !== undefined)
      .map((account) => [JSON.stringify(accountRef(account)), account]),
  );
  await eachAtOnce([...budgeted.values()], async (entry) => {
    try {
      await announceFor(entry, deps);
    } catch (error) {
      deps.log.warn("A budget's thresholds could not be checked.", { owner: entry.ownerId, error });
    }
  });
}

async function announceFor(
  { ownerKind, ownerId, periodId, budget }: LedgerAccount,
  { accounts, announce, nowMs }: SettleDependencies,
): Promise<void> {
  if (!budget) return;
  const account: AccountRef = { owner: { kind: ownerKind, id: ownerId }, periodId };
  const totals = await accounts.read(account);
  const reached = reachedPercents(totals.spent, parseUsd(budget.limitUsd));
  for (const percent of reached.filter((percent) => !totals.announcedPercents.includes(percent))) {
    if (!(await accounts.claimAnnouncement(account, percent))) continue;
    try {
      await announce({
        ownerKind,
        ownerId,
        periodId,
        percent,
        limitUsd: budget.limitUsd,
        spent: totals.spent,
        atMs: nowMs(),
        ...(budget.resetsAtMs !== undefined && { resetsAtMs: budget.resetsAtMs }),
      });
    } catch (error) {
      await accounts.disclaimAnnouncement(account, percent);
      throw error;
    }
  }
}

function accountRef({ ownerKind, ownerId, periodId }: LedgerAccount): AccountRef {
  return { owner: { kind: ownerKind, id: ownerId }, periodId };
}

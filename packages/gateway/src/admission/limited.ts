/**
 * Admits calls of keys with budgets and rate limits. Everything that must be written is written at once, in one round trip; when
 * one part refuses, the others are given back.
 */
import type { Tenant, VirtualKey } from "@sluice/keys";
import { type AccountStore, bucketFor, type Hold, isOpenWhenUnavailable } from "@sluice/ledger";
import { formatUsd, hasFreeTokens, type Picodollars, worstCaseCost, ZERO_USD } from "@sluice/prices";
import type { LedgerAccount } from "@sluice/trace";
import { GatewayError } from "../errors.ts";
import { everyTarget, keepTargets, type RoutePlan } from "../routing/route-plan.ts";
import type { Admission, AdmissionDependencies, Applicant } from "./admit.ts";
import { type BudgetState, budgetHeaders, budgetState } from "./budget-state.ts";
import { accountsOf, type BudgetedAccount, ledgerEntry } from "./budgeted-account.ts";
import { prescribedPlan } from "./prescribed-plan.ts";
import { takeParallelCall, takeRate } from "./rate-limits.ts";
import {
  budgetExceeded,
  budgetUnavailable,
  costUnbounded,
  modelUnpriced,
  withBudgetHeaders,
} from "./refusals.ts";
import {
  boundsAt,
  type CallBounds,
  isFreeOfCharge,
  rateTokens,
  requestBounds,
  requestTerms,
} from "./request-bounds.ts";
import type { Unbounded } from "./unbounded.ts";

/** What admitting a call of a limited key takes. */
interface LimitedDependencies extends AdmissionDependencies {
  readonly accounts: AccountStore;
}

/** Admits a call of a key that has limits, to the plan that its allow-list leaves. Throws a `GatewayError` that says why not. */
export async function admitLimited(
  applicant: Applicant,
  asked: RoutePlan,
  admission: AdmissionDependencies,
): Promise<Admission> {
  const { key, request, startedAtMs, deadlineAtMs } = applicant;
  const { accounts: accountStore, rates } = await admission.loadLedger();
  const deps = { ...admission, accounts: accountStore };
  const tenant = await tenantOf(key, deps);
  const accounts = accountsOf(key, tenant, startedAtMs);
  const prescribed = await prescribedPlan(applicant, asked, accounts, deps.readAccount);
  const bounds = requestBounds(request, applicant.endpoint);
  const strict = accounts.some(({ budget }) => budget?.mode === "strict");
  const bounded = strict ? await mostItCosts(prescribed, applicant, bounds, deps) : undefined;
  const { plan, needed } = bounded ?? {
    plan: prescribed,
    needed: isFreeOfCharge(applicant.endpoint) ? ZERO_USD : undefined,
  };
  const expiresAtMs = deadlineAtMs + deps.settlementGraceMs;
  const bucket = bucketFor(expiresAtMs);

  const entries = accounts.map((account) => enter(account, needed, bucket, deps));
  const parallel = openWhenAway(takeParallelCall(key, expiresAtMs, deps.accounts), deps);
  const rate = openWhenAway(takeRate(key, rateTokens(bounds), startedAtMs, rates), deps);
  const settled = await Promise.allSettled([...entries, parallel, rate]);
  const refused = settled.find((result) => result.status === "rejected");
  if (refused) {
    await giveBack(await held([...entries, parallel]), deps);
    const states = (await Promise.allSettled(entries)).flatMap((result) =>
      result.status === "fulfilled" ? result.value.state : [],
    );
    throw withBudgetHeaders(refused.reason, tightest(states));
  }
  const entered = await Promise.all(entries);
  const slot = await parallel;
  return {
    plan,
    headers: { ...tightest(entered.map(({ state }) => state)), ...(await rate) },
    accounts: entered.map(({ entry }) => entry),
    leave: () => giveBack(slot ? [slot] : [], deps),
  };
}

/** What became of one account. */
interface Entered {
  readonly entry: LedgerAccount;
  readonly state?: BudgetState;
  readonly hold?: Hold;
}

async function enter(
  { account, budget, resetsAtMs }: BudgetedAccount,
  needed: Picodollars | undefined,
  bucket: number,
  deps: LimitedDependencies,
): Promise<Entered> {
  const entry = ledgerEntry({ account });
  if (!budget) return { entry };
  try {
    const hold =
      budget.mode === "strict" && needed !== undefined && needed > 0n
        ? { account, bucket, amount: needed }
        : undefined;
    const { granted, totals } = hold
      ? await deps.accounts.reserve(hold, budget.limit)
      : await deps.readAccount(account).then((totals) => ({
          granted: needed === 0n || totals.spent + totals.reserved < budget.limit,
          totals,
        }));
    const state = budgetState(account, budget, totals, resetsAtMs, hold?.amount);
    if (!granted) throw budgetExceeded(state);
    return {
      entry: {
        ...entry,
        budget: {
          limitUsd: formatUsd(budget.limit),
          spentUsd: formatUsd(totals.spent),
          ...(resetsAtMs !== undefined && { resetsAtMs }),
        },
        ...(hold && { hold: { bucket, amountUsd: formatUsd(hold.amount) } }),
      },
      state,
      ...(hold && { hold }),
    };
  } catch (error) {
    if (error instanceof GatewayError) throw error;
    if (!isOpenWhenUnavailable(budget)) throw budgetUnavailable(error);
    deps.log.warn("The ledger is away; the call goes through unchecked.", { owner: account.owner.id, error });
    return { entry };
  }
}

/**
 * The key's tenant. When it cannot be looked up, nobody knows its budget: the key's own switch decides, and a key without
 * a budget is refused, since its tenant's may be strict.
 */
async function tenantOf(key: VirtualKey, { keys, log }: AdmissionDependencies): Promise<Tenant | undefined> {
  if (key.tenant === undefined) return undefined;
  try {
    return await keys.findTenant(key.tenant);
  } catch (error) {
    if (!key.budget || !isOpenWhenUnavailable(key.budget)) throw budgetUnavailable(error);
    log.warn("The tenant cannot be looked up; the call goes through without its budget.", {
      tenant: key.tenant,
      error,
    });
    return undefined;
  }
}

/**
 * The worst case of the call wherever it may go, and the plan without the targets that have no price, or where it has no bound. A
 * dearer tier that it asks for may be refused, so the standard one bounds it too. Throws when no first choice is left.
 */
async function mostItCosts(
  plan: RoutePlan,
  { request, endpoint, startedAtMs, formatAt }: Applicant,
  bounds: CallBounds,
  deps: AdmissionDependencies,
): Promise<{ readonly plan: RoutePlan; readonly needed: Picodollars }> {
  if (isFreeOfCharge(endpoint)) return { plan, needed: ZERO_USD };
  const catalogue = await deps.loadPrices();
  const terms = requestTerms(request);
  const costs = new Map<string, Picodollars>();
  let reason = "";
  let unbounded: Unbounded | undefined;
  for (const target of everyTarget(plan)) {
    const { provider, model } = target;
    const price = catalogue.find(provider, model, startedAtMs);
    const here = boundsAt(bounds, request, target, formatAt(target));
    if (here.unbounded) {
      const tokensAreFree = price.status === "known" && hasFreeTokens(price);
      if (!(here.unbounded.inTokens && tokensAreFree)) {
        unbounded ??= here.unbounded;
        continue;
      }
    }
    const standard = worstCaseCost(here, price);
    const asked = worstCaseCost(here, price, terms);
    if (standard.status === "unpriced") {
      reason ||= standard.reason;
      continue;
    }
    const dearer = asked.status === "priced" && asked.total > standard.total;
    costs.set(`${provider}/${model}`, dearer ? asked.total : standard.total);
  }
  const priced = keepTargets(plan, ({ provider, model }) => costs.has(`${provider}/${model}`));
  const [first] = plan.targets;
  if (!priced && unbounded) throw costUnbounded(unbounded);
  if (!priced) throw modelUnpriced(first ? `${first.provider}/${first.model}` : request.model, reason);
  return {
    plan: priced,
    needed: [...costs.values()].reduce((most, cost) => (cost > most ? cost : most), ZERO_USD),
  };
}

/** Limits of traffic do not stop it when their counters are away. */
async function openWhenAway<T>(taking: Promise<T>, { log }: AdmissionDependencies): Promise<T | undefined> {
  try {
    return await taking;
  } catch (error) {
    if (error instanceof GatewayError) throw error;
    log.warn("The counters of rate limits are away; the call goes through uncounted.", { error });
    return undefined;
  }
}

/** What was set aside by those that succeeded. */
async function held(taken: readonly Promise<Entered | Hold | undefined>[]): Promise<readonly Hold[]> {
  const results = await Promise.allSettled(taken);
  return results.flatMap((result) => {
    if (result.status === "rejected" || !result.value) return [];
    return "entry" in result.value ? (result.value.hold ?? []) : result.value;
  });
}

async function giveBack(
  holds: readonly Hold[],
  { accounts, log }: { readonly accounts: AccountStore; readonly log: AdmissionDependencies["log"] },
): Promise<void> {
  await Promise.all(
    holds.map((hold) =>
      accounts.release(hold).catch((error: unknown) => {
        log.warn("A hold could not be given back; it expires by itself.", {
          owner: hold.account.owner.id,
          error,
        });
      }),
    ),
  );
}

/** The headers of the budget with the least left. */
function tightest(states: readonly (BudgetState | undefined)[]): Record<string, string> {
  const [tight] = states
    .filter((state) => state !== undefined)
    .toSorted((a, b) => (a.remaining < b.remaining ? -1 : 1));
  return tight ? budgetHeaders(tight) : {};
}

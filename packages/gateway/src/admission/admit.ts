/**
 * Whether a key may make a call, decided before any provider is called. A key without limits is decided here; what keeps the
 * others is loaded for them only.
 */
import type { VirtualKey } from "@sluice/keys";
import type { ModelRoute } from "@sluice/providers";
import type { AnswerFormat, Endpoint, LedgerAccount } from "@sluice/trace";
import { modelNotAllowed } from "../errors.ts";
import type { InferenceRequest } from "../inference-request.ts";
import type { GatewayDependencies, KeyStore } from "../ports.ts";
import { keepTargets, type RoutePlan } from "../routing/route-plan.ts";
import type { ReadAccount } from "./account-cache.ts";
import { mayUse } from "./allow-list.ts";
import { accountsOf, ledgerEntry } from "./budgeted-account.ts";

/** What an instance admits calls with. */
export interface AdmissionDependencies
  extends Pick<GatewayDependencies, "loadLedger" | "loadPrices" | "log"> {
  readonly keys: Pick<KeyStore, "findTenant">;
  readonly readAccount: ReadAccount;
  /**
   * How long after the latest moment at which a call can end its settlement is waited for, ms. A settlement that
   * comes later still counts; but until then its money could be spent once more.
   */
  readonly settlementGraceMs: number;
}

/** A call that asks to be admitted. */
export interface Applicant {
  readonly key: VirtualKey;
  readonly request: InferenceRequest;
  readonly endpoint: Endpoint;
  /** Plans the way to a model. */
  readonly plan: (model: string) => RoutePlan;
  /** What the request is translated into for a target; undefined when it goes as it is. */
  readonly formatAt: (target: ModelRoute) => AnswerFormat | undefined;
  /** Unix time, ms. */
  readonly startedAtMs: number;
  /** When the call ends by force, Unix time in ms. */
  readonly deadlineAtMs: number;
}

/** A call that was admitted. */
export interface Admission {
  /** Where it may go: to the model it asked for, or to a cheaper one that its budget prescribes. */
  readonly plan: RoutePlan;
  /** How budgets and limits stand, for the answer. */
  readonly headers: Readonly<Record<string, string>>;
  /** For the record: where the call is to be entered, and what was set aside for it. */
  readonly accounts: readonly LedgerAccount[];
  /** To be called when the answer has ended. Never rejects. */
  leave(): Promise<void>;
}

/** Admits a call, or throws a `GatewayError` that says why not. */
export async function admit(applicant: Applicant, deps: AdmissionDependencies): Promise<Admission> {
  const { key, request, startedAtMs } = applicant;
  const plan = keepTargets(applicant.plan(request.model), (target) => mayUse(key, request.model, target));
  if (!plan) throw modelNotAllowed(request.model, key.alias);
  if (isLimited(key)) {
    const { admitLimited } = await import("./limited.ts");
    return await admitLimited(applicant, plan, deps);
  }
  return {
    plan,
    headers: {},
    accounts: accountsOf(key, undefined, startedAtMs).map(ledgerEntry),
    leave: async () => await Promise.resolve(),
  };
}

function isLimited({ budget, tenant, rateLimits }: VirtualKey): boolean {
  return budget !== undefined || tenant !== undefined || rateLimits !== undefined;
}

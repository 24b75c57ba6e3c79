/** Accounts: what a key or a tenant has spent and set aside in one period. */
import type { Picodollars } from "@sluice/prices";

/** Whose money: a virtual key's, by its public id, or a tenant's, by its name. */
export interface Owner {
  readonly kind: "key" | "tenant";
  readonly id: string;
}

/** One owner's account for one period. */
export interface AccountRef {
  readonly owner: Owner;
  /** See `PeriodWindow.id`. */
  readonly periodId: string;
}

/** What stands in an account. */
export interface AccountTotals {
  /** Settled cost. */
  readonly spent: Picodollars;
  /** Set aside for calls that are not settled yet. */
  readonly reserved: Picodollars;
  readonly requests: number;
  /** Settled calls whose cost is unknown, because no price is known for their model. */
  readonly unpricedRequests: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly byModel: Readonly<Record<string, ModelTotals>>;
  /** Shares of the limit, in percent, whose crossing was announced in this period. */
  readonly announcedPercents: readonly number[];
}

/** The part of one model. */
export interface ModelTotals {
  readonly spent: Picodollars;
  readonly requests: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/**
 * What is set aside in an account for one call: picodollars, or one in the account of parallel calls. `bucket` is the minute (since 1970) from which on nobody expects its
 * settlement any more. Reservations are summed up by that minute, so an account needs no list of calls, and
 * what a killed function left behind can be given back without knowing which call it was.
 */
export interface Hold {
  readonly account: AccountRef;
  readonly bucket: number;
  readonly amount: bigint;
}

const MINUTE_MS = 60_000;
/** Clocks of functions may differ; a bucket is given back only when it is this much older, minutes. */
const CLOCK_SKEW_MINUTES = 1;

/** The bucket of a reservation that expires at a moment (Unix time, ms): the first full minute from then on. */
export function bucketFor(expiresAtMs: number): number {
  return Math.ceil(expiresAtMs / MINUTE_MS);
}

/** Whether what is left in a bucket belongs to calls that will never be settled. */
export function isExpired(bucket: number, nowMs: number): boolean {
  return bucket + CLOCK_SKEW_MINUTES <= Math.floor(nowMs / MINUTE_MS);
}

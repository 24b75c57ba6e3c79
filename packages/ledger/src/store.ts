/** What the ledger needs of its store. The adapter is in `packages/aws`. */
import type { Picodollars } from "@sluice/prices";
import type { AccountRef, AccountTotals, Hold } from "./account.ts";
import type { SettlementGroup } from "./settlement.ts";

/** The answer to a reservation: whether it was granted, and how the account stands after it. */
export interface Reserved {
  readonly granted: boolean;
  readonly totals: AccountTotals;
}

/** How one group went. */
export interface GroupSettled {
  /** Calls that this transaction settled. */
  readonly settledIds: readonly string[];
  /** Calls that had been settled before: nothing was entered for them again. */
  readonly knownIds: readonly string[];
}

/** Accounts. Every method throws what the store throws when it is away. */
export interface AccountStore {
  /**
   * Sets the hold's amount aside if `spent + reserved + amount <= limit`, in one conditional write. Before it
   * refuses, it gives back what expired reservations left behind, and tries again. When the store's answer is lost
   * and the write repeated, more may be set aside than the call has; it expires.
   */
  reserve(hold: Hold, limit: bigint): Promise<Reserved>;
  /**
   * Gives a hold back. For a call that did not take place; a hold is given back once only, also when the store's
   * answer is lost.
   */
  release(hold: Hold): Promise<void>;
  /** How an account stands. What has expired does not count as reserved. */
  read(account: AccountRef): Promise<AccountTotals>;
  /** Corrects the spend by an amount, which may be negative: an operator's doing, to be audited. */
  adjust(account: AccountRef, amount: Picodollars): Promise<AccountTotals>;
  /**
   * Notes that a threshold's crossing is announced. True for the one caller who is first in the account's period
   * and must announce it.
   */
  claimAnnouncement(account: AccountRef, percent: number): Promise<boolean>;
  /** Takes a claim back that came to nothing, so that the next one who looks announces it. */
  disclaimAnnouncement(account: AccountRef, percent: number): Promise<void>;
}

/** The calls that were settled. Throws what the store throws when it is away. */
export interface SettlementStore {
  /** Settles a group: each call exactly once, together with the spend, in one transaction. */
  settle(group: SettlementGroup): Promise<GroupSettled>;
}

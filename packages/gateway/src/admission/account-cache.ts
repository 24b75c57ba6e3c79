/** Keeps how accounts stand for a few seconds, so that a soft budget costs a warm instance nothing. */
import type { AccountRef, AccountStore, AccountTotals } from "@sluice/ledger";
import { remember } from "../timed-cache.ts";

/** How long an account's state counts, ms. A soft budget can be overrun by what is spent in this time. */
export const ACCOUNT_CACHE_MS = 5_000;

/** Reads accounts, from memory when they were read within the last `ACCOUNT_CACHE_MS`. */
export type ReadAccount = (account: AccountRef) => Promise<AccountTotals>;

/** A reader in front of the store. */
export function cacheAccounts(
  store: () => Promise<Pick<AccountStore, "read">>,
  nowMs: () => number,
): ReadAccount {
  return remember(
    async (account) => await (await store()).read(account),
    () => ACCOUNT_CACHE_MS,
    nowMs,
    JSON.stringify,
  );
}

/** Keeps looked-up keys for a short while, so that a warm instance asks the store once, not each time. */
import type { KeyStore } from "./ports.ts";
import { remember } from "./timed-cache.ts";

/** How long a found key counts, ms: a blocked key may be used on a warm instance for this long. */
export const KEY_CACHE_MS = 5_000;
/** How long "no such key" (or tenant) counts, ms: short, so that a new key works at once. */
export const MISSING_KEY_CACHE_MS = 2_000;

/** A store that answers from memory what it was told within the last `KEY_CACHE_MS`. */
export function cacheKeys(store: KeyStore, nowMs: () => number): KeyStore {
  const lifetimeMs = (found: unknown) => (found === undefined ? MISSING_KEY_CACHE_MS : KEY_CACHE_MS);
  return {
    findByHash: remember((hash) => store.findByHash(hash), lifetimeMs, nowMs, String),
    findTenant: remember((name) => store.findTenant(name), lifetimeMs, nowMs, String),
  };
}

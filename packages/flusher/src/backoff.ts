/** When a message that could not be handled comes back. */

/** First wait, ms. A batch's own window is seconds, so a passing fault costs little. */
const FIRST_DELAY_MS = 10_000;
/** Longest wait, ms: with a drain away for days, a message is tried every hour or two. */
export const MAX_DELAY_MS = 2 * 60 * 60_000;

/**
 * Time until the next try, ms: doubled with each receive up to two hours, then spread over its second half so that the
 * messages of one outage do not come back at once. A drain's own wish (`Retry-After`) is the least that is waited, up
 * to the same limit. `random` is in [0, 1).
 */
export function retryDelayMs(receiveCount: number, retryAfterMs: number | undefined, random: number): number {
  const doubled = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(receiveCount - 1, 30));
  const spread = doubled / 2 + (doubled / 2) * random;
  return Math.round(Math.min(MAX_DELAY_MS, Math.max(spread, retryAfterMs ?? 0)));
}

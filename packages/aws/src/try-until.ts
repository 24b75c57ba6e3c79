/** Tries of one AWS request within a time. */

/** Longest time of one try, ms. SQS and S3 answer within a tenth of it. */
const LONGEST_TRY_MS = 2_000;
/** First and longest wait between two tries, ms. */
const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 1_000;

/** The clock, and what spreads the waits. */
export interface TryDependencies {
  /** Unix time, ms. */
  readonly nowMs: () => number;
  readonly wait: (ms: number) => Promise<void>;
  /** In [0, 1). */
  readonly random: () => number;
}

/**
 * Tries until one succeeds, `giveUpAtMs` is reached, or the service refuses the request itself, which no other try
 * can change. Each try has a signal that ends it. There is always one try, of a tenth of a second at least. `signal` ends it all
 * at once. Rejects with the last try's error.
 */
export async function tryUntil<T>(
  giveUpAtMs: number,
  attempt: (signal: AbortSignal) => Promise<T>,
  { nowMs, wait, random }: TryDependencies,
  signal?: AbortSignal,
): Promise<T> {
  const ended = signal ? [signal] : [];
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(LONGEST_WAIT_MS, waitMs * 2)) {
    const leftMs = Math.max(FIRST_WAIT_MS, giveUpAtMs - nowMs());
    const timeout = AbortSignal.timeout(Math.min(LONGEST_TRY_MS, leftMs));
    try {
      return await endedBy(AbortSignal.any([timeout, ...ended]), attempt);
    } catch (error) {
      const pauseMs = waitMs * (0.5 + random() / 2);
      if (signal?.aborted || isRefusal(error) || nowMs() + pauseMs >= giveUpAtMs) throw error;
      await (signal ? endedBy(signal, () => wait(pauseMs)) : wait(pauseMs));
    }
  }
}

/** Not only handed on: waiting for credentials or for a wait between the SDK's own tries would not heed the signal. */
async function endedBy<T>(signal: AbortSignal, attempt: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const ended = Promise.withResolvers<never>();
  const end = () => ended.reject(new Error("The service did not answer in time.", { cause: signal.reason }));
  signal.addEventListener("abort", end, { once: true });
  if (signal.aborted) end();
  try {
    return await Promise.race([attempt(signal), ended.promise]);
  } finally {
    signal.removeEventListener("abort", end);
  }
}

const PASSING = /throttl|slowdown|limitexceeded|timeout|expired|overlimit/i;

/**
 * Whether a service refused the request itself. A 4xx is about the request, unless it says that there were too many, or
 * that it came at the wrong time.
 */
export function isRefusal(error: unknown): boolean {
  const { name, $metadata } = error as Error & { readonly $metadata?: { readonly httpStatusCode?: number } };
  const status = $metadata?.httpStatusCode ?? 0;
  return status >= 400 && status < 500 && status !== 408 && status !== 429 && !PASSING.test(name);
}

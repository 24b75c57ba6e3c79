/** Limits of a key's traffic, by the minute of the clock. */

/** What a key has used in a minute. */
export interface MinuteUse {
  readonly requests: number;
  readonly tokens: number;
  /** When the next minute begins, Unix time in ms. */
  readonly resetsAtMs: number;
}

/** What one call takes of a minute, and the limits that hold. */
export interface Take {
  /** Unix time, ms. */
  readonly atMs: number;
  readonly tokens: number;
  readonly requestsPerMinute?: number;
  readonly tokensPerMinute?: number;
}

/** Counters by key and minute. */
export interface RateStore {
  /** Counts a call if it is within the limits, in one conditional write. Throws what the store throws. */
  take(keyId: string, take: Take): Promise<{ readonly granted: boolean; readonly use: MinuteUse }>;
}

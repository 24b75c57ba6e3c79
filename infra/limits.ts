/**
 * Every number that more than one infrastructure file, or a promise in the docs, rests on. Units are in the names.
 *
 * Sources: SQS quotas, "Using Lambda with Amazon SQS" and "Configuring a dead-letter queue" in the AWS documentation.
 */

const secondsPerDay = 86_400;

/** The gateway function: one call at a time for each instance, I/O bound. */
export const gatewayLimits = {
  memoryMb: 512,
  /** Lambda's own maximum: the longest model call that can be proxied. */
  timeoutMinutes: 15,
} as const;

/** The flusher function and the event source mapping that feeds it. */
export const flusherLimits = {
  memoryMb: 1024,
  timeoutSeconds: 300,
  /** Records of one batch; Lambda's 6 MB payload may end a batch sooner. */
  batchSize: 1000,
  /** How long the poller gathers a batch. Any batch size above 10 needs at least 1 s. */
  batchWindowSeconds: 5,
  /**
   * Flushers at the same time. Set on the mapping and not as reserved concurrency: the poller then waits, where
   * throttled invocations would use up receive counts.
   */
  maximumConcurrency: 4,
  /** How often spilled records are looked for when no batch does it. */
  sweepIntervalMinutes: 5,
} as const;

const queueRetentionDays = 14;

/** The trace queue and the dead-letter queue behind it. */
export const queueLimits = {
  /** SQS's own maximum. The dead-letter queue keeps records as long again, because parking sends a fresh message. */
  retentionSeconds: queueRetentionDays * secondsPerDay,
  /** AWS asks for six times the function's timeout, so that a throttled batch is not delivered a second time. */
  visibilityTimeoutSeconds: 6 * flusherLimits.timeoutSeconds,
  /**
   * Receives before SQS itself moves a record to the dead-letter queue. Two bounds meet here:
   * a drain may be down for the whole retention while the flusher asks for each record once an hour (336 receives),
   * and a record that kills every flusher (one receive per visibility timeout) must move before its retention ends,
   * because a moved record keeps its first timestamp (672 receives).
   */
  maximumReceives: 400,
} as const;

/** What the bucket keeps, and for how long. */
export const bucketLimits = {
  /** Longer than a record can live: 14 days in the queue and 14 more in the dead-letter queue. */
  expirationDays: 30,
  /** Calls whose traces were cut. As long as claims: their link in a trace leads nowhere afterwards. */
  wholeDays: 30,
  /** Parts of uploads that never finished. */
  incompleteUploadDays: 1,
} as const;

/** Days CloudWatch keeps the functions' logs. */
export const logRetentionDays = 30;

import { flusherLimits, gatewayLimits } from "./limits.ts";

/** What is watched, and what of it is paid for: edit it to taste. docs/operations.md has what each part costs. */
export const observability = {
  /** A CloudWatch dashboard for each stage. */
  dashboard: true,
  /** The alarms, for each stage. */
  alarms: true,
  /** X-Ray segments of both functions, for those who look for time between AWS services. `SLUICE_XRAY=1` at a deploy turns it on. */
  xray: process.env["SLUICE_XRAY"] === "1",
  /** Where the runbook is for who gets an alarm. A URL of your own copy makes it one click. */
  runbook: "docs/operations.md",
} as const;

const secondsPerHour = 3600;

/** How much of a function's time limit may be used before somebody should know. */
const durationShare = 0.9;

/** When alarms ring: each is rung by a value above its threshold. Units are in the names; a period is five minutes. */
export const alarmThresholds = {
  /** The oldest call in flight, seconds. A drain that is away for a while is no emergency; hours of it are worth a look. */
  deliveryBehindSeconds: 6 * secondsPerHour,
  /** The oldest record in the queue, seconds. Records are parked after 13 days, and the queue drops what is older than 14. */
  retentionNearSeconds: 10 * 24 * secondsPerHour,
  /** Messages that wait all through a period in which none is received. */
  queueNotRead: 0,
  /** Messages in the dead-letter queue. */
  deadLetters: 0,
  /** Records parked in a period. */
  recordsParked: 0,
  /** Exports that a drain refused until somebody acts. */
  drainRefused: 0,
  /** Failed invocations of the flusher in a period, in two periods of three: one that was killed is made up for. */
  flusherErrors: 0,
  /** Failed invocations of the gateway in a period: killed, crashed, or an answer that broke off. */
  gatewayErrors: 5,
  /** Throttled invocations in a period, of either function. */
  throttles: 0,
  /** Longest run of the gateway, ms. */
  gatewayDurationMs: durationShare * gatewayLimits.timeoutMinutes * 60_000,
  /** Longest run of the flusher, ms. */
  flusherDurationMs: durationShare * flusherLimits.timeoutSeconds * 1000,
  /** Calls that failed by a fault of Sluice. */
  internalErrors: 0,
  /** Share of calls that failed at a provider, percent, of `providerErrorsFromCalls` calls or more in a period. */
  providerErrorsPercent: 10,
  providerErrorsFromCalls: 20,
  /** The gateway's own time before a provider is asked, 95th percentile, ms. */
  overheadMs: 500,
  /** Records that the queue did not take and the bucket did. */
  spills: 0,
  /** Records that are in the log alone. */
  logFallbacks: 0,
  /** Calls without a valid key in a period, in three periods in a row. */
  unauthenticatedCalls: 500,
  /** Budgets that have reached their limit. */
  budgetsUsedUp: 0,
  /** Settled calls whose model has no price: no budget sees them. */
  unpricedCalls: 0,
  /** Accepted calls that are nowhere. */
  unaccounted: 0,
} as const;

/** What the functions log: `error`, `warn`, `info` or `debug`. Metrics are written at each of them. `SLUICE_LOG_LEVEL` at a deploy sets it. */
export const logLevel = process.env["SLUICE_LOG_LEVEL"] ?? "info";

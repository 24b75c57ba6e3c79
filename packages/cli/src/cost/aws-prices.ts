/**
 * AWS's list prices in us-east-1, USD, autumn 2026, from the price pages of each service. Free tiers and discounts are left out, so
 * a bill is at most what follows from these.
 */
export const AWS_PRICES = {
  lambda: {
    /** arm64. */
    perGbSecond: 0.0000133334,
    perMillionRequests: 0.2,
  },
  sqs: {
    /** Standard queue. Each 64 KB of a send or a receive counts as one request. */
    perMillionRequests: 0.4,
    requestKb: 64,
    /** Most messages of one receive or delete. */
    batchSize: 10,
  },
  dynamodb: {
    /** On demand, items of at most 1 KB; in a transaction each counts twice. */
    perMillionWrites: 0.625,
    /** On demand, strongly consistent, items of at most 4 KB. */
    perMillionReads: 0.125,
  },
  logs: { perGb: 0.5 },
  /** Data out to the internet: requests to providers, and answers to callers. */
  transfer: { perGb: 0.09 },
  secretsManager: { perSecretMonth: 0.4, perMillionRequests: 5 },
  cloudWatch: { perAlarmMonth: 0.1, perDashboardMonth: 3, perMetricMonth: 0.3 },
} as const;

/** What AWS lists for running LiteLLM on ECS for a month: "Guidance for Multi-Provider Generative AI Gateway on AWS", USD. */
export const LITELLM_ON_ECS_PER_MONTH = 378;

/** The kinds of things a provider bills a call by. They do not overlap: a token is in one bucket only. */

/** Every bucket, in the order in which breakdowns list them. */
export const BUCKETS = [
  "input",
  "cacheRead",
  "cacheWrite5m",
  "cacheWrite1h",
  "audioInput",
  "imageInput",
  "output",
  "reasoning",
  "audioOutput",
  "imageOutput",
  "requests",
  "webSearches",
] as const;

/** One of the kinds of things billed: tokens, but for `requests` and `webSearches`. */
export type Bucket = (typeof BUCKETS)[number];

/** The buckets whose sum is the prompt, by which providers choose their long-context rates. */
export const INPUT_BUCKETS = [
  "input",
  "cacheRead",
  "cacheWrite5m",
  "cacheWrite1h",
  "audioInput",
  "imageInput",
] as const satisfies readonly Bucket[];

/** The buckets whose sum is the answer. */
export const OUTPUT_BUCKETS = [
  "output",
  "reasoning",
  "audioOutput",
  "imageOutput",
] as const satisfies readonly Bucket[];

/**
 * Whose rate a bucket is billed at when the provider lists none of its own: thinking is output, an input
 * that the cache does not make cheaper or dearer is input. Fees without a rate are not charged.
 */
export const FALLBACK: Readonly<Partial<Record<Bucket, Bucket>>> = {
  cacheRead: "input",
  cacheWrite5m: "input",
  cacheWrite1h: "cacheWrite5m",
  audioInput: "input",
  imageInput: "input",
  reasoning: "output",
  audioOutput: "output",
  imageOutput: "output",
};

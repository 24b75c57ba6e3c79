/** Langfuse's usage and cost of a call. Keys are its own, values disjoint, so that nothing is charged twice. */
import { type BilledUsage, type Bucket, billedUsage, type Picodollars, toUsdNumber } from "@sluice/prices";
import { assembledAnswer, type ObservedCall } from "./observed-call.ts";
import type { Verdict } from "./verdict.ts";

/** What `usage_details` and `cost_details` hold: whole tokens, and USD. */
export interface UsageAndCost {
  readonly usage?: Readonly<Record<string, number>>;
  readonly cost?: Readonly<Record<string, number>>;
}

/** Langfuse's key for each kind of thing that is billed. */
const KEYS: Readonly<Record<Bucket, string>> = {
  input: "input",
  cacheRead: "input_cached_tokens",
  cacheWrite5m: "input_cache_creation_5m",
  cacheWrite1h: "input_cache_creation_1h",
  audioInput: "input_audio_tokens",
  imageInput: "input_image_tokens",
  output: "output",
  reasoning: "output_reasoning_tokens",
  audioOutput: "output_audio_tokens",
  imageOutput: "output_image_tokens",
  requests: "requests",
  webSearches: "web_searches",
};

/** Things that are billed and are no tokens: they have a cost, and no place among the tokens. */
const NO_TOKENS: ReadonlySet<string> = new Set<Bucket>(["requests", "webSearches"]);

const NOTHING: UsageAndCost = { usage: { input: 0, output: 0, total: 0 }, cost: { total: 0 } };

/**
 * The cost is the one in the ledger, sent with a `total` so that Langfuse computes none of its own. Without a
 * price none is sent: unknown is not zero. A call that failed without usage costs nothing and has to say so,
 * since Langfuse tokenises and charges an ERROR generation that has a model but no usage.
 */
export function usageAndCost(call: ObservedCall, { level }: Verdict): UsageAndCost {
  const { billing } = call;
  if (billing) {
    const { usage, cost } = billing;
    return {
      usage: usageDetails(usage),
      ...(cost.status === "priced" && { cost: costDetails(cost.buckets, cost.total) }),
    };
  }
  const answer = assembledAnswer(call);
  if (answer?.usage) return { usage: usageDetails(billedUsage(answer.usage, answer.rawUsage)) };
  return level === "ERROR" ? NOTHING : {};
}

function usageDetails(usage: BilledUsage): Readonly<Record<string, number>> {
  const tokens = Object.entries(usage).filter(([bucket]) => !NO_TOKENS.has(bucket));
  return {
    ...named(tokens),
    total: tokens.reduce((sum, [, count]) => sum + count, 0),
  };
}

function costDetails(
  buckets: Readonly<Record<Bucket, Picodollars>>,
  total: Picodollars,
): Readonly<Record<string, number>> {
  const amounts = Object.entries(buckets).map(([bucket, amount]): [string, number] => [
    bucket,
    toUsdNumber(amount),
  ]);
  return { ...named(amounts), total: toUsdNumber(total) };
}

/** Input and output always, the rest where there is any. */
function named(entries: readonly (readonly [string, number])[]): Readonly<Record<string, number>> {
  return Object.fromEntries(
    entries
      .filter(([bucket, value]) => value > 0 || bucket === "input" || bucket === "output")
      .map(([bucket, value]) => [KEYS[bucket as Bucket], value]),
  );
}

/** The model calls that one answer is billed for, where a provider made several (Anthropic's `usage.iterations`). */
import type { AssembledAnswer } from "@sluice/wire";
import { type BilledUsage, billedUsage, NO_USAGE } from "./billed-usage.ts";
import { BUCKETS, type Bucket } from "./buckets.ts";

/** What one of the calls used, and of which model. */
export interface BilledCallUsage {
  /** Absent where it was the model that answered. */
  readonly model?: string;
  readonly usage: BilledUsage;
}

/**
 * What each call used. One row for an answer that tells its usage only once, none for one that tells nothing. What is told
 * of the whole answer alone counts once: the request and its searches stand in the first row; thinking is taken out of the
 * output of the answer's own calls, which its total speaks of, as far as they last.
 */
export function billedCallUsages({
  usage,
  rawUsage,
  billedCalls,
  webSearches = 0,
}: Pick<AssembledAnswer, "usage" | "rawUsage" | "billedCalls" | "webSearches">): readonly BilledCallUsage[] {
  const told = usage && billedUsage(usage, rawUsage);
  // Where the usage tells its searches, they are not counted again in the output.
  const whole = told && { ...told, webSearches: told.webSearches || webSearches };
  if (!billedCalls) return whole ? [{ usage: whole }] : [];
  let thinking = whole?.reasoning ?? 0;
  return billedCalls.map((call, index) => {
    const own = billedUsage(call.usage, call.rawUsage);
    const isOwn = call.kind === "message" || call.kind === "fallback_message";
    const taken = isOwn ? Math.min(thinking, own.output) : 0;
    thinking -= taken;
    return {
      ...(call.model !== undefined && { model: call.model }),
      usage: {
        ...own,
        output: own.output - taken,
        reasoning: own.reasoning + taken,
        requests: index === 0 ? 1 : 0,
        webSearches: index === 0 ? (whole?.webSearches ?? 0) : 0,
      },
    };
  });
}

/** The sum of what several calls used, bucket by bucket. */
export function sumUsages(usages: readonly BilledUsage[]): BilledUsage {
  const sum: Record<Bucket, number> = { ...NO_USAGE };
  for (const usage of usages) {
    for (const bucket of BUCKETS) sum[bucket] += usage[bucket];
  }
  return sum;
}

/** Reads the `usage` object of Anthropic's messages, and the model calls that it bills (Anthropic API, "Messages"). */
import type { BilledCall, TokenUsage } from "../assembled.ts";
import { asCount, asList, asObject, asText, type JsonObject } from "../json-value.ts";

/** The counts of a usage object; undefined when it has none. Anthropic's `input_tokens` leaves out what the cache read or wrote. */
export function readMessagesUsage(usage: JsonObject): TokenUsage | undefined {
  const input = asCount(usage["input_tokens"]);
  const output = asCount(usage["output_tokens"]);
  const cacheRead = asCount(usage["cache_read_input_tokens"]);
  const cacheWrite = asCount(usage["cache_creation_input_tokens"]) ?? cacheWriteBySplit(usage);
  if ([input, output, cacheRead, cacheWrite].every((count) => count === undefined)) return undefined;
  const thinking = asCount(asObject(usage["output_tokens_details"])?.["thinking_tokens"]);
  const inputTokens = (input ?? 0) + (cacheRead ?? 0) + (cacheWrite ?? 0);
  const outputTokens = output ?? 0;
  return {
    inputTokens,
    ...(cacheRead !== undefined && { cacheReadTokens: cacheRead }),
    ...(cacheWrite !== undefined && { cacheWriteTokens: cacheWrite }),
    outputTokens,
    ...(thinking !== undefined && { reasoningTokens: thinking }),
    totalTokens: inputTokens + outputTokens,
  };
}

/** Cache writes by their lifetimes, for an answer that gives no sum of them. */
function cacheWriteBySplit(usage: JsonObject): number | undefined {
  const split = asObject(usage["cache_creation"]);
  const counts = [split?.["ephemeral_5m_input_tokens"], split?.["ephemeral_1h_input_tokens"]].map(asCount);
  if (counts.every((count) => count === undefined)) return undefined;
  return counts.reduce<number>((sum, count) => sum + (count ?? 0), 0);
}

/**
 * The usage of a stream so far with that of its next event. Counts are of the whole message each time, so the
 * later value holds, also when it is lower: a cache read of the start has been seen to fall to 0. What the later
 * event leaves out or gives as null stands: only the start tells cache writes apart by their lifetime.
 */
export function mergeMessagesUsage(sofar: JsonObject | undefined, next: JsonObject): JsonObject {
  const told = Object.entries(next).filter(([, value]) => value !== null && value !== undefined);
  return { ...sofar, ...Object.fromEntries(told) };
}

/**
 * The model calls behind one answer, from `usage.iterations`: a compaction, an advisor's advice, a model that
 * declined and the one that took over. Undefined when there was one call, which the usage itself tells best.
 * The top level leaves some of these calls out, so a bill is the sum of the rows.
 */
export function readBilledCalls(usage: JsonObject): readonly BilledCall[] | undefined {
  const rows = asList(usage["iterations"]).flatMap((row): BilledCall[] => {
    const rawUsage = asObject(row);
    const counts = rawUsage && readMessagesUsage(rawUsage);
    if (!counts) return [];
    const model = asText(rawUsage["model"]);
    return [
      {
        kind: asText(rawUsage["type"]) ?? "message",
        ...(model !== undefined && { model }),
        usage: counts,
        rawUsage,
      },
    ];
  });
  const [only] = rows;
  return rows.length > 1 || (only && only.kind !== "message") ? rows : undefined;
}

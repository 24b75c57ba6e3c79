/**
 * What a function says about a batch, with `ReportBatchItemFailures`.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
 */
import type { Outcome } from "../lambda/outcome.ts";

/** The ids of the messages that failed and stay in the queue; all others are deleted. */
export function failedIds(outcome: Outcome, messageIds: readonly string[]): ReadonlySet<string> {
  const all = new Set(messageIds);
  if (outcome.kind !== "buffered") return all;
  const failures = readFailures(outcome.payload);
  // An answer that Lambda cannot make sense of, or that names an unknown message, fails the whole batch.
  return failures?.every((id) => all.has(id)) ? new Set(failures) : all;
}

/** The item identifiers, or undefined when the answer is not one. Nothing at all means success. */
function readFailures(payload: string): string[] | undefined {
  const result = parse(payload);
  if (result === null) return [];
  if (typeof result !== "object") return undefined;
  const { batchItemFailures } = result as { readonly batchItemFailures?: unknown };
  if (batchItemFailures === undefined || batchItemFailures === null) return [];
  if (!Array.isArray(batchItemFailures)) return undefined;
  const ids = batchItemFailures.map(
    (failure: { readonly itemIdentifier?: unknown } | null) => failure?.itemIdentifier,
  );
  return ids.every((id) => typeof id === "string") ? ids : undefined;
}

/** A handler without a result answers with an empty body or `null`. */
function parse(payload: string): unknown {
  if (payload === "") return null;
  try {
    return JSON.parse(payload);
  } catch {
    return undefined;
  }
}

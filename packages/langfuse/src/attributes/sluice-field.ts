/** A row of Sluice's own fields, and what several of them need. */
import type { ObservedCall } from "../observed-call.ts";
import type { AttributeValue } from "../otlp.ts";
import type { CallFacts } from "./call-facts.ts";

/** One field: key, unit or form, source, meaning, value. */
export type SluiceField = readonly [
  key: string,
  unit: string,
  source: string,
  meaning: string,
  value: (facts: CallFacts) => AttributeValue | undefined,
];

/** Bytes of an unreadable body that are not shown. */
export function omittedBytes(view: ObservedCall["request"] | ObservedCall["answer"]): number | undefined {
  return (view?.kind === "unread" && view.raw?.omittedBytes) || undefined;
}

/** Milliseconds from one time to another, never less than none: clocks of two machines may differ by more than that. */
export function since(fromMs: number, untilMs: number): number {
  return Math.max(untilMs - fromMs, 0);
}

/** The value as JSON; undefined stays what it is. */
export function json(value: unknown): string | undefined {
  return value === undefined ? undefined : JSON.stringify(value);
}

/** A row of the semantic conventions. */
import type { AttributeValue } from "../otlp.ts";
import type { Attribute } from "./attribute.ts";
import type { CallFacts } from "./call-facts.ts";

/** One attribute: name, source, meaning, value, unit or form. */
export type ConventionRow = readonly [
  name: string,
  source: string,
  meaning: string,
  value: (facts: CallFacts) => AttributeValue | undefined,
  unit?: string,
];

/** The conventions keep `openai.*` to spans of that provider. */
export function ofOpenAi(value: Attribute["value"]): Attribute["value"] {
  return (facts) => (facts.attempt?.provider === "openai" ? value(facts) : undefined);
}

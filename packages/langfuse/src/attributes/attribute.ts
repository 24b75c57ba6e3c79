/** What a table of attributes is made of. The span and `docs/trace-schema.md` are both written from these tables. */
import type { Attributes, AttributeValue } from "../otlp.ts";
import type { CallFacts } from "./call-facts.ts";

/** Kinds of drains, as the config names them. */
export const DRAIN_TYPES = ["langfuse", "langfuse-legacy", "otlp"] as const;

/** See `DRAIN_TYPES`. */
export type DrainType = (typeof DRAIN_TYPES)[number];

/** Every kind of drain. */
export const ALL_DRAINS: readonly DrainType[] = DRAIN_TYPES;
/** Both kinds of Langfuse. */
export const LANGFUSE_DRAINS: readonly DrainType[] = ["langfuse", "langfuse-legacy"];
/** Those that speak OTLP. */
export const OTLP_DRAINS: readonly DrainType[] = ["langfuse", "otlp"];
/** Any backend but Langfuse. */
export const FOREIGN_DRAINS: readonly DrainType[] = ["otlp"];

/** One attribute of a span, whose value follows from `Facts`. */
export interface Attribute<Facts = CallFacts> {
  readonly name: string;
  /** What it says, for the reader of the schema. */
  readonly meaning: string;
  /** Unit or form of the value, where it has one. */
  readonly unit?: string;
  /** Where the value comes from. */
  readonly source: string;
  /** Kinds of drains that it goes to. */
  readonly drains: readonly DrainType[];
  /** Undefined: the span does not have it. */
  readonly value: (facts: Facts) => AttributeValue | undefined;
}

/** Attributes that belong together. */
export interface AttributeTable<Facts = CallFacts> {
  readonly title: string;
  /** What the reader of the schema has to know of all of them. */
  readonly about: string;
  readonly attributes: readonly Attribute<Facts>[];
}

/** The values of a table, as far as they go to the kind of drain. */
export function fill<Facts extends { readonly drain: DrainType }>(
  { attributes }: AttributeTable<Facts>,
  facts: Facts,
): Attributes {
  return Object.fromEntries(
    attributes
      .filter(({ drains }) => drains.includes(facts.drain))
      .map(({ name, value }) => [name, value(facts)]),
  );
}

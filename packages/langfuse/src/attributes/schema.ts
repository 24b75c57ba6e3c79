/** Every table of attributes, for the page that documents them. */
import { ATTEMPT } from "../attempt-spans.ts";
import type { Attribute, AttributeTable } from "./attribute.ts";
import { GEN_AI } from "./gen-ai.ts";
import { OBSERVATION } from "./observation.ts";
import { SLUICE_FIELDS } from "./sluice.ts";
import { TRACE } from "./trace.ts";

/** A table without what computes its values. */
export interface SchemaTable extends Omit<AttributeTable, "attributes"> {
  readonly attributes: readonly Omit<Attribute, "value">[];
}

/** In the order of the page. */
export const SPAN_SCHEMA: readonly SchemaTable[] = [OBSERVATION, TRACE, SLUICE_FIELDS, GEN_AI, ATTEMPT];

/** Sluice's own knowledge of a call, as metadata of the observation: its top-level keys can be filtered. */
import { ANSWER_FIELDS } from "./answer-fields.ts";
import { type Attribute, type AttributeTable, FOREIGN_DRAINS, LANGFUSE_DRAINS } from "./attribute.ts";
import { CALL_FIELDS } from "./call-fields.ts";
import { MONEY_FIELDS } from "./money-fields.ts";
import { METADATA, SLUICE } from "./names.ts";
import { TIME_FIELDS } from "./time-fields.ts";

/** See the module. Langfuse gets each key as metadata, other backends under Sluice's own name. */
export const SLUICE_FIELDS: AttributeTable = {
  title: "Sluice's own",
  about: `Metadata of the observation, \`${METADATA}<key>\`, which Langfuse can filter by; \`${SLUICE}<key>\` in drains of type \`otlp\`.`,
  attributes: [...CALL_FIELDS, ...ANSWER_FIELDS, ...TIME_FIELDS, ...MONEY_FIELDS].flatMap(
    ([key, unit, source, meaning, value]): Attribute[] => [
      { name: METADATA + key, meaning, ...(unit !== "" && { unit }), source, drains: LANGFUSE_DRAINS, value },
      { name: SLUICE + key, meaning, ...(unit !== "" && { unit }), source, drains: FOREIGN_DRAINS, value },
    ],
  ),
};

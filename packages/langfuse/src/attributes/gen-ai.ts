/**
 * The call by OpenTelemetry's semantic conventions for generative AI, version 1.40, so that any backend understands the span
 * (https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/).
 */
import {
  type Attribute,
  type AttributeTable,
  type DrainType,
  FOREIGN_DRAINS,
  OTLP_DRAINS,
} from "./attribute.ts";
import type { ConventionRow } from "./convention-row.ts";
import { ANSWER_ROWS } from "./gen-ai-answer.ts";
import { inputMessages, outputMessages, systemInstructions, toolDefinitions } from "./gen-ai-content.ts";
import { REQUEST_ROWS } from "./gen-ai-request.ts";

/** Opt-in in the conventions, since it may be large and is sensitive. */
const CONTENT: readonly ConventionRow[] = [
  [
    "gen_ai.system_instructions",
    "request",
    "What the format gives apart from the messages.",
    systemInstructions,
    "JSON",
  ],
  [
    "gen_ai.input.messages",
    "request",
    "The conversation in the conventions' `parts`.",
    inputMessages,
    "JSON",
  ],
  ["gen_ai.output.messages", "answer", "Each choice in the conventions' `parts`.", outputMessages, "JSON"],
  ["gen_ai.tool.definitions", "request", "The tools that the model was given.", toolDefinitions, "JSON"],
];

/** See the module. */
export const GEN_AI: AttributeTable = {
  title: "Semantic conventions",
  about:
    "OpenTelemetry's semantic conventions 1.40 for generative AI, and what of HTTP's belongs to them. In Langfuse they stand under `attributes`, where they cannot be filtered.",
  attributes: [
    ...[...REQUEST_ROWS, ...ANSWER_ROWS].map((row) => attributeOf(row, OTLP_DRAINS)),
    // Langfuse reads content from its own attributes, and would store this a second time.
    ...CONTENT.map((row) => attributeOf(row, FOREIGN_DRAINS)),
  ],
};

function attributeOf(
  [name, source, meaning, value, unit]: ConventionRow,
  drains: readonly DrainType[],
): Attribute {
  return { name, meaning, ...(unit !== undefined && { unit }), source, drains, value };
}

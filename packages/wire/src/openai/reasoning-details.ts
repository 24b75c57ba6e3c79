/** Puts OpenRouter's `reasoning_details` together (OpenRouter documentation, "Reasoning tokens"). */
import { asList, asObject, type JsonObject } from "../json-value.ts";

/** Fields that arrive in pieces; of the others (`signature`, `format`, `id`) the last value counts. */
const PIECEWISE = ["text", "summary", "data"] as const;

/** Adds the blocks of one delta to those so far. A block goes on while index and type stay the same. */
export function foldReasoningDetails(blocks: JsonObject[], details: unknown): void {
  for (const item of asList(details)) {
    const piece = asObject(item);
    if (!piece) continue;
    const at = blocks.findLastIndex(
      (block) => block["index"] === piece["index"] && block["type"] === piece["type"],
    );
    const block = blocks[at];
    if (!block || piece["index"] === undefined) blocks.push(piece);
    else blocks[at] = { ...block, ...present(piece), ...joined(block, piece) };
  }
}

function present(piece: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(piece).filter(([, value]) => value !== null));
}

function joined(block: JsonObject, piece: JsonObject): JsonObject {
  const both = PIECEWISE.filter(
    (field) => typeof block[field] === "string" && typeof piece[field] === "string",
  );
  return Object.fromEntries(both.map((field) => [field, `${String(block[field])}${String(piece[field])}`]));
}

/** Puts one content block of a message together, from its start and its deltas or from the whole block. */
import { asList, asText, type JsonObject, parseJson } from "../json-value.ts";

/** Collects one block. */
export interface ContentBlockFold {
  /** Adds a delta. False when nobody knows its type: it is kept in the block as `unread_deltas`. */
  add(delta: JsonObject): boolean;
  /** The block so far, in the shape of an answer that was not streamed. */
  result(): JsonObject;
  /** The input of a tool as the model wrote it: JSON as a rule, but nobody checked it. `{}` when it wrote none. */
  inputText(): string;
}

/** What kind of block a delta belongs to, for a stream whose `content_block_start` was lost. */
const BLOCK_OF_DELTA: Readonly<Record<string, string>> = {
  text_delta: "text",
  citations_delta: "text",
  thinking_delta: "thinking",
  signature_delta: "thinking",
  input_json_delta: "tool_use",
  compaction_delta: "compaction",
};

/** A block to add this delta to, when none was started. */
export function blockForDelta(delta: JsonObject): JsonObject {
  const type = asText(delta["type"]) ?? "";
  return { type: BLOCK_OF_DELTA[type] ?? "unknown" };
}

/** A collector for the block that starts like this. A whole block is one that gets no deltas. */
export function createContentBlockFold(start: JsonObject): ContentBlockFold {
  let block = start;
  /** Pieces of the input's JSON; undefined while there are none, since an empty piece is still no input. */
  let input = "";
  const unread: JsonObject[] = [];

  const append = (field: string, value: unknown) => {
    block = { ...block, [field]: `${asText(block[field]) ?? ""}${asText(value) ?? ""}` };
  };

  const inputText = () => {
    if (input !== "") return input;
    const whole = block["input"];
    // A model that wants no arguments sends no JSON at all, or an empty text.
    return whole === undefined || whole === null || whole === "" ? "{}" : text(whole);
  };

  return {
    add(delta) {
      switch (delta["type"]) {
        case "text_delta":
          append("text", delta["text"]);
          return true;
        case "thinking_delta":
          append("thinking", delta["thinking"]);
          return true;
        case "signature_delta":
          block = { ...block, signature: delta["signature"] };
          return true;
        case "input_json_delta":
          input += asText(delta["partial_json"]) ?? "";
          return true;
        case "citations_delta":
          block = { ...block, citations: [...asList(block["citations"]), delta["citation"]] };
          return true;
        case "compaction_delta": {
          // It carries the block's final value; null is a compaction that failed.
          const { type: _, ...value } = delta;
          block = { ...block, ...value };
          return true;
        }
        default:
          unread.push(delta);
          return false;
      }
    },
    result() {
      const isTool = input !== "" || "input" in block;
      return {
        ...block,
        ...(isTool && { input: parseJson(inputText()) ?? inputText() }),
        ...(unread.length > 0 && { unread_deltas: unread }),
      };
    },
    inputText,
  };
}

/** Some gateways send the input as text already. */
function text(input: unknown): string {
  return typeof input === "string" ? input : JSON.stringify(input);
}

/** Reads the answer of a legacy completions call: choices with `text`, interleaved in a stream when there are several. */
import type { AssembledAnswer, Reading } from "../assembled.ts";
import { asObject, type JsonObject } from "../json-value.ts";
import { assembleChoices } from "./chat-answer.ts";

/** Reads a body given in pieces of any size; see `assembleChatAnswer` for `status`. Never throws. */
export function assembleCompletionsAnswer(
  pieces: readonly Uint8Array[],
  status: number,
): Reading<AssembledAnswer> {
  return assembleChoices(pieces, status, { what: "completion", choice: asChatChoice });
}

/** A choice in the shape that chat gives it: the text is its content, and logprobs are counted by their tokens. */
function asChatChoice(entry: JsonObject): JsonObject {
  const { text, index, finish_reason, logprobs, ...other } = entry;
  // Some chat-only servers answer this endpoint in chat's shape.
  if (text === undefined && (other["message"] !== undefined || other["delta"] !== undefined)) return entry;
  const tokens = asObject(logprobs)?.["tokens"];
  return {
    index,
    finish_reason,
    message: { ...other, content: text },
    ...(tokens !== undefined && { logprobs: { content: tokens } }),
  };
}

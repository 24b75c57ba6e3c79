/** Puts one choice of a chat completion together, from deltas or from a whole message. */
import type { Choice } from "../assembled.ts";
import { asList, asObject, asText, type JsonObject } from "../json-value.ts";
import { foldReasoningDetails } from "./reasoning-details.ts";
import { createToolCallFold } from "./tool-calls.ts";

/** Collects one choice. */
export interface ChoiceFold {
  /** Adds an entry of `choices`: a delta of a stream, or the whole choice of a JSON body. */
  add(choice: JsonObject): void;
  /** Whether the provider said why it stopped. */
  isFinished(): boolean;
  /** The choice so far. */
  result(): Choice;
}

/** Fields of a message that have a place of their own in `Choice`; all others go to `other`. */
const READ_FIELDS = new Set([
  "role",
  "content",
  "refusal",
  "reasoning",
  "reasoning_content",
  "reasoning_details",
  "tool_calls",
  "function_call",
  "index",
]);

/** A collector for the choice with this index. */
export function createChoiceFold(index: number): ChoiceFold {
  const toolCalls = createToolCallFold();
  const reasoningDetails: JsonObject[] = [];
  const parts: unknown[] = [];
  const other: Record<string, unknown> = {};
  let role: string | undefined;
  let text = "";
  let refusal = "";
  let reasoning = "";
  let finishReason: string | undefined;
  const logprobTokens: unknown[] = [];

  function addContent(content: unknown): void {
    if (typeof content === "string") text += content;
    for (const item of asList(content)) {
      const part = asObject(item);
      if (typeof item === "string") text += item;
      else if (typeof part?.["text"] === "string") text += part["text"];
      else if (part?.["type"] === "thinking") reasoning += thinkingText(part["thinking"]);
      else if (part?.["type"] === "refusal") refusal += asText(part["refusal"]) ?? "";
      else parts.push(item);
    }
  }

  return {
    add(choice) {
      // Perplexity sends the whole message so far beside each delta.
      const message = asObject(choice["delta"]) ?? asObject(choice["message"]) ?? {};
      role ??= asText(message["role"]);
      addContent(message["content"]);
      refusal += asText(message["refusal"]) ?? "";
      // Where both names are there they say the same.
      reasoning += asText(message["reasoning_content"]) ?? asText(message["reasoning"]) ?? "";
      foldReasoningDetails(reasoningDetails, message["reasoning_details"]);
      for (const entry of asList(message["tool_calls"])) toolCalls.add(entry);
      toolCalls.addLegacy(message["function_call"]);
      for (const [field, value] of Object.entries(message)) {
        if (!READ_FIELDS.has(field)) join(other, field, value);
      }
      finishReason = asText(choice["finish_reason"]) ?? finishReason;
      logprobTokens.push(...logprobsIn(asObject(choice["logprobs"])));
    },
    isFinished: () => finishReason !== undefined,
    result: () => ({
      index,
      role: role ?? "assistant",
      text,
      ...(refusal !== "" && { refusal }),
      reasoning,
      reasoningDetails,
      toolCalls: toolCalls.calls(),
      parts,
      ...(finishReason !== undefined && { finishReason }),
      logprobs: logprobTokens.length,
      ...(logprobTokens.length > 0 && { logprobTokens }),
      other,
    }),
  };
}

/** Mistral's thinking part holds a text, or a list of text parts. */
function thinkingText(thinking: unknown): string {
  if (typeof thinking === "string") return thinking;
  return asList(thinking)
    .map((part) => asText(asObject(part)?.["text"]) ?? "")
    .join("");
}

function logprobsIn(logprobs: JsonObject | undefined): readonly unknown[] {
  return [...asList(logprobs?.["content"]), ...asList(logprobs?.["refusal"])];
}

/** Lists are joined; of anything else the last value counts, and null is no value. */
function join(fields: Record<string, unknown>, name: string, value: unknown): void {
  if (value === null || value === undefined) return;
  const before = fields[name];
  // Object.defineProperty, because a field may be called `__proto__`.
  Object.defineProperty(fields, name, {
    value: Array.isArray(before) && Array.isArray(value) ? [...(before as unknown[]), ...value] : value,
    enumerable: true,
    configurable: true,
    writable: true,
  });
}

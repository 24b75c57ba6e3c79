/** Why the model stopped, in the words of chat completions and in those of providers that speak its format. */
import { asText, type JsonObject } from "@sluice/wire";
import type { Block, Finish } from "../answer.ts";

const REASONS = new Map<string, Finish["reason"]>([
  ["stop", "stop"],
  ["eos", "stop"],
  ["end_turn", "stop"],
  ["complete", "stop"],
  ["stop_sequence", "stop_sequence"],
  ["length", "length"],
  ["max_tokens", "length"],
  ["model_length", "context_length"],
  ["tool_calls", "tool_calls"],
  ["tool_use", "tool_calls"],
  ["function_call", "tool_calls"],
  ["content_filter", "content_filter"],
  ["safety", "content_filter"],
  ["refusal", "refusal"],
]);

/** What the answer held, as far as it tells more than the provider's word. */
export interface Held {
  readonly toolCalls: boolean;
  readonly refusal: boolean;
}

/**
 * The reason in a choice; undefined while it says none. `stop` says too little where the model called tools (OpenAI itself
 * says so when a tool was demanded, Gemini always) or refused. vLLM's `stop_reason` names the stop sequence.
 */
export function readFinish(choice: JsonObject, held: Held): Finish | undefined {
  const raw = asText(choice["finish_reason"]);
  if (raw === undefined) return undefined;
  const stopSequence = asText(choice["stop_reason"]);
  const reason = REASONS.get(raw.toLowerCase()) ?? "other";
  if (reason !== "stop") return { reason, raw };
  if (held.toolCalls) return { reason: "tool_calls", raw };
  if (held.refusal) return { reason: "refusal", raw };
  return stopSequence === undefined ? { reason, raw } : { reason: "stop_sequence", stopSequence, raw };
}

/** The `finish_reason` of a choice; clients need one even where the provider gave none. */
export function writeFinish(finish: Finish | undefined, held: Held): string {
  const reason = finish?.reason;
  if (reason === "length" || reason === "context_length") return "length";
  if (reason === "content_filter") return "content_filter";
  // With words the refusal is the message; without them only this word tells that something is missing.
  if (reason === "refusal") return held.refusal ? "stop" : "content_filter";
  return held.toolCalls ? "tool_calls" : "stop";
}

/** What of these blocks bears on the reason. */
export function heldIn(blocks: readonly Block[]): Held {
  return {
    toolCalls: blocks.some(({ kind }) => kind === "tool_call"),
    refusal: blocks.some((block) => block.kind === "refusal" && block.text !== ""),
  };
}

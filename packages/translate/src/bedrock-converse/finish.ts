/** Why the model stopped, in Converse's words (Amazon Bedrock API reference, "Converse", `stopReason`). */
import { asObject, asText, type JsonObject } from "@sluice/wire";
import type { Finish } from "../answer.ts";

const REASONS = new Map<string, Finish["reason"]>([
  ["end_turn", "stop"],
  ["stop_sequence", "stop_sequence"],
  ["max_tokens", "length"],
  ["tool_use", "tool_calls"],
  ["guardrail_intervened", "content_filter"],
  ["content_filtered", "content_filter"],
  ["model_context_window_exceeded", "context_length"],
  ["malformed_model_output", "other"],
  ["malformed_tool_use", "other"],
  // Not in the reference, but Claude's own words, should they come through.
  ["refusal", "refusal"],
  ["pause_turn", "pause"],
]);

/** The reason in an answer or in a `messageStop`; undefined when it says none. */
export function readFinish(fields: JsonObject): Finish | undefined {
  const raw = asText(fields["stopReason"]);
  if (raw === undefined) return undefined;
  const additional = asObject(fields["additionalModelResponseFields"]);
  const stopSequence =
    asText(additional?.["stop_sequence"]) ?? asText(asObject(additional?.["delta"])?.["stop_sequence"]);
  return { reason: REASONS.get(raw) ?? "other", ...(stopSequence !== undefined && { stopSequence }), raw };
}

/** `stopReason`, and the sequence in the field in which Claude names it. */
export function writeFinish(finish: Finish | undefined, hasToolCalls: boolean): JsonObject {
  const sequence = finish?.stopSequence;
  return {
    stopReason: stopReason(finish, hasToolCalls),
    ...(sequence !== undefined && { additionalModelResponseFields: { stop_sequence: sequence } }),
  };
}

function stopReason(finish: Finish | undefined, hasToolCalls: boolean): string {
  const { reason, raw } = finish ?? {};
  // A word of Converse's own says more than its meaning.
  if (raw !== undefined && REASONS.get(raw) === reason && raw !== "end_turn") return raw;
  if (reason === "length") return "max_tokens";
  if (reason === "stop_sequence") return "stop_sequence";
  if (reason === "content_filter" || reason === "refusal") return "content_filtered";
  if (reason === "context_length") return "model_context_window_exceeded";
  // Some providers say that they simply stopped although they called a tool.
  return hasToolCalls ? "tool_use" : "end_turn";
}

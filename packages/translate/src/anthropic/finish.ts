/** Why the model stopped, in Anthropic's words (Anthropic API, "Stop reasons"). */
import { asText, type JsonObject } from "@sluice/wire";
import type { Finish } from "../answer.ts";

const REASONS = new Map<string, Finish["reason"]>([
  ["end_turn", "stop"],
  ["stop_sequence", "stop_sequence"],
  ["max_tokens", "length"],
  ["tool_use", "tool_calls"],
  ["pause_turn", "pause"],
  ["refusal", "refusal"],
  ["model_context_window_exceeded", "context_length"],
]);

/** The reason in a message or in the delta of `message_delta`; undefined while it says none. */
export function readFinish(fields: JsonObject): Finish | undefined {
  const raw = asText(fields["stop_reason"]);
  if (raw === undefined) return undefined;
  const stopSequence = asText(fields["stop_sequence"]);
  return { reason: REASONS.get(raw) ?? "other", ...(stopSequence !== undefined && { stopSequence }), raw };
}

/** The words with which the provider explains a refusal; Anthropic sends them apart from the content. */
export function refusalOf(fields: JsonObject): string | undefined {
  const details = fields["stop_details"];
  return typeof details === "object" && details !== null
    ? asText((details as JsonObject)["explanation"])
    : undefined;
}

/** `stop_reason` and `stop_sequence`; clients need a reason even where the provider gave none. */
export function writeFinish(
  finish: Finish | undefined,
  hasToolCalls: boolean,
): { readonly stop_reason: string; readonly stop_sequence: string | null } {
  return { stop_reason: stopReason(finish, hasToolCalls), stop_sequence: finish?.stopSequence ?? null };
}

function stopReason(finish: Finish | undefined, hasToolCalls: boolean): string {
  switch (finish?.reason) {
    case "length":
      return "max_tokens";
    case "stop_sequence":
      return "stop_sequence";
    case "content_filter":
    case "refusal":
      return "refusal";
    case "pause":
      return "pause_turn";
    case "context_length":
      return "model_context_window_exceeded";
    case "stop":
    case "tool_calls":
    case "other":
    case undefined:
    default:
      // Some providers say that they simply stopped although they called a tool.
      return hasToolCalls ? "tool_use" : "end_turn";
  }
}

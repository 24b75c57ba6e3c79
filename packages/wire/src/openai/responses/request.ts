/** Reads a request of the responses endpoint, so that a trace shows it as the conversation that it is. */
import type { AssembledRequest, Reading } from "../../assembled.ts";
import { asList, asObject, asText, type JsonObject } from "../../json-value.ts";
import { readRequest } from "../request.ts";

/** What the model sees, or where the provider finds it. */
const CONVERSATION = new Set([
  "instructions",
  "input",
  "tools",
  "tool_choice",
  "text",
  "prompt",
  "previous_response_id",
  "conversation",
]);

/** Reads the body of a responses request. Instructions and input become `messages`. Never throws. */
export function readResponsesRequest(body: Uint8Array): Reading<AssembledRequest> {
  return readRequest(body, CONVERSATION, ({ instructions, input, ...rest }) => {
    const system = instructions === undefined ? [] : [{ role: "system", content: instructions }];
    const said =
      typeof input === "string" ? [{ role: "user", content: input }] : asList(input).map(toMessage);
    return { messages: [...system, ...said], ...rest };
  });
}

/** Calls and their results in the shape of chat messages, which Langfuse shows; other items stay as they are. */
function toMessage(entry: unknown): unknown {
  const item = asObject(entry);
  switch (item?.["type"]) {
    case "function_call":
      return { role: "assistant", tool_calls: [toToolCall(item, "function", item["arguments"])] };
    case "custom_tool_call":
      return { role: "assistant", tool_calls: [toToolCall(item, "custom", item["input"])] };
    case "function_call_output":
    case "custom_tool_call_output":
      return { role: "tool", tool_call_id: item["call_id"], content: item["output"] };
    default:
      return entry;
  }
}

function toToolCall(item: JsonObject, type: string, written: unknown): JsonObject {
  return { id: item["call_id"], type, function: { name: asText(item["name"]) ?? "", arguments: written } };
}

/** Reads the output items of a response as one choice: responses have no alternatives. */
import type { Choice, ToolCall } from "../../assembled.ts";
import { asList, asObject, asText, type JsonObject } from "../../json-value.ts";

/** Statuses after which nothing more comes (OpenAI API reference, "The response object"). */
const FINAL = new Set(["completed", "incomplete", "failed", "cancelled"]);

/** What a message or a call has a place for in `Choice`; its other fields are kept under `other`. */
const MESSAGE_FIELDS = new Set(["type", "id", "status", "role", "content"]);
const CALL_FIELDS = new Set(["type", "id", "status", "call_id", "name", "arguments", "input"]);

/**
 * The items as a choice. Server tools, images and item types unknown here go to `parts`, whole and in order;
 * reasoning items with an id, summary or encrypted content to `reasoningDetails` as they are.
 */
export function readOutput(items: readonly unknown[], response: JsonObject): Choice {
  const texts: string[] = [];
  const refusals: string[] = [];
  const reasoning: string[] = [];
  const reasoningDetails: JsonObject[] = [];
  const toolCalls: ToolCall[] = [];
  const parts: unknown[] = [];
  const annotations: unknown[] = [];
  const details: JsonObject[] = [];
  const logprobTokens: unknown[] = [];
  let role: string | undefined;

  function readMessage(item: JsonObject): void {
    role ??= asText(item["role"]);
    const content = item["content"];
    if (typeof content === "string") texts.push(content);
    for (const entry of asList(content)) {
      const part = asObject(entry);
      const text = part?.["text"];
      if (part?.["type"] === "refusal") refusals.push(asText(part["refusal"]) ?? "");
      else if (typeof text === "string") texts.push(text);
      else parts.push(entry);
      annotations.push(...asList(part?.["annotations"]));
      logprobTokens.push(...asList(part?.["logprobs"]));
    }
    keep(item, MESSAGE_FIELDS);
  }

  /** Fields that have no place are kept, with the id of what they belong to (`phase`, `namespace`, `caller`). */
  function keep(item: JsonObject, read: ReadonlySet<string>): void {
    const rest = Object.entries(item).filter(([field, value]) => !read.has(field) && value !== null);
    const id = asText(item["call_id"]) ?? asText(item["id"]);
    if (rest.length > 0) details.push({ ...(id !== undefined && { id }), ...Object.fromEntries(rest) });
  }

  for (const entry of items) {
    const item = asObject(entry);
    switch (item?.["type"]) {
      case "message":
        readMessage(item);
        break;
      case "reasoning":
        reasoning.push(readReasoning(item));
        reasoningDetails.push(item);
        break;
      case "function_call":
      case "custom_tool_call":
        toolCalls.push(readCall(item));
        keep(item, CALL_FIELDS);
        break;
      default:
        parts.push(entry);
    }
  }

  const status = asText(response["status"]);
  const incomplete = asObject(response["incomplete_details"]);
  const refusal = refusals.join("");
  return {
    index: 0,
    role: role ?? "assistant",
    text: texts.join(""),
    ...(refusal !== "" && { refusal }),
    reasoning: reasoning.join(""),
    reasoningDetails,
    toolCalls,
    parts,
    ...(status !== undefined && FINAL.has(status) && { finishReason: status }),
    logprobs: logprobTokens.length,
    ...(logprobTokens.length > 0 && { logprobTokens }),
    other: {
      ...(annotations.length > 0 && { annotations }),
      ...(details.length > 0 && { item_details: details }),
      ...(incomplete && { incomplete_details: incomplete }),
      ...(status !== undefined && !FINAL.has(status) && { status }),
      ...(response["background"] === true && { background: true }),
    },
  };
}

/** Open models show their thinking itself, OpenAI's a summary in paragraphs. Where both come, the thinking holds more. */
export function readReasoning(item: JsonObject): string {
  const join = (list: unknown) =>
    asList(list)
      .map((part) => asText(asObject(part)?.["text"]) ?? "")
      .join("");
  return join(item["content"]) || join(item["summary"]);
}

function readCall(item: JsonObject): ToolCall {
  const id = asText(item["call_id"]) ?? asText(item["id"]);
  const custom = item["type"] === "custom_tool_call";
  const written = item[custom ? "input" : "arguments"];
  return {
    ...(id !== undefined && { id }),
    type: custom ? "custom" : "function",
    name: asText(item["name"]) ?? "",
    arguments: typeof written === "string" ? written : JSON.stringify(written ?? ""),
  };
}

/** Writes the tools and which of them is to be called (Amazon Bedrock API reference, "ToolConfiguration"). */
import type { JsonObject } from "@sluice/wire";
import type { Conversation, Tool, ToolChoice } from "../conversation.ts";
import type { Note } from "../format.ts";
import type { ModelFamily } from "./model-family.ts";
import type { ContentWriter } from "./write-content.ts";

/** What the tools become: a part of the request, and fields for the model alone. */
export interface WrittenTools {
  readonly toolConfig?: JsonObject;
  /** Of `additionalModelRequestFields`. */
  readonly additional: JsonObject;
}

/** Writes them. Without tools there is nothing to choose: Bedrock refuses a choice then. */
export function writeTools(
  conversation: Conversation,
  family: ModelFamily,
  writer: ContentWriter,
  note: Note,
): WrittenTools {
  const used = namesInHistory(conversation);
  const { toolChoice } = conversation;
  const offered = conversation.tools.length > 0 ? conversation.tools : used.map(standIn);
  if (offered.length === 0) return { additional: {} };
  if (conversation.tools.length === 0) {
    const reason =
      "Bedrock wants the tools whose calls stand in the conversation: they are offered without parameters.";
    note({ field: "tools", reason, weight: "hint" });
  }
  const tools = offered.flatMap((tool, at) => [writeTool(tool), ...writer.cachePoint(tool, `tools[${at}]`)]);
  if (toolChoice?.kind === "none") {
    // Converse has no such choice. Without calls in the conversation leaving the tools out is the same.
    if (used.length === 0) return { additional: {} };
    if (family === "claude") return { toolConfig: { tools }, additional: { tool_choice: { type: "none" } } };
    const reason = "The model cannot be kept from calling the tools whose calls stand in the conversation.";
    note({ field: "tool_choice", reason, weight: "matters" });
    return { toolConfig: { tools }, additional: {} };
  }
  return withChoice(tools, conversation, family, note);
}

/**
 * Claude is told to call one tool at a time in its own `tool_choice`. Beside a choice of Converse's it must not name another,
 * and without one it has to name a type (LiteLLM's issues 36536 and 34347 show Bedrock's answers).
 */
function withChoice(
  tools: readonly JsonObject[],
  { toolChoice, parallelToolCalls }: Conversation,
  family: ModelFamily,
  note: Note,
): WrittenTools {
  const oneByOne = parallelToolCalls === false && family === "claude";
  if (parallelToolCalls === false && family !== "claude") {
    const reason = "Only Claude can be told to call one tool at a time.";
    note({ field: "parallel_tool_calls", reason, weight: "matters" });
  }
  const forced = toolChoice?.kind === "required" || toolChoice?.kind === "tool";
  const choice = toolChoice && (forced || !oneByOne) ? { toolChoice: writeChoice(toolChoice) } : {};
  return {
    toolConfig: { tools, ...choice },
    additional: oneByOne
      ? { tool_choice: { ...(!forced && { type: "auto" }), disable_parallel_tool_use: true } }
      : {},
  };
}

function writeChoice(choice: ToolChoice): JsonObject {
  if (choice.kind === "tool") return { tool: { name: choice.name } };
  return choice.kind === "required" ? { any: {} } : { auto: {} };
}

function writeTool({ name, description, parameters, strict }: Tool): JsonObject {
  return {
    toolSpec: {
      name,
      // Bedrock refuses an empty description.
      ...(description !== undefined && description !== "" && { description }),
      inputSchema: { json: parameters },
      ...(strict !== undefined && { strict }),
    },
  };
}

function standIn(name: string): Tool {
  return { name, parameters: { type: "object", properties: {} } };
}

/** The tools that were called, each once. A result whose call is gone counts by the name it has, if any. */
function namesInHistory({ turns }: Conversation): readonly string[] {
  const names = turns
    .flatMap(({ parts }) => parts)
    .flatMap((part) =>
      part.kind === "tool_call" || part.kind === "tool_result" ? [part.name ?? "tool"] : [],
    );
  const named = names.filter((name) => name !== "tool");
  return [...new Set(named.length > 0 ? named : names)];
}

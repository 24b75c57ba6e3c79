/** Reads the tools of a messages request, and which of them the model has to call. */
import { asList, asObject, asText, type JsonObject } from "@sluice/wire";
import type { Tool, ToolChoice } from "../conversation.ts";
import { MalformedRequestError, type Note } from "../format.ts";
import { readCache } from "./read-content.ts";

/** Fields of a tool that change nothing in how other providers' models call it. */
const HINTS = ["eager_input_streaming", "defer_loading", "input_examples"];

/** The caller's own tools. Those that Anthropic runs, or knows by their type alone, are noted. */
export function readTools(body: JsonObject, note: Note): readonly Tool[] {
  return asList(body["tools"]).flatMap((item, at) => readTool(item, `tools[${at}]`, note));
}

function readTool(item: unknown, path: string, note: Note): readonly Tool[] {
  const tool = asObject(item);
  const name = asText(tool?.["name"]);
  const type = asText(tool?.["type"]) ?? "custom";
  if (tool && type !== "custom") {
    note({ field: path, reason: `Only Anthropic knows tools of type ${type}.`, weight: "matters" });
    return [];
  }
  if (!tool || name === undefined) {
    throw new MalformedRequestError(`${path}.name`, `${path}.name has to name the tool.`);
  }
  for (const field of HINTS.filter((hint) => tool[hint] !== undefined && tool[hint] !== null)) {
    note({
      field: `${path}.${field}`,
      reason: "Only Anthropic takes this hint with a tool.",
      weight: "hint",
    });
  }
  const callers = asList(tool["allowed_callers"]);
  if (callers.some((caller) => caller !== "direct")) {
    const reason = "Only Anthropic's code execution calls the caller's tools.";
    note({ field: `${path}.allowed_callers`, reason, weight: "matters" });
  }
  const description = asText(tool["description"]);
  return [
    {
      name,
      ...(description !== undefined && { description }),
      parameters: asObject(tool["input_schema"]) ?? { type: "object", properties: {} },
      ...(typeof tool["strict"] === "boolean" && { strict: tool["strict"] }),
      ...readCache(tool),
    },
  ];
}

/** `tool_choice`, in which Anthropic also says whether several tools may be called at once. */
export function readToolChoice(body: JsonObject): {
  readonly toolChoice?: ToolChoice;
  readonly parallelToolCalls?: boolean;
} {
  const choice = body["tool_choice"];
  if (choice === undefined || choice === null) return {};
  const object = asObject(choice);
  const disabled = object?.["disable_parallel_tool_use"];
  return {
    toolChoice: readChoice(object),
    ...(typeof disabled === "boolean" && { parallelToolCalls: !disabled }),
  };
}

function readChoice(choice: JsonObject | undefined): ToolChoice {
  const name = asText(choice?.["name"]);
  switch (choice?.["type"]) {
    case "auto":
      return { kind: "auto" };
    case "none":
      return { kind: "none" };
    case "any":
      return { kind: "required" };
    case "tool":
      if (name !== undefined) return { kind: "tool", name };
      throw new MalformedRequestError("tool_choice.name", "tool_choice.name has to name the tool.");
    default:
      throw new MalformedRequestError(
        "tool_choice.type",
        "tool_choice.type has to be auto, any, tool or none.",
      );
  }
}

/** Reads the tools of a responses request. */
import { asList, asObject, asText, type JsonObject } from "@sluice/wire";
import type { Tool, ToolChoice } from "../conversation.ts";
import { MalformedRequestError, type Note } from "../format.ts";
import { customToolAsFunction } from "./custom-tool.ts";

/** A tool without parameters takes an empty object. */
const NO_PARAMETERS: JsonObject = { type: "object", properties: {} };

/** The tools, and which of them the model has to call. */
export function readTools(
  body: JsonObject,
  note: Note,
): { readonly tools: readonly Tool[]; readonly toolChoice?: ToolChoice } {
  const tools = asList(body["tools"]).flatMap((item, at) => readTool(item, `tools[${at}]`, note));
  const choice = body["tool_choice"];
  if (choice === null || choice === undefined) return { tools };
  if (choice === "auto" || choice === "none" || choice === "required") {
    return { tools, toolChoice: { kind: choice } };
  }
  const object = asObject(choice);
  if (object?.["type"] === "allowed_tools") {
    const names = new Set(asList(object["tools"]).map((tool) => asObject(tool)?.["name"]));
    return {
      tools: tools.filter(({ name }) => names.has(name)),
      toolChoice: { kind: object["mode"] === "required" ? "required" : "auto" },
    };
  }
  const name = asText(object?.["name"]);
  if (name !== undefined && (object?.["type"] === "function" || object?.["type"] === "custom")) {
    return { tools, toolChoice: { kind: "tool", name } };
  }
  if (asText(object?.["type"]) === undefined) {
    throw new MalformedRequestError(
      "tool_choice",
      "tool_choice has to be auto, none, required, or an object with a type.",
    );
  }
  note({
    field: "tool_choice",
    reason: "It names a tool that only its own provider runs.",
    weight: "matters",
  });
  return { tools };
}

function readTool(item: unknown, path: string, note: Note): readonly Tool[] {
  const tool = asObject(item);
  if (!tool) throw new MalformedRequestError(path, `${path} has to be an object with a type.`);
  const kind = tool["type"];
  if (kind !== "function" && kind !== "custom") {
    note({
      field: path,
      reason: `Only its own provider runs tools of type ${JSON.stringify(kind ?? null)}.`,
      weight: "matters",
    });
    return [];
  }
  const name = asText(tool["name"]);
  if (name === undefined) {
    throw new MalformedRequestError(`${path}.name`, `${path}.name has to name the tool.`);
  }
  const description = asText(tool["description"]);
  if (tool["defer_loading"] === true) {
    note({
      field: `${path}.defer_loading`,
      reason: "The model is given the tool at once; its provider has no tool search.",
      weight: "hint",
    });
  }
  if (kind === "custom") {
    const format = asObject(tool["format"]);
    if (format && format["type"] !== "text") {
      note({
        field: `${path}.format`,
        reason: "Other formats have no grammar for a tool's input; the tool takes any text.",
        weight: "matters",
      });
    }
    return [customToolAsFunction(name, description)];
  }
  return [
    {
      name,
      ...(description !== undefined && { description }),
      parameters: asObject(tool["parameters"]) ?? NO_PARAMETERS,
      ...(typeof tool["strict"] === "boolean" && { strict: tool["strict"] }),
    },
  ];
}

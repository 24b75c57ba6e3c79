/** Reads the tools of a chat request, the legacy `functions` included. */
import { asList, asObject, asText, type JsonObject } from "@sluice/wire";
import type { Tool, ToolChoice } from "../conversation.ts";
import { MalformedRequestError, type Note } from "../format.ts";
import { readCache } from "./read-content.ts";

/** A tool without parameters takes an empty object. */
const NO_PARAMETERS: JsonObject = { type: "object", properties: {} };

/** The tools, and which of them the model has to call. */
export function readTools(
  body: JsonObject,
  note: Note,
): { readonly tools: readonly Tool[]; readonly toolChoice?: ToolChoice } {
  const tools = [
    ...asList(body["tools"]).flatMap((item, at) => readTool(item, `tools[${at}]`, note)),
    ...asList(body["functions"]).map((item, at) => readFunction(asObject(item), `functions[${at}]`)),
  ];
  const choice = body["tool_choice"] ?? body["function_call"];
  if (choice === null || choice === undefined) return { tools };
  const allowed = readAllowed(choice);
  if (allowed) {
    return {
      tools: tools.filter(({ name }) => allowed.names.has(name)),
      toolChoice: { kind: allowed.required ? "required" : "auto" },
    };
  }
  return { tools, toolChoice: readChoice(choice) };
}

function readTool(item: unknown, path: string, note: Note): readonly Tool[] {
  const tool = asObject(item);
  if (!tool) throw new MalformedRequestError(path, `${path} has to be an object with type and function.`);
  if (tool["type"] !== "function" && !tool["function"]) {
    const kind = JSON.stringify(tool["type"] ?? null);
    note({ field: path, reason: `Only its own provider runs tools of type ${kind}.`, weight: "matters" });
    return [];
  }
  return [{ ...readFunction(asObject(tool["function"]), `${path}.function`), ...readCache(tool) }];
}

function readFunction(tool: JsonObject | undefined, path: string): Tool {
  const name = asText(tool?.["name"]);
  if (!tool || name === undefined) {
    throw new MalformedRequestError(`${path}.name`, `${path}.name has to name the function.`);
  }
  const description = asText(tool["description"]);
  return {
    name,
    ...(description !== undefined && { description }),
    parameters: asObject(tool["parameters"]) ?? NO_PARAMETERS,
    ...(typeof tool["strict"] === "boolean" && { strict: tool["strict"] }),
  };
}

/** OpenAI's `allowed_tools`: a choice among some of the tools. The others are left out of the request, which is the same. */
function readAllowed(choice: unknown) {
  const outer = asObject(choice);
  if (outer?.["type"] !== "allowed_tools") return undefined;
  const allowed = asObject(outer["allowed_tools"]) ?? outer;
  const names = asList(allowed["tools"]).map((item) => {
    const tool = asObject(item);
    return asText(asObject(tool?.["function"])?.["name"]) ?? asText(tool?.["name"]);
  });
  return { names: new Set<unknown>(names), required: allowed["mode"] === "required" };
}

function readChoice(choice: unknown): ToolChoice {
  if (choice === "auto" || choice === "none" || choice === "required") return { kind: choice };
  // Mistral's word for `required`.
  if (choice === "any") return { kind: "required" };
  const object = asObject(choice);
  const name = asText(asObject(object?.["function"])?.["name"]) ?? asText(object?.["name"]);
  if (name === undefined) {
    throw new MalformedRequestError(
      "tool_choice",
      "tool_choice has to be auto, none, required, or an object that names a function.",
    );
  }
  return { kind: "tool", name };
}

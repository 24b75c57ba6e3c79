/** Reads the tools of a request, and which of them the model has to call. */
import { asList, asObject, asText, type JsonObject, member } from "@sluice/wire";
import type { Tool, ToolChoice } from "../conversation.ts";
import { MalformedRequestError, type Note } from "../format.ts";
import { toJsonSchema } from "./schema-dialect.ts";

/** A function without parameters takes an empty object. */
const NO_PARAMETERS: JsonObject = { type: "object", properties: {} };

/** The tools and the choice among them. */
export interface ReadTools {
  readonly tools: readonly Tool[];
  readonly toolChoice?: ToolChoice;
}

/** Reads `tools` and `toolConfig`. Tools that Google runs itself (search, code, URLs) are noted. */
export function readTools(request: JsonObject, note: Note): ReadTools {
  const tools = asList(member(request, "tools")).flatMap((item, at) =>
    readTool(asObject(item) ?? {}, `tools[${at}]`, note),
  );
  const config = asObject(member(request, "toolConfig"));
  const calling = asObject(member(config, "functionCallingConfig"));
  for (const [field, value] of Object.entries(config ?? {})) {
    if (value === calling || value === null) continue;
    const reason = "The setting is for tools that Google runs.";
    note({ field: `toolConfig.${field}`, reason, weight: "hint" });
  }
  return calling ? choose(tools, calling) : { tools };
}

function readTool(tool: JsonObject, path: string, note: Note): readonly Tool[] {
  const declarations = member(tool, "functionDeclarations");
  for (const [field, value] of Object.entries(tool)) {
    if (value === declarations || value === null) continue;
    note({ field: `${path}.${field}`, reason: "Only Google runs this tool.", weight: "matters" });
  }
  return asList(declarations).map((item, at) =>
    readDeclaration(asObject(item), `${path}.functionDeclarations[${at}]`, note),
  );
}

function readDeclaration(declaration: JsonObject | undefined, path: string, note: Note): Tool {
  const name = asText(declaration?.["name"]);
  if (!declaration || name === undefined) {
    throw new MalformedRequestError(`${path}.name`, `${path}.name has to name the function.`);
  }
  for (const field of ["response", "responseJsonSchema", "behavior"]) {
    if (member(declaration, field) === undefined) continue;
    const reason = "No other format describes what a function gives back.";
    note({ field: `${path}.${field}`, reason, weight: "hint" });
  }
  const description = asText(declaration["description"]);
  const standard = asObject(member(declaration, "parametersJsonSchema"));
  const dialect = asObject(declaration["parameters"]);
  return {
    name,
    ...(description !== undefined && { description }),
    parameters: standard ?? (dialect ? toJsonSchema(dialect) : NO_PARAMETERS),
  };
}

/** A choice among some of the functions leaves the others out of the request, which is the same. */
function choose(tools: readonly Tool[], calling: JsonObject): ReadTools {
  const names = asList(member(calling, "allowedFunctionNames"));
  const [only] = names;
  switch (calling["mode"]) {
    case "NONE":
      return { tools, toolChoice: { kind: "none" } };
    case "ANY":
      if (names.length === 1 && typeof only === "string") {
        return { tools, toolChoice: { kind: "tool", name: only } };
      }
      return { tools: allowed(tools, names), toolChoice: { kind: "required" } };
    case "VALIDATED":
      return {
        tools: allowed(tools, names).map((tool) => ({ ...tool, strict: true })),
        toolChoice: { kind: "auto" },
      };
    case "AUTO":
      return { tools, toolChoice: { kind: "auto" } };
    default:
      return { tools };
  }
}

function allowed(tools: readonly Tool[], names: readonly unknown[]): readonly Tool[] {
  return names.length === 0 ? tools : tools.filter(({ name }) => names.includes(name));
}

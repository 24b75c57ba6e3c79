/**
 * Custom tools, whose input is free text (OpenAI API reference, "Custom tools"). No other format has them, but a function with
 * one text says the same: the tool is offered as such, and the call is turned back for the caller.
 */
import { asList, asObject, asText, type JsonObject, parseJson } from "@sluice/wire";
import type { Tool } from "../conversation.ts";

/** The function that stands for a custom tool. */
export function customToolAsFunction(name: string, description: string | undefined): Tool {
  return {
    name,
    ...(description !== undefined && { description }),
    parameters: {
      type: "object",
      properties: { input: { type: "string", description: "The whole input of the tool, as free text." } },
      required: ["input"],
      additionalProperties: false,
    },
  };
}

/** The arguments that stand for a custom tool's input. */
export function customInputAsArguments(input: string): string {
  return JSON.stringify({ input });
}

/** The input in the arguments; the arguments themselves when the model wrote something else. */
export function argumentsAsCustomInput(text: string): string {
  const input = asObject(parseJson(text))?.["input"];
  return typeof input === "string" ? input : text;
}

/** The names of the custom tools in a caller's request. */
export function customToolNames(request: JsonObject): ReadonlySet<string> {
  const names = asList(request["tools"]).flatMap((item) => {
    const tool = asObject(item);
    return tool?.["type"] === "custom" ? (asText(tool["name"]) ?? []) : [];
  });
  return new Set(names);
}

/**
 * Results of functions. Gemini takes an object: `output` for what the function gave and `error` for why it failed; any
 * other object is the output as a whole (Gemini API reference, "FunctionResponse").
 */
import { asObject, type JsonObject, parseJson } from "@sluice/wire";

/** The result's text as an object. JSON stays JSON where nothing of it gets lost, such as the digits of a long number. */
export function writeResponse(text: string, isError: boolean): JsonObject {
  const value = isError ? undefined : losslessObject(text);
  // An object that is nothing but `output` or `error` would be taken for the wrapping.
  if (value && !isWrapping(value)) return value;
  return isError ? { error: text } : { output: text };
}

/** The text of a result, and whether it tells of an error. */
export function readResponse(response: JsonObject): { readonly text: string; readonly isError: boolean } {
  const [name, content] = Object.entries(response)[0] ?? [];
  if (!isWrapping(response)) return { text: JSON.stringify(response), isError: false };
  return {
    text: typeof content === "string" ? content : (JSON.stringify(content) ?? ""),
    isError: name === "error",
  };
}

function isWrapping(value: JsonObject): boolean {
  const names = Object.keys(value);
  return names.length === 1 && (names[0] === "output" || names[0] === "error");
}

function losslessObject(text: string): JsonObject | undefined {
  const value = asObject(parseJson(text));
  if (!value) return undefined;
  const compact = text.replaceAll(/("(?:[^"\\]|\\.)*")|\s+/g, "$1");
  return JSON.stringify(value) === compact ? value : undefined;
}

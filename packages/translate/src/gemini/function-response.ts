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

/** The object of a JSON text that its value gives back digit for digit, but for the space between. */
function losslessObject(text: string): JsonObject | undefined {
  const value = asObject(parseJson(text));
  return value && JSON.stringify(value) === withoutSpace(text) ? value : undefined;
}

/** JSON without the space between its values. */
function withoutSpace(json: string): string {
  const kept: string[] = [];
  let start = 0;
  let inString = false;
  for (let at = 0; at < json.length; at += 1) {
    const character = json[at];
    if (character === '"') inString = !inString;
    // What is escaped says nothing of where the string ends.
    else if (inString && character === "\\") at += 1;
    else if (!inString && isSpace(character)) {
      kept.push(json.slice(start, at));
      start = at + 1;
    }
  }
  return kept.join("") + json.slice(start);
}

function isSpace(character: string | undefined): boolean {
  return character === " " || character === "\n" || character === "\r" || character === "\t";
}

/** The elements of a JSON list that may have broken off, as `streamGenerateContent` sends it when `alt=sse` is absent. */
import { parseJson } from "../json-value.ts";

/** What was read of a list. */
export interface ArrayElements {
  readonly elements: readonly unknown[];
  /** Whether the closing bracket came. */
  readonly closed: boolean;
}

/** The whole elements of a list's text; undefined when the text is no list. Elements that are not JSON are left out. */
export function readArrayElements(text: string): ArrayElements | undefined {
  const elements: unknown[] = [];
  let depth = 0;
  let start = 0;

  function take(end: number): void {
    const element = parseJson(text.slice(start, end));
    if (element !== undefined) elements.push(element);
  }

  for (let at = /^\uFEFF?\s*(?=\[)/.exec(text)?.[0].length ?? text.length; at < text.length; at += 1) {
    const character = text[at];
    if (character === '"') {
      at = endOfString(text, at);
    } else if (character === "[" || character === "{") {
      depth += 1;
      if (depth === 1) start = at + 1;
    } else if (character === "]" || character === "}") {
      depth -= 1;
      if (depth === 0) {
        take(at);
        return { elements, closed: true };
      }
    } else if (character === "," && depth === 1) {
      take(at);
      start = at + 1;
    }
  }
  if (depth === 0) return undefined;
  // An element that was sent whole, though nothing came after it.
  take(text.length);
  return { elements, closed: false };
}

/** Where the string that begins at `from` ends: its closing quote, or the end of the text. */
function endOfString(text: string, from: number): number {
  let end = text.indexOf('"', from + 1);
  while (end >= 0 && isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end < 0 ? text.length : end;
}

function isEscaped(text: string, quote: number): boolean {
  let at = quote;
  while (text[at - 1] === "\\") at -= 1;
  return (quote - at) % 2 === 1;
}

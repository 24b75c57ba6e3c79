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
  // The strings of the text, and what can open or close a level: everything else only stands between.
  const tokens = /"(?:[^"\\]|\\.)*"|[[\]{},]/gs;
  if (!/^\uFEFF?\s*\[/.test(text)) return undefined;
  const elements: unknown[] = [];
  let depth = 0;
  let start = 0;

  function take(end: number): void {
    const element = parseJson(text.slice(start, end));
    if (element !== undefined) elements.push(element);
  }

  for (const { 0: token, index } of text.matchAll(tokens)) {
    if (token === "[" || token === "{") {
      depth += 1;
      if (depth === 1) start = index + 1;
    } else if (token === "]" || token === "}") {
      depth -= 1;
      if (depth === 0) {
        take(index);
        return { elements, closed: true };
      }
    } else if (token === "," && depth === 1) {
      take(index);
      start = index + 1;
    }
  }
  // An element that was sent whole, though nothing came after it.
  take(text.length);
  return { elements, closed: false };
}

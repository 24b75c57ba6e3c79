/** JSON in a text: its strings are redacted one by one, and every other character of it stays as it was. */
import { isCardNumber } from "./detectors/card.ts";

/** Redacts the value of a string; `name`: the member whose value it is, or that it stands in a list of. */
export type RedactString = (value: string, name: string | undefined) => string;

/** How a text can be taken as JSON. */
export type JsonLikeness = "json" | "broken" | "none";

const NUMBER = /(?<![\d.eE+-])\d{13,19}(?![\d.eE])/g;

/** Whether a text is JSON of more than one value, begins like it (a stream that broke off), or is something else. */
export function jsonLikeness(text: string): JsonLikeness {
  if (!/^\s{0,64}[{["]/.test(text)) return "none";
  try {
    JSON.parse(text);
    return "json";
  } catch {
    return /^\s{0,64}[{[]\s{0,64}[{["]/.test(text) ? "broken" : "none";
  }
}

/** The JSON with its strings redacted, members' names too. Numbers that are a card's become the text `[card]`. */
export function redactJsonText(json: string, redact: RedactString): string {
  let redacted = "";
  let done = 0;
  let name: string | undefined;
  for (let start = json.indexOf('"'); start !== -1; start = json.indexOf('"', done)) {
    const end = endOfLiteral(json, start);
    const literal = json.slice(start, end);
    redacted += redactNumbers(json.slice(done, start));
    done = end;
    const value = parseLiteral(literal);
    const isName = value !== undefined && isFollowedByColon(json, end);
    if (isName) name = value;
    const result = value === undefined ? undefined : redact(value, isName ? undefined : name);
    redacted += result === value ? literal : JSON.stringify(result);
  }
  return redacted + redactNumbers(json.slice(done));
}

/** Just behind the quote that ends the string; the end of the text when there is none. */
function endOfLiteral(json: string, start: number): number {
  for (let index = start + 1; index < json.length; index += 1) {
    const character = json[index];
    if (character === "\\") index += 1;
    else if (character === '"') return index + 1;
  }
  return json.length;
}

function parseLiteral(literal: string): string | undefined {
  try {
    const value: unknown = JSON.parse(literal);
    return typeof value === "string" ? value : undefined;
  } catch {
    return undefined;
  }
}

function isFollowedByColon(json: string, from: number): boolean {
  let index = from;
  while (/\s/.test(json[index] ?? "")) index += 1;
  return json[index] === ":";
}

function redactNumbers(between: string): string {
  return between.replace(NUMBER, (digits) => (isCardNumber(digits) ? '"[card]"' : digits));
}

/** Redacts everything in a value of any shape: texts, the names of members, JSON inside texts, files, and card numbers. */
import type { JsonObject } from "@sluice/wire";
import { namesSecret } from "./detectors/api-key.ts";
import { isCardNumber } from "./detectors/card.ts";
import { jsonLikeness, redactJsonText } from "./json-text.ts";
import { fileInMember, withoutFiles } from "./media.ts";
import type { RedactText } from "./redact-text.ts";

/** JSON in JSON in JSON: deeper than anything but an attack, what is inside is a text. */
const MOST_NESTED_JSON = 6;
/** The longest value that its member's name is taken into account for: a number, a key, no prose. */
const LONGEST_NAMED_VALUE = 512;
/** What is shown in place of a hit. */
const HIT = /^\[[\w-]+\]$/;
/** What is shown of each word of a list when something private runs over several of them. */
const WORD = "[redacted]";

/** The value with its shape: the same members, lists and types, but for numbers of cards, which become text. Never throws. */
export function redactTree(value: unknown, redact: RedactText): unknown {
  return redactValue(value, redact, undefined);
}

/** A text that may be JSON, or hold files. */
export function redactContentText(text: string, redact: RedactText): string {
  return redactString(text, redact, undefined, 0);
}

function redactValue(value: unknown, redact: RedactText, name: string | undefined): unknown {
  if (typeof value === "string") return redactString(value, redact, name, 0);
  if (typeof value === "number") return isCardNumber(String(value)) ? "[card]" : value;
  if (typeof value === "bigint") return isCardNumber(String(value)) ? "[card]" : value;
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return redactList(value, redact, name);
  return redactObject(value as JsonObject, redact);
}

function redactObject(object: JsonObject, redact: RedactText): JsonObject {
  const taken = new Set<string>();
  return Object.fromEntries(
    Object.entries(object).map(([name, value]) => [
      unused(redact(name), taken),
      fileInMember(object, name) ?? redactValue(value, redact, name),
    ]),
  );
}

/** Two names that are redacted to the same are told apart by a number. */
function unused(name: string, taken: Set<string>): string {
  let candidate = name;
  for (let number = 2; taken.has(candidate); number += 1) candidate = `${name} ${number}`;
  taken.add(candidate);
  return candidate;
}

function redactList(list: readonly unknown[], redact: RedactText, name: string | undefined): unknown {
  const redacted = list.map((item) => redactValue(item, redact, name));
  // Transcripts and log probabilities come word by word: a number that is spelt over several is found in the whole only.
  for (const [field, gap] of [["word", " "] as const, ["token", ""] as const]) {
    const words = list.map((item) => (item as JsonObject | null | undefined)?.[field]);
    if (words.length < 2 || !words.every((word) => typeof word === "string")) continue;
    const whole = words.map((word) => (word.trim() === "" ? " " : word)).join(gap);
    if (redact(whole) === whole) continue;
    return redacted.map((item) => withoutWords(item as JsonObject, field));
  }
  return redacted;
}

/** A word of which nothing is shown: neither the alternatives to it nor its bytes. */
function withoutWords(item: JsonObject, field: string): JsonObject {
  const { bytes: _, top_logprobs: __, ...rest } = item;
  return { ...rest, [field]: WORD };
}

function redactString(text: string, redact: RedactText, name: string | undefined, depth: number): string {
  const shown = withoutFiles(text);
  if (shown !== text) return redactString(shown, redact, name, depth);
  if (name !== undefined && namesSecret(name) && text !== "" && !HIT.test(text)) return "[api-key]";
  const likeness = depth < MOST_NESTED_JSON ? jsonLikeness(text) : "none";
  if (likeness === "none") return redactNamed(text, redact, name);
  const redacted = redactJsonText(text, (value, member) => redactString(value, redact, member, depth + 1));
  return likeness === "json" ? redacted : redact(redacted);
}

/** The member's name says what digits or letters are (`phone`, `aws_secret`), so it is read along with them. */
function redactNamed(text: string, redact: RedactText, name: string | undefined): string {
  if (name === undefined || text.length > LONGEST_NAMED_VALUE) return redact(text);
  const label = `${name.replaceAll(/([a-z0-9])([A-Z])/g, "$1_$2")}: `;
  const redacted = redact(label + text);
  return redacted.startsWith(label) ? redacted.slice(label.length) : redact(text);
}

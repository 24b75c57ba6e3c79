/** Telephone numbers: international ones, and national ones in the forms in which people write them. */
import type { Detector } from "./detector.ts";

/** What stands between groups of digits. */
const GAP = "[ \\u00a0.\\-/()]{0,3}";
/** Where a number cannot begin: in a word, an id, an amount or a longer number. */
const START = "(?<![\\p{L}\\p{N}_+]|[\\p{N}][.,:/-])";
const END = "(?![\\p{L}\\p{N}_]|[.,:/-]\\p{N})";

/** `+49 30 1234567`, `+1 (415) 555-2671`, `0049 30 1234567`: 7 to 15 digits (ITU-T E.164). */
const INTERNATIONAL = new RegExp(
  `${START}(?:\\+|00(?=[1-9]\\d{0,2}[ \\u00a0./-]))[1-9](?:${GAP}\\d){6,14}(?!\\d)`,
  "gu",
);

/** National forms. Each needs its separators, for digits alone may be any id. */
const NATIONAL = [
  // North America: (415) 555-2671, 415-555-2671, 415.555.2671, 1-415-555-2671
  "(?:1[ .-])?(?:\\([2-9]\\d{2}\\) ?|[2-9]\\d{2}[ .-])[2-9]\\d{2}[ .-]\\d{4}",
  // France and others in pairs: 06 12 34 56 78
  "0[1-9](?:[ .-]\\d{2}){4}",
  // Britain, Germany, the Netherlands, Australia …: 020 7946 0958, 07700 900123, 0171/1234567, (030) 123 456
  "\\(?0[1-9]\\d{1,4}\\)?[ /-]{1,3}\\d{3,4}[ -]?\\d{3,5}",
  "\\(?0[1-9]\\d{0,4}\\)?[ /-]{1,3}\\d{2,4}[ -]\\d{2,4}(?:[ -]\\d{2,4}){0,2}",
  // Germany with one block: 030/123456, 0171-1234567
  "\\(?0[1-9]\\d{1,4}\\)?[ /-]{1,3}\\d{5,8}",
  // Brazil: (11) 91234-5678
  "\\(\\d{2}\\) ?9?\\d{4}-\\d{4}",
  // India: 98765 43210
  "[6-9]\\d{4}[ -]\\d{5}",
].map((form) => new RegExp(`${START}${form}${END}`, "gu"));

const FEWEST_NATIONAL_DIGITS = 9;

/** After a word that says so, any number of 6 to 15 digits is one. */
const AFTER_A_WORD =
  /(?<!\p{L})((?:tele(?:phone|fon|fono)?|tel|phones?|mobile?|cell|handy|fax|whatsapp|sms|call|dial|anruf(?:en)?)(?:[ _-]?(?:number|nummer|no|nr))?\.?["']?(?: (?:me|us|is|at|on|to))?[ :=#"'\u00a0]{1,4})(\(?\d(?:[ \u00a0.\-/()]{0,2}\d){5,14})(?![\p{L}\p{N}])/giu;

/** Replaces telephone numbers by `[phone]`. Dates, amounts and bare ids are none. */
export const redactPhones: Detector = (text) => {
  let redacted = text.replace(INTERNATIONAL, "[phone]");
  for (const form of NATIONAL)
    redacted = redacted.replace(form, (number) => (isNumber(number) ? "[phone]" : number));
  return redacted.replace(AFTER_A_WORD, (hit: string, word: string, number: string) =>
    isDate(number) ? hit : `${word}[phone]`,
  );
};

/** A date is none, nor are fewer digits than a national number with its area code has. */
function isNumber(text: string): boolean {
  return text.replaceAll(/\D/g, "").length >= FEWEST_NATIONAL_DIGITS && !isDate(text);
}

/** `01-02-2024` and the like, also with a time of day behind it. */
function isDate(number: string): boolean {
  return /^(?:\d{1,2}[./ -]\d{1,2}[./ -](?:19|20)\d{2}|(?:19|20)\d{2}[./ -]\d{1,2}[./ -]\d{1,2})\b/.test(
    number,
  );
}

/** Numbers of payment cards: a known issuer's first digits, a length that it uses, and the right check digit. */
import type { Detector } from "./detector.ts";

/** What may stand between two groups of digits: one space or dash. */
const DIVIDERS: ReadonlySet<string> = new Set([" ", "\u00a0", "\u202f", "-"]);
/** Ids whose groups of digits may look like a card by chance. */
const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/** First digits and lengths of the issuers (ISO/IEC 7812 ranges as the networks publish them). */
const ISSUERS: readonly { readonly prefix: RegExp; readonly lengths: readonly number[] }[] = [
  { prefix: /^4/, lengths: [13, 16, 19] }, // Visa
  { prefix: /^(?:5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720)/, lengths: [16] }, // Mastercard
  { prefix: /^3[47]/, lengths: [15] }, // American Express
  { prefix: /^(?:6011|64[4-9]|65)/, lengths: [16, 19] }, // Discover
  { prefix: /^(?:30[0-5]|309|36|38|39)/, lengths: [14, 16, 19] }, // Diners Club
  { prefix: /^35(?:2[89]|[3-8])/, lengths: [16, 19] }, // JCB
  { prefix: /^62/, lengths: [16, 17, 18, 19] }, // UnionPay
  { prefix: /^(?:50|5[6-9]|6[0-9])/, lengths: [16, 18, 19] }, // Maestro and others
];
const SHORTEST = 13;
const LONGEST = 19;

/** Digits in a text, without a gap. */
interface Group {
  readonly start: number;
  readonly digits: string;
}

/** Replaces numbers of payment cards by `[card]`, also when spaces or dashes divide them. */
export const redactCards: Detector = (text) => {
  let redacted = "";
  let done = 0;
  for (const run of runsOf(text)) {
    for (let first = 0; first < run.length; first += 1) {
      const count = cardAt(run, first);
      const start = run[first]?.start ?? 0;
      const last = run[first + count - 1];
      if (count === 0 || !last) continue;
      const end = last.start + last.digits.length;
      if (!standsAlone(text, start, end) || insideUuid(text, start, end - start)) continue;
      redacted += `${text.slice(done, start)}[card]`;
      done = end;
      first += count - 1;
    }
  }
  return redacted + text.slice(done);
};

/** Whether digits alone are the number of a card. */
export function isCardNumber(digits: string): boolean {
  if (digits.length < SHORTEST || digits.length > LONGEST) return false;
  return (
    ISSUERS.some(({ prefix, lengths }) => lengths.includes(digits.length) && prefix.test(digits)) &&
    hasLuhnDigit(digits)
  );
}

/** Groups of digits with one divider between each and the next, as far as they can be a card's. */
function* runsOf(text: string): Generator<readonly Group[]> {
  let run: Group[] = [];
  let end = 0;
  for (const { index, 0: digits } of text.matchAll(/\d+/g)) {
    const goesOn = index === end + 1 && DIVIDERS.has(text[end] ?? "");
    if (!goesOn && run.length > 0) {
      yield run;
      run = [];
    }
    run.push({ start: index, digits });
    end = index + digits.length;
  }
  if (run.length > 0) yield run;
}

/** How many groups from this one on make up a card's number, the most that do; 0 for none. */
function cardAt(groups: readonly Group[], first: number): number {
  let digits = "";
  let found = 0;
  for (let index = first; index < groups.length; index += 1) {
    digits += groups[index]?.digits ?? "";
    if (digits.length > LONGEST) break;
    if (isCardNumber(digits)) found = index - first + 1;
  }
  return found;
}

/** Digits in a word are part of an id, those of a fraction an amount, and those behind a `+` a telephone number. */
function standsAlone(text: string, start: number, end: number): boolean {
  return (
    !/[\p{L}\p{N}+]$|\d[.,]$/u.test(text.slice(Math.max(0, start - 2), start)) &&
    !/^(?:[\p{L}\p{N}]|[.,]\d)/u.test(text.slice(end, end + 2))
  );
}

/** The check digit of ISO/IEC 7812-1, annex B. */
function hasLuhnDigit(digits: string): boolean {
  let sum = 0;
  for (let index = 0; index < digits.length; index += 1) {
    const digit = digits.charCodeAt(digits.length - 1 - index) - 48;
    const doubled = index % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

/** The run may be some groups of a UUID, which has no digit group of its own length anywhere else. */
function insideUuid(text: string, offset: number, length: number): boolean {
  for (const back of [0, 9, 14, 19, 24]) {
    const id = text.slice(Math.max(0, offset - back), Math.max(0, offset - back) + 36);
    if (offset >= back && length <= 36 - back && UUID.test(id)) return true;
  }
  return false;
}

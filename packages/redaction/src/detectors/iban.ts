/** Bank accounts as IBAN (ISO 13616): a country, its length, and the right check digits. */
import type { Detector } from "./detector.ts";

/** Countries, and how many characters an IBAN of theirs has (SWIFT, "IBAN Registry"). */
const COUNTRIES =
  "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 " +
  "DO28 EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 " +
  "IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 " +
  "MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 " +
  "SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30";
const LENGTHS: ReadonlyMap<string, number> = new Map(
  COUNTRIES.split(" ").map((entry) => [entry.slice(0, 2), Number(entry.slice(2))]),
);

/** Country and check digits; the rest is taken by the country's length. */
const START = /(?<![A-Za-z0-9])([A-Z]{2})[ -]?(\d{2})(?=[ \u00a0-]?[A-Z0-9])/gi;
const LONGEST_WITH_SPACES = 80;

/** Replaces IBANs by `[iban]`, also when spaces or dashes divide them. */
export const redactIbans: Detector = (text) => {
  let redacted = "";
  let done = 0;
  for (const { index, 1: country } of text.matchAll(START)) {
    if (index < done) continue;
    const length = ibanAt(
      text.slice(index, index + LONGEST_WITH_SPACES),
      LENGTHS.get((country ?? "").toUpperCase()),
    );
    if (length === 0) continue;
    redacted += `${text.slice(done, index)}[iban]`;
    done = index + length;
  }
  return redacted + text.slice(done);
};

/** How many characters the IBAN has that the text begins with; 0 for none. */
function ibanAt(text: string, length: number | undefined): number {
  if (length === undefined) return 0;
  let iban = "";
  let at = 0;
  while (iban.length < length) {
    const character = text[at] ?? "";
    const divides = /[ \u00a0-]/.test(character) && /[A-Za-z0-9]/.test(text[at + 1] ?? "");
    if (!divides && !/[A-Za-z0-9]/.test(character)) return 0;
    if (!divides) iban += character;
    at += 1;
  }
  if (/[A-Za-z0-9]/.test(text[at] ?? "")) return 0;
  return remainder(iban.toUpperCase()) === 1 ? at : 0;
}

/** Modulo 97 of the IBAN as a number: its first four characters last, letters as 10 to 35 (ISO 7064). */
function remainder(iban: string): number {
  let rest = 0;
  for (const character of iban.slice(4) + iban.slice(0, 4)) {
    const value = Number.parseInt(character, 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest;
}

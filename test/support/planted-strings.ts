/** Two hundred secrets and personal data, made by rule so that each is valid of its kind; none is anybody's. */

/** One thing that must not leave. */
export interface Planted {
  readonly kind: string;
  readonly text: string;
}

const PEOPLE = [
  "ada",
  "grace.hopper",
  "alan-turing",
  "jürgen",
  "o'neill",
  "marie+lab",
  "li_wei",
  "zoë99",
  "ivan.p",
  "x",
];
const HOSTS = ["example.com", "mail.example.co.uk", "example-corp.io"];
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

const emails = HOSTS.flatMap((host) => PEOPLE.map((name) => `${name}@${host}`));

const phones = Array.from({ length: 6 }, (_, index) => {
  const last = String(2671 + index * 7);
  return [
    `+4915${index}1234${last}`,
    `+1 (415) 555-${last}`,
    `+44 20 7946 ${last}`,
    `(212) 555-${last}`,
    `0${171 + index}/123${last}`,
  ];
}).flat();

const cards = ["400000", "510510", "222300", "601100", "352800", "655555"].flatMap((issuer, index) =>
  [0, 1, 2, 3, 4].map((number) => {
    const card = withCheckDigit(`${issuer}${String(123_456_789 + index * 1111 + number * 97_531)}`);
    const gap = ["", " ", "-", "", " "][number] ?? "";
    return card.match(/\d{4}/g)?.join(gap) ?? card;
  }),
);

const ibans = ["DE", "FR", "GB", "ES"].flatMap((country, index) =>
  [0, 1, 2, 3, 4].map((number) => {
    const account: Readonly<Record<string, string>> = {
      DE: `37040044053201300${number}`.padEnd(18, "0"),
      FR: `2004101005050001${number}M0260${index}`.padEnd(23, "6"),
      GB: `NWBK6016133192681${number}`.padEnd(18, "9"),
      ES: `2100041845020005133${number}`.padEnd(20, "2"),
    };
    return iban(country, account[country] ?? "");
  }),
);

const ips = [
  ...Array.from({ length: 12 }, (_, index) => `203.0.113.${index * 21}`),
  ...Array.from({ length: 8 }, (_, index) => `2001:db8:${index}::${(index * 4099 + 1).toString(16)}`),
  "10.0.0.7",
  "::ffff:192.0.2.128",
  "fe80::1ff:fe23:4567:890a",
  "192.168.178.20",
  "172.16.254.1",
];

const keys = [
  ...[20, 32, 48].map((length, index) => `sk-proj-${letters(length, index)}`),
  ...[0, 1, 2].map((index) => `sk-ant-api03-${letters(60, 10 + index)}`),
  ...[0, 1, 2].map((index) => `sk-sluice-${letters(43, 20 + index)}`),
  ...[0, 1, 2].map((index) => `sk-or-v1-${letters(64, 30 + index)}`),
  ...[0, 1, 2].map(
    (index) =>
      `AKIA${letters(40, 40 + index)
        .toUpperCase()
        .slice(0, 16)}`,
  ),
  ...[0, 1].map(
    (index) =>
      `ASIA${letters(40, 50 + index)
        .toUpperCase()
        .slice(0, 16)}`,
  ),
  ...[0, 1, 2].map((index) => `aws_secret_access_key=${letters(40, 60 + index)}`),
  ...[0, 1, 2].map((index) => `AIza${letters(35, 70 + index)}`),
  ...["ghp", "gho", "ghu", "ghs", "ghr"].map((kind, index) => `${kind}_${letters(36, 80 + index)}`),
  ...[0, 1].map((index) => `github_pat_${letters(60, 90 + index)}`),
  ...["b", "p", "a"].map((kind, index) => `xox${kind}-123456789012-${letters(24, 100 + index)}`),
  ...["sk_live", "rk_live", "sk_test"].map((kind, index) => `${kind}_${letters(24, 110 + index)}`),
  ...["pk", "sk"].map((kind) => `${kind}-lf-1234abcd-12ab-34cd-56ef-1234567890ab`),
  ...[0, 1, 2].map((index) => `hf_${letters(34, 120 + index)}`),
  ...[0, 1, 2].map((index) => `gsk_${letters(52, 130 + index)}`),
  ...[0, 1, 2].map((index) => `Bearer ${letters(40, 140 + index)}`),
  ...[0, 1].map((index) => `postgres://app:${letters(16, 150 + index)}@db/x`),
  ...[0, 1, 2].map((index) => `glpat-${letters(20, 160 + index)}`),
  `-----BEGIN PRIVATE KEY-----\n${letters(64, 170)}\n${letters(64, 171)}\n-----END PRIVATE KEY-----`,
];

const jwts = Array.from({ length: 12 }, (_, index) =>
  [{ alg: "HS256", typ: "JWT" }, { sub: String(index), name: "Ada" }, { signature: letters(20, index) }]
    .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
    .join("."),
);

/** All of them. What says whose it is (`Bearer`, `postgres://app:`) stands in front and may stay. */
export const PLANTED: readonly Planted[] = Object.entries({
  emails,
  phones,
  cards,
  ibans,
  ips,
  keys,
  jwts,
}).flatMap(([kind, texts]) => texts.map((text) => ({ kind, text })));

/** The part of a planted string that nobody may see. */
export function secretOf({ text }: Planted): string {
  return /^(?:Bearer |aws_secret_access_key=|postgres:\/\/app:)([^@]+)/.exec(text)?.[1] ?? text;
}

/** Letters and digits that look random and are not: never the same for two seeds, with a digit in front. */
function letters(length: number, seed: number): string {
  let state = seed * 7919 + 17;
  const next = () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return LETTERS[Math.floor(state / 65_536) % LETTERS.length];
  };
  return `${seed % 10}${Array.from({ length: length - 1 }, next).join("")}`;
}

function withCheckDigit(digits: string): string {
  const sum = digits
    .split("")
    .toReversed()
    .reduce((total, digit, index) => {
      const value = index % 2 === 0 ? Number(digit) * 2 : Number(digit);
      return total + (value > 9 ? value - 9 : value);
    }, 0);
  return digits + String((10 - (sum % 10)) % 10);
}

function iban(country: string, account: string): string {
  const digits = `${account}${country}00`
    .split("")
    .map((character) => Number.parseInt(character, 36))
    .join("");
  return `${country}${String(98n - (BigInt(digits) % 97n)).padStart(2, "0")}${account}`;
}

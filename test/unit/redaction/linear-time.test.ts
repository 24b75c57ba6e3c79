import { createTextRedactor, redactTree } from "@sluice/redaction";
import { describe, expect, test } from "vitest";

const SIZE = 1_000_000;
const redact = createTextRedactor({ patterns: { stars: "(a+)+$", nested: "(x|xx)*y" } });

/** Texts of a megabyte that make careless expressions look at each character as often as there are others. */
const HOSTILE: readonly (readonly [what: string, piece: string])[] = [
  ["letters", "a"],
  ["upper-case letters", "A"],
  ["digits", "7"],
  ["digits of a card's issuer", "4"],
  ["digits with spaces", "4 "],
  ["digits with dashes", "1-"],
  ["zeros", "00 "],
  ["plus signs", "+1"],
  ["plus signs and gaps", "+1 ( "],
  ["at signs", "@"],
  ["addresses without an end", "a@"],
  ["addresses with dots", "a.a@a.a.a."],
  ["local parts that go nowhere", `${"a".repeat(63)} @`],
  ["dots", "."],
  ["octets", "1."],
  ["groups of an address", "1:"],
  ["colons", ":"],
  ["dashes", "-"],
  ["headers of tokens", "eyJ"],
  ["headers of tokens with dots", "eyJaaaaaaaa."],
  ["headers of tokens with spaces", "eyJaaaaaaaa "],
  ["beginnings of keys", "sk-"],
  ["beginnings of other keys", "SG.aaaaaaaaaaaaaaaa"],
  ["beginnings of private keys", "-----BEGIN PRIVATE KEY-----"],
  ["beginnings of private keys, and text", '-----BEGIN PRIVATE KEY-----"'],
  ["names of secrets", "secret "],
  ["names of secrets with dashes", "a-a_api-key"],
  ["passwords", "password:"],
  ["bearers", "Bearer "],
  ["URLs", "a://"],
  ["URLs with names", "ab://c:"],
  ["countries", "DE89 "],
  ["countries without a gap", "GB29NWBK"],
  ["words for telephones", "tel: "],
  ["words for telephones and digits", "phone 1"],
  ["brackets", "[{"],
  ["quotes", '"'],
  ["backslashes", "\\"],
  ["escaped quotes", '\\"'],
  ["lists", '["'],
  ["data URLs", "data:a;a;a;base64"],
  ["spaces", " "],
  ["line ends", "\n"],
  ["letters of the pattern", "x"],
  ["surrogates", "\ud83d\ude00"],
  ["half surrogates", "\ud83d"],
];

// Whoever makes one of them quadratic waits for hours, and the runner's limit says which it was.
describe("a megabyte of", () => {
  test.each(HOSTILE)("%s is gone through", (_, piece) => {
    const text = piece.repeat(Math.ceil(SIZE / piece.length));
    expect(typeof redact(text)).toBe("string");
  });
});

describe("a megabyte of what looks like JSON:", () => {
  test.each(['"', "[", '["', '{"a":', '\\"', "1,", '"a",'])("%s", (piece) => {
    const text = `[${piece.repeat(SIZE / 2)}`;
    expect(typeof redactTree(text, redact)).toBe("string");
  });
});

test("what stands behind a megabyte of noise is found", () => {
  for (const [, piece] of HOSTILE) {
    if (/BEGIN|"|\\|data:/.test(piece)) continue;
    const text = `${piece.repeat(Math.ceil(SIZE / 10 / piece.length))}\n ada@example.com`;
    expect(redact(text)).toMatch(/\[email\]$/);
  }
});

test("six megabytes of groups, the most that a caller can send, do not run out of the engine's memory", () => {
  expect(redact("1 ".repeat(3_000_000))).toHaveLength(6_000_000);
});

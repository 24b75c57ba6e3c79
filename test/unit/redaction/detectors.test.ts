import { createTextRedactor } from "@sluice/redaction";
import { describe, expect, test } from "vitest";

const redact = createTextRedactor();

/** Texts, and what is left of them. */
type Hits = readonly (readonly [text: string, redacted: string])[];

const FOUND: Readonly<Record<string, Hits>> = {
  "e-mail addresses": [
    ["Write to ada@example.com.", "Write to [email]."],
    ["<a.b+c_d%e@mail.sub.example.co.uk>", "<[email]>"],
    ["jürgen.müller@straße.de", "[email]"],
    ["почта@пример.рф", "[email]"],
    ["ada@xn--bcher-kva.xn--p1ai", "[email]"],
    ["/users?mail=ada%40example.com&x=1", "/users?mail=[email]&x=1"],
    ["\\u0022ada\\u0040example.com", "\\[email]"],
    ["ada＠example.com", "[email]"],
    ["a@b.de,c@d.org;e@f.net", "[email],[email];[email]"],
    [`${"x".repeat(80)}@example.com`, `${"x".repeat(16)}[email]`],
  ],
  "telephone numbers": [
    ["+4915112345678", "[phone]"],
    ["call +49 (0) 30 / 1234-567 now", "call [phone] now"],
    ["+1 (415) 555-2671", "[phone]"],
    ["+1-415-555-2671x", "[phone]x"],
    ["+44 20 7946 0958", "[phone]"],
    ["0049 30 1234567", "[phone]"],
    ["(415) 555-2671", "[phone]"],
    ["415-555-2671.", "[phone]."],
    ["415.555.2671", "[phone]"],
    ["020 7946 0958", "[phone]"],
    ["07700 900123", "[phone]"],
    ["0171/1234567", "[phone]"],
    ["030-90182000", "[phone]"],
    ["06 12 34 56 78", "[phone]"],
    ["01.23.45.67.89", "[phone]"],
    ["(11) 91234-5678", "[phone]"],
    ["98765 43210", "[phone]"],
    ["Tel.: 4155552671", "Tel.: [phone]"],
    ["my phone number is 612345678", "my phone number is [phone]"],
    ["+49\u00a030\u00a01234567", "[phone]"],
  ],
  "payment cards": [
    ["4111111111111111", "[card]"],
    ["4111 1111 1111 1111", "[card]"],
    ["4111-1111-1111-1111, 12/29", "[card], 12/29"],
    ["5555555555554444", "[card]"],
    ["2223003122003222", "[card]"],
    ["3782 822463 10005", "[card]"],
    ["6011000990139424", "[card]"],
    ["3530111333300000", "[card]"],
    ["30569309025904", "[card]"],
    ["6200000000000005", "[card]"],
    ["6759649826438453", "[card]"],
    ["4222222222222", "[card]"],
    ["card_4111111111111111", "card_[card]"],
    ["4111111111111111 5555555555554444", "[card] [card]"],
    ["2024-01-15 4111 1111 1111 1111 7", "2024-01-15 [card] 7"],
    ["4111\u00a01111\u00a01111\u00a01111", "[card]"],
  ],
  IBANs: [
    ["DE89370400440532013000", "[iban]"],
    ["DE89 3704 0044 0532 0130 00 and more", "[iban] and more"],
    ["GB29-NWBK-6016-1331-9268-19", "[iban]"],
    ["fr1420041010050500013m02606", "[iban]"],
    ["NO9386011117947.", "[iban]."],
    ["MT84MALT011000012345MTLCAST001S", "[iban]"],
  ],
  "IP addresses": [
    ["from 203.0.113.7:443", "from [ip]:443"],
    ["http://10.0.0.1/x", "http://[ip]/x"],
    ["10.0.0.0/8", "[ip]/8"],
    ["host/192.168.1.20", "host/[ip]"],
    ["2001:db8::1", "[ip]"],
    ["[2001:db8:0:0:0:0:0:1]:80", "[[ip]]:80"],
    ["address:2001:db8::1.", "address:[ip]."],
    ["fe80::1ff:fe23:4567:890a%eth0", "[ip]%eth0"],
    ["::ffff:192.0.2.128", "[ip]"],
    ["1.1.1.1, 8.8.8.8", "[ip], [ip]"],
  ],
  "API keys": [
    ["sk-sluice-abc", "[api-key]"],
    ["sk-proj-abcDEF123_-abcDEF123", "[api-key]"],
    ["sk-ant-api03-abcDEF123_-abcDEF123", "[api-key]"],
    ["sk-or-v1-0123456789abcdef0123", "[api-key]"],
    [
      "Incorrect API key provided: sk-proj-ab************************wxyz.",
      "Incorrect API key provided: [api-key].",
    ],
    ["pk-lf-1234abcd-12ab-34cd-56ef-1234567890ab", "[api-key]"],
    ["sk-lf-1234abcd-12ab-34cd-56ef-1234567890ab", "[api-key]"],
    ["AKIAIOSFODNN7EXAMPLE", "[api-key]"],
    ["aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "aws_secret_access_key = [api-key]"],
    ["AKIAIOSFODNN7EXAMPLE,wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "[api-key],[api-key]"],
    ["AIzaSyA-1234567890abcdefghijklmnopqrstu", "[api-key]"],
    ["ghp_abcdefghijklmnopqrstuvwxyz0123456789", "[api-key]"],
    ["github_pat_11ABCDEFG0abcdefghijkl_mnopqrstuvwxyz", "[api-key]"],
    ["xoxb-123456789012-abcdefGHIJKL", "[api-key]"],
    ["https://hooks.slack.com/services/T000/B000/XXXXXXXX", "https://[api-key]"],
    ["sk_live_abcdefghij0123456789", "[api-key]"],
    ["whsec_abcdefghij0123456789abcd", "[api-key]"],
    ["glpat-abcdefghij0123456789", "[api-key]"],
    ["hf_abcdefghijKLMNOPQRSTuvwx", "[api-key]"],
    ["gsk_abcdefghijKLMNOPQRSTuvwx", "[api-key]"],
    ["Authorization: Bearer abc123.def-456_GHI", "Authorization: Bearer [api-key]"],
    ["Authorization: Basic dXNlcjpwYXNzd29yZA==", "Authorization: Basic [api-key]"],
    ["x-api-key: 0123456789abcdef", "x-api-key: [api-key]"],
    ["password=hunter22&x=1", "password=[api-key]"],
    ["the password is: s3cret!", "the password is: [api-key]"],
    ["postgres://app:s3cret@db.example.com/x", "postgres://app:[api-key]@db.example.com/x"],
    ["-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc\n-----END RSA PRIVATE KEY-----\nend", "[api-key]\nend"],
    ["-----BEGIN PRIVATE KEY-----\nMIIEbroken", "[api-key]"],
  ],
  JWTs: [
    ["eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-DEF_123", "[jwt]"],
    ["token eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0. end", "token [jwt] end"],
    ["Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc", "Bearer [jwt]"],
  ],
};

const LEFT_ALONE: Readonly<Record<string, readonly string[]>> = {
  "what is no e-mail address": [
    "@ada",
    "root@localhost",
    "npm i @scope/pkg@1.2.3",
    "a @ b.com",
    "user@host",
    "5 @ 3.00",
  ],
  "what is no telephone number": [
    "2024-01-15",
    "01-02-2024",
    "15.01.2024 12:30",
    "2024-01-15T12:30:45.123Z",
    "$1,234,567.89",
    "12 345 678 EUR",
    "order 4155552671",
    "1760000000000",
    "call_415",
    "v1.22.333",
    "1-2-3-4-5-6-7-8-9",
    "+1.5 %",
    "req_41555526710123",
    "UTC+02:00",
    "3.14159265358979",
    "09-12-10",
  ],
  "what is no card": [
    "4111111111111112",
    "1234567890123456",
    "0.4111111111111111",
    "41111111111111111111111111",
    "a4111111111111111",
    "4111111111111111f0",
    "550e8400-e29b-41d4-a716-446655440000",
    "12345678-4111-4111-8111-111111111111",
    "1760000000000000",
    "9111111111111111",
  ],
  "what is no IBAN": [
    "DE89370400440532013001",
    "XX89370400440532013000",
    "DE8937040044",
    "ABDE89370400440532013000",
  ],
  "what is no IP address": [
    "1.2.3",
    "v1.2.3.4",
    "1.2.3.4.5",
    "256.1.1.1",
    "Chrome/120.0.0.0",
    "12:30:45",
    "std::abs1",
    "a::b",
    "::",
    "00:1A:2B:3C:4D:5E",
    "1:2:3",
  ],
  "what is no key": [
    "risk-assessment-for-2024-and-later",
    "sk-learn",
    "sk-",
    "task-12345678901234567890",
    "the password policy",
    "the secret: patience",
    "`authorization: Bearer`",
    "api key rotation",
    "bearer of bad news",
    "basic understanding",
    "AKIA",
    "https://example.com:443/x@y",
    "max_tokens: 4096",
    "tokens: 123456",
    "password: null",
    "ghp_short",
  ],
  "what is no JWT": ["eyJ.a.b", "eyJhbGciOiJIUzI1NiJ9", "xeyJhbGciOiJIUzI1NiJ9.abcdef.x", "a.b.c"],
};

describe("what is found", () => {
  const rows = Object.entries(FOUND).flatMap(([kind, hits]) => hits.map((hit) => [kind, ...hit] as const));

  test.each(rows)("%s: %j", (_, text, redacted) => {
    expect(redact(text)).toBe(redacted);
  });

  test.each(rows)("is not found a second time (%s: %j)", (_, __, redacted) => {
    expect(redact(redacted)).toBe(redacted);
  });

  test.each(rows)("wherever it stands in a text (%s: %j)", (_, text, redacted) => {
    expect(redact(`Look: "${text}"\nnext`)).toBe(`Look: "${redacted}"\nnext`);
  });
});

describe("what is left alone", () => {
  const rows = Object.entries(LEFT_ALONE).flatMap(([kind, texts]) =>
    texts.map((text) => [kind, text] as const),
  );

  test.each(rows)("%s: %j", (_, text) => {
    expect(redact(text)).toBe(text);
    expect(redact(`Look: ${text}, next`)).toBe(`Look: ${text}, next`);
  });
});

describe("a drain's choice", () => {
  test("of detectors is all that looks, but for Sluice's own keys", () => {
    const only = createTextRedactor({ detectors: ["email"] });
    expect(only("ada@example.com 203.0.113.7 sk-sluice-abc")).toBe("[email] 203.0.113.7 [api-key]");
    expect(createTextRedactor({ detectors: [] })("ada@example.com")).toBe("ada@example.com");
  });

  test("of patterns looks first, and shows their names", () => {
    const own = createTextRedactor({ patterns: { "customer-no": "KD-\\d{6}", city: "(?i)\\bbielefeld\\b" } });
    expect(own("KD-123456 of BIELEFELD, ada@example.com")).toBe("[customer-no] of [city], [email]");
  });

  test.each([
    ["a reference to a group", "(a)\\1"],
    ["lookahead", "a(?=b)"],
    ["nonsense", "("],
    ["what matches nothing at all", "x*"],
  ])("of a pattern is refused with %s", (_, pattern) => {
    expect(() => createTextRedactor({ patterns: { mine: pattern } })).toThrow("redaction.patterns.mine");
  });
});

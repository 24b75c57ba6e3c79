import { createTextRedactor, redactTree } from "@sluice/redaction";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PLANTED, secretOf } from "../../support/planted-strings.ts";

const redactText = createTextRedactor();
const redact = (value: unknown) => redactTree(value, redactText);

describe("JSON in a text", () => {
  test("stays JSON, with every other character as it was", () => {
    expect(redact('{ "to" : "ada@example.com",\n "n": 1.50, "big": 12345678901234567890 }')).toBe(
      '{ "to" : "[email]",\n "n": 1.50, "big": 12345678901234567890 }',
    );
  });

  test("is read through its escapes", () => {
    expect(redact('{"a":"ada\\u0040example.com","b":"\\u0034111111111111111"}')).toBe(
      '{"a":"[email]","b":"[card]"}',
    );
  });

  test("in JSON in JSON is read too", () => {
    const nest = (value: unknown, depth: number): string =>
      depth === 0 ? JSON.stringify(value) : JSON.stringify({ inner: nest(value, depth - 1) });
    expect(redact(nest({ to: "ada@example.com" }, 4))).toBe(nest({ to: "[email]" }, 4));
  });

  test("that broke off is redacted as far as it came", () => {
    expect(redact('{"to":"ada@example.com","cc":"grace@example.com')).toBe('{"to":"[email]","cc":"[email]');
  });

  test("is not broken by a private key without an end", () => {
    const text = JSON.stringify({ key: "-----BEGIN PRIVATE KEY-----\nMIIE", next: 1 });
    expect(redact(text)).toBe('{"key":"[api-key]","next":1}');
  });

  test("has card numbers that were written as numbers replaced by a text", () => {
    expect(redact('{"card":4111111111111111,"id":4111111111111112}')).toBe(
      '{"card":"[card]","id":4111111111111112}',
    );
    expect(redact({ card: 4111111111111111, id: 1234567 })).toEqual({ card: "[card]", id: 1234567 });
  });

  test("begins a prose that is none", () => {
    expect(redact("[ada@example.com] wrote: {hello}")).toBe("[[email]] wrote: {hello}");
  });
});

describe("a member's name", () => {
  test("tells what its value is", () => {
    const secrets = {
      password: "correct horse",
      apiKey: "0001-abcd",
      AWS_SECRET_ACCESS_KEY: "x",
      client_secret: "y",
    };
    expect(redact(secrets)).toEqual(
      Object.fromEntries(Object.keys(secrets).map((name) => [name, "[api-key]"])),
    );
    expect(redact({ phone: "4155552671", userPhoneNumber: "0612345678", order: "4155552671" })).toEqual({
      phone: "[phone]",
      userPhoneNumber: "[phone]",
      order: "4155552671",
    });
    expect(redact('{"password":"x","list":{"mobile":["4155552671"]}}')).toBe(
      '{"password":"[api-key]","list":{"mobile":["[phone]"]}}',
    );
  });

  test("may itself be private, and two that become the same stay two", () => {
    expect(redact({ "ada@example.com": 1, "grace@example.com": 2, other: 3 })).toEqual({
      "[email]": 1,
      "[email] 2": 2,
      other: 3,
    });
  });

  test("that describes a tool's parameter hides nothing of the description", () => {
    const schema = { properties: { password: { type: "string", minLength: 8 } }, required: ["password"] };
    expect(redact(schema)).toEqual(schema);
  });

  test("is never taken for a prototype", () => {
    const value: unknown = JSON.parse('{"__proto__":{"a":"ada@example.com"}}');
    expect(JSON.stringify(redact(value))).toBe('{"__proto__":{"a":"[email]"}}');
  });
});

describe("a file", () => {
  const image = Buffer.alloc(900, 7).toString("base64");
  const placeholder = /^\[media image\/png, 900 bytes, sha256 [0-9a-f]{64}\]$/;

  test.each([
    ["a data URL", { url: `data:image/png;base64,${image}` }, "url"],
    ["Anthropic's base64", { type: "base64", media_type: "image/png", data: image }, "data"],
    ["Gemini's", { mimeType: "image/png", data: image }, "data"],
  ])("is told by its type, size and hash: %s", (_, part, member) => {
    expect(redact(part)).toMatchObject({ [member]: expect.stringMatching(placeholder) as string });
  });

  test("is told so however small it is, where its member says that it is one", () => {
    expect(redact({ b64_json: "aGVsbG8=" })).toEqual({
      b64_json: expect.stringMatching(/^\[media .* 5 bytes/) as string,
    });
    expect(redact({ data: "hello", kind: "text" })).toEqual({ data: "hello", kind: "text" });
  });

  test("is told so inside a text, in JSON in a text, and in lines", () => {
    expect(redact(`![x](data:image/png;base64,${image}) and`)).toMatch(
      /^!\[x\]\(\[media image\/png, 900 .*\]\) and$/,
    );
    expect(redact(JSON.stringify({ a: image }))).toMatch(
      /^\{"a":"\[media application\/octet-stream, 900 bytes/,
    );
    expect(redact(image.replaceAll(/.{76}/g, "$&\r\n"))).toMatch(/^\[media /);
  });
});

describe("a list of words", () => {
  test("is hidden when something private runs over several of them", () => {
    const words = ["call", "+49", "30", "1234567", "now"].map((word, start) => ({ word, start }));
    expect(redact({ words })).toEqual({ words: words.map(({ start }) => ({ word: "[redacted]", start })) });
    const tokens = ["ada", "@exam", "ple", ".com"].map((token) => ({
      token,
      logprob: -1,
      bytes: [1],
      top_logprobs: [],
    }));
    expect(redact(tokens)).toEqual(tokens.map(() => ({ token: "[redacted]", logprob: -1 })));
  });

  test("is shown when nothing does", () => {
    const words = ["hello", "there"].map((word) => ({ word }));
    expect(redact({ words })).toEqual({ words });
  });
});

/** Values of any shape with planted strings among their texts. */
const planted = fc.constantFrom(...PLANTED).map(({ text }) => text);
const text = fc.oneof(
  fc.string({ unit: "binary" }),
  planted,
  fc
    .tuple(fc.string(), planted, fc.string())
    .map(([before, secret, after]) => `${before} ${secret} ${after}`),
);
const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    text,
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie("tree"), { maxLength: 4 }),
    fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), tie("tree"), { maxKeys: 4 }),
    tie("tree").map((value) => JSON.stringify(value)),
  ),
}));

/** What is left of a value when every text in it is the same. */
function shape(value: unknown): unknown {
  if (typeof value === "string") return "text";
  if (Array.isArray(value)) return value.map(shape);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, shape(item)]));
}

describe("whatever the value", () => {
  test("its shape, names, numbers and switches stay", () => {
    fc.assert(
      fc.property(tree, (value) => {
        expect(shape(redact(value))).toEqual(shape(value));
      }),
    );
  });

  test("JSON of it stays JSON of the same shape", () => {
    fc.assert(
      fc.property(tree, (value) => {
        const redacted: unknown = JSON.parse(String(redact(JSON.stringify({ value }))));
        expect(shape(redacted)).toEqual(shape(JSON.parse(JSON.stringify({ value }))));
      }),
    );
  });

  test("redacting twice is the same as once, and always gives the same", () => {
    fc.assert(
      fc.property(tree, (value) => {
        const once = redact(value);
        expect(redact(value)).toEqual(once);
        expect(redact(once)).toEqual(once);
      }),
    );
  });

  test("a planted string between spaces never stays", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...PLANTED),
        fc.string({ unit: "grapheme" }),
        fc.string({ unit: "grapheme" }),
        (plant, a, b) => {
          const value = redact({ list: [`${a} ${plant.text} ${b}`] });
          expect(JSON.stringify(value)).not.toContain(JSON.stringify(secretOf(plant)).slice(1, -1));
        },
      ),
    );
  });
});

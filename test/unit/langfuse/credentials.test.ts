import { CredentialsError, readLangfuseKeys, readSecretHeaders } from "@sluice/langfuse";
import { describe, expect, it } from "vitest";

/** What is thrown. */
function thrown(work: () => unknown): CredentialsError {
  try {
    work();
  } catch (error) {
    if (error instanceof CredentialsError) return error;
  }
  throw new Error("Nothing was thrown.");
}

describe("a drain's keys", () => {
  it("are the pair that is stored, or none", () => {
    const keys = { publicKey: "pk-lf-1", secretKey: "sk-lf-1" };
    expect(readLangfuseKeys("main", { ...keys, headers: {} })).toEqual(keys);
    expect(readLangfuseKeys("main", undefined)).toBeUndefined();
  });

  it.each([
    ["a text", "pk-lf-1", /is no object/],
    ["a pair without its secret half", { publicKey: "pk-lf-1" }, /no text as secretKey/],
    ["a number", { publicKey: "pk-lf-1", secretKey: 7 }, /no text as secretKey/],
    ["a line break", { publicKey: "pk-lf-1", secretKey: "sk-lf-hush\n" }, /line breaks/],
    ["a colon", { publicKey: "pk:1", secretKey: "sk-lf-hush" }, /colons/],
    ["an exchanged pair", { publicKey: "sk-lf-hush", secretKey: "pk-lf-1" }, /exchanged/],
  ])("that are %s are refused, without a word of the secret", (_what, member, message) => {
    const error = thrown(() => readLangfuseKeys("main", member));
    expect(error.refusal).toBe("keys_malformed");
    expect(error.message).toMatch(/^The member "main" of the drains' secret /);
    expect(error.message).toMatch(message);
    expect(error.message).not.toContain("hush");
  });
});

describe("a drain's secret headers", () => {
  it("are those that are stored, names in lower case, or none", () => {
    expect(readSecretHeaders("tempo", { headers: { "X-Api-Key": "a b" } })).toEqual({ "x-api-key": "a b" });
    expect(readSecretHeaders("tempo", undefined)).toEqual({});
  });

  it.each([
    ["no object", "Bearer hush", /is no object/],
    ["headers on the wrong level", { authorization: "hush" }, /no object as headers/],
    ["a list", { headers: ["hush"] }, /no object as headers/],
    ["a name with a blank", { headers: { "x a": "hush" } }, /name is none/],
    ["a line break in a value", { headers: { "x-a": "hush\r\nx-b: 1" } }, /line breaks/],
    ["an empty value", { headers: { "x-a": "" } }, /empty/],
    ["the drain's own", { headers: { "Content-Type": "hush" } }, /sets itself/],
  ])("that are %s are refused, without a word of the secret", (_what, member, message) => {
    const error = thrown(() => readSecretHeaders("tempo", member));
    expect(error.refusal).toBe("keys_malformed");
    expect(error.message).toMatch(message);
    expect(error.message).not.toContain("hush");
  });
});

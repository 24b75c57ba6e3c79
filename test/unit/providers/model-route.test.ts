import { matchesGlob, resolveModel } from "@sluice/providers";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

const names = {
  providers: {
    openai: { name: "openai", models: ["gpt-*"] },
    groq: { name: "groq", models: ["llama-*"] },
  },
  aliases: { fast: "groq/llama-8b", "gpt-4o": "openai/gpt-4o-2024-08-06" },
  defaultProvider: "openai",
};

describe("a model's name", () => {
  it.each([
    ["an alias", "fast", "groq", "llama-8b"],
    ["an alias over a claim", "gpt-4o", "openai", "gpt-4o-2024-08-06"],
    ["a provider's prefix", "groq/gpt-oss/120b", "groq", "gpt-oss/120b"],
    ["a claimed bare name", "llama-70b", "groq", "llama-70b"],
    ["a name with a slash that is no provider's", "meta/llama", "openai", "meta/llama"],
    ["a name nobody claims", "my-model", "openai", "my-model"],
    ["a name from the object's prototype", "constructor", "openai", "constructor"],
  ])("that is %s resolves", (_what, requested, provider, model) => {
    expect(resolveModel(requested, names)).toEqual({ provider, model });
  });
});

describe("a glob", () => {
  it("agrees with the regular expression it stands for", () => {
    const pattern = fc.string({ unit: fc.constantFrom("a", "b", "-", "*"), maxLength: 8 });
    const name = fc.string({ unit: fc.constantFrom("a", "b", "-"), maxLength: 8 });
    fc.assert(
      fc.property(pattern, name, (glob, text) => {
        expect(matchesGlob(glob, text)).toBe(new RegExp(`^${glob.replaceAll("*", ".*")}$`).test(text));
      }),
    );
  });
});

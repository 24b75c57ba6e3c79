import { resolveConfig } from "@sluice/config";
import { describe, expect, it } from "vitest";
import {
  chooseProviders,
  providerVariables,
} from "../../../../packages/local/src/system/provider-targets.ts";

const config = resolveConfig(
  { providers: { openai: {}, groq: {}, "my-llm": { baseUrl: "http://localhost:11434/v1" } } },
  {},
);
const chosen = (env: Record<string, string>) =>
  Object.fromEntries(chooseProviders(config, env).map((target) => [target.name, target]));

describe("a provider of a local run", () => {
  it("is played by the demo model without a key and a base URL", () => {
    const targets = chooseProviders(config, {});

    expect(targets.map(({ name, kind }) => [name, kind])).toEqual([
      ["openai", "demo"],
      ["groq", "demo"],
      ["my-llm", "real"],
    ]);
    expect(providerVariables(targets, "http://127.0.0.1:1")).toEqual({
      OPENAI_BASE_URL: "http://127.0.0.1:1/openai/v1",
      GROQ_BASE_URL: "http://127.0.0.1:1/groq/v1",
    });
  });

  it("is played in its own format", () => {
    const targets = chooseProviders(resolveConfig({}, {}), {});
    expect(providerVariables(targets, "http://127.0.0.1:1")).toMatchObject({
      ANTHROPIC_BASE_URL: "http://127.0.0.1:1/anthropic/v1",
      BEDROCK_BASE_URL: "http://127.0.0.1:1/bedrock",
      GEMINI_BASE_URL: "http://127.0.0.1:1/gemini/v1beta",
    });
  });

  it("is where its base URL says, with a placeholder key when there is none", () => {
    const targets = chooseProviders(config, { OPENAI_BASE_URL: "http://127.0.0.1:9/v1/" });

    expect(targets[0]).toMatchObject({
      name: "openai",
      kind: "real",
      baseUrl: "http://127.0.0.1:9/v1",
      apiKey: "local",
    });
    expect(providerVariables(targets, undefined)).toEqual({ OPENAI_BASE_URL: "http://127.0.0.1:9/v1" });
  });

  it("is where the config says when only its key is given", () => {
    const { groq } = chosen({ GROQ_API_KEY: "gsk-1" });

    expect(groq).toMatchObject({ name: "groq", kind: "real", apiKey: "gsk-1" });
  });

  it("has the variables of its name", () => {
    expect(
      chosen({ MY_LLM_API_KEY: "k", MY_LLM_BASE_URL: "https://llm.example/v1" })["my-llm"],
    ).toMatchObject({
      name: "my-llm",
      kind: "real",
      baseUrl: "https://llm.example/v1",
      apiKey: "k",
    });
  });

  it("needs a base URL that is one", () => {
    expect(() => chosen({ OPENAI_BASE_URL: "api.openai.com" })).toThrow("OPENAI_BASE_URL");
  });
});

import { defineConfig, resolveConfig } from "@sluice/config";
import { ConfigError, checkConfig, parseConfig } from "@sluice/config/schema";
import { describe, expect, it } from "vitest";
import own from "../../../sluice.config.ts";

describe("sluice.config.ts", () => {
  it("of this repository is valid", () => {
    expect(checkConfig(own)).toEqual(own);
  });

  it("needs nothing: an empty one proxies OpenAI and drains to Langfuse", () => {
    expect(parseConfig({})).toMatchObject({
      providers: { openai: { baseUrl: "https://api.openai.com/v1" } },
      defaultProvider: "openai",
      drains: { default: { type: "langfuse", baseUrl: "https://cloud.langfuse.com" } },
      delivery: "durable",
    });
  });

  it.each([
    ["providers.mine", { providers: { mine: {} } }, "give it a baseUrl or a preset"],
    ["providers.mine.baseUrl", { providers: { mine: { baseUrl: "http://example.com" } } }, "https://"],
    ["providers.mine.preset", { providers: { mine: { preset: "opanai" } } }, "must be one of openai"],
    ["providers", { providers: {} }, "at least one"],
    ["providers.azure", { providers: { azure: {} } }, "give it a baseUrl"],
    [
      "providers.vertex.variables.project",
      { providers: { vertex: { variables: { location: "eu" } } } },
      "missing",
    ],
    ["providers.openai.auth", { providers: { openai: { auth: "basic" } } }, "bearer"],
    ["providers.openai.headers.X-A", { providers: { openai: { headers: { "X-A": "1" } } } }, "lower case"],
    ["models.fast", { models: { fast: "gpt-4o" } }, '"provider/model"'],
    ["models.fast", { models: { fast: "nowhere/llama" } }, "configured provider"],
    ["defaultProvider", { defaultProvider: "nowhere" }, "not in providers"],
    ["delivery", { delivery: "maybe" }, "durable"],
    ["limits.requestBytes", { limits: { requestBytes: 7 * 1024 * 1024 } }, "6291456"],
    ["drains.default.type", { drains: { default: { type: "kafka" } } }, "langfuse"],
    ["the default export", { provider: {} }, "provider"],
    ["the default export", undefined, "object"],
  ])("with a mistake at %s is refused with the path and the remedy", (path, config, remedy) => {
    expect(() => checkConfig(config)).toThrow(ConfigError);
    expect(() => checkConfig(config)).toThrow(`sluice.config.ts: ${path}: `);
    expect(() => checkConfig(config)).toThrow(remedy);
  });

  it("takes base URLs of the environment over its own, and drops a slash at their end", () => {
    const config = defineConfig({
      providers: { openai: {}, "my-llm": { baseUrl: "http://localhost:1/v1" } },
    });
    const resolved = resolveConfig(config, {
      OPENAI_BASE_URL: "http://127.0.0.1:2/v1/",
      MY_LLM_BASE_URL: "http://127.0.0.1:3",
      LANGFUSE_BASE_URL: "http://127.0.0.1:4/",
    });
    expect(resolved.providers["openai"]?.baseUrl).toBe("http://127.0.0.1:2/v1");
    expect(resolved.providers["my-llm"]?.baseUrl).toBe("http://127.0.0.1:3");
    expect(resolved.drains["default"]?.baseUrl).toBe("http://127.0.0.1:4");
  });
});

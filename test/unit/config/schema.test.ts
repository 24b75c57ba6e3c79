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
    ["drains.a.baseUrl", { drains: { a: { type: "otlp" } } }, "is missing"],
    ["drains.a.baseUrl", { drains: { a: { type: "langfuse-legacy" } } }, "is missing"],
    ["drains.a.baseUrl", { drains: { a: { type: "otlp", baseUrl: "http://example.com" } } }, "https://"],
    [
      "drains.a.baseUrl",
      { drains: { a: { type: "otlp", baseUrl: "https://example.com/v1/traces/" } } },
      "before /v1/traces",
    ],
    ["drains.a.protocol", { drains: { a: { type: "langfuse", protocol: "http/json" } } }, "otlp only"],
    ["drains.a.headers", { drains: { a: { type: "langfuse", headers: { "x-a": "1" } } } }, "otlp only"],
    [
      "drains.a.headers.authorization",
      { drains: { a: { type: "otlp", baseUrl: "https://a.b", headers: { authorization: "Bearer x" } } } },
      "drains' secret",
    ],
    [
      "drains.a.headers.content-type",
      { drains: { a: { type: "otlp", baseUrl: "https://a.b", headers: { "content-type": "x" } } } },
      "set by the drain",
    ],
    ["drains.a.sampleRate", { drains: { a: { type: "langfuse", sampleRate: 2 } } }, "1"],
    ["drains.a.when", { drains: { a: { type: "langfuse", when: { tag: ["x"] } } } }, "tag"],
    ["drains.a.when.tags", { drains: { a: { type: "langfuse", when: { tags: [] } } } }, ">=1"],
    [
      "drains.a.redaction.patterns.staff",
      { drains: { a: { type: "langfuse", redaction: { patterns: { staff: "(" } } } } },
      "regular expression",
    ],
    [
      "drains.a.media",
      { drains: { a: { type: "otlp", baseUrl: "https://a.b", media: "langfuse" } } },
      "takes no media",
    ],
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

  it("turns tracing off with no drains at all", () => {
    expect(parseConfig({ drains: {} }).drains).toEqual({});
  });

  it("fills in what a drain does not say, by its type", () => {
    const { drains } = parseConfig({
      drains: {
        main: { type: "langfuse" },
        own: { type: "langfuse-legacy", baseUrl: "https://langfuse.example.com/" },
        tempo: { type: "otlp", baseUrl: "https://tempo.example.com/otlp/", keep: { clientIp: false } },
      },
    });
    const keep = { clientIp: true, userAgent: true, requestHeaders: [], logprobs: false };
    const rest = { protocol: "http/protobuf", headers: {}, paused: false, sampleRate: 1, capture: "full" };
    expect(drains).toEqual({
      main: {
        ...rest,
        name: "main",
        type: "langfuse",
        baseUrl: "https://cloud.langfuse.com",
        keep,
        media: "langfuse",
      },
      own: {
        ...rest,
        name: "own",
        type: "langfuse-legacy",
        baseUrl: "https://langfuse.example.com",
        keep,
        media: "placeholder",
      },
      tempo: {
        ...rest,
        name: "tempo",
        type: "otlp",
        baseUrl: "https://tempo.example.com/otlp",
        keep: { ...keep, clientIp: false },
        media: "placeholder",
      },
    });
  });

  it("takes LANGFUSE_BASE_URL over the address of every Langfuse, and leaves other backends alone", () => {
    const { drains } = resolveConfig(
      {
        drains: {
          main: { type: "langfuse" },
          own: { type: "langfuse-legacy", baseUrl: "https://langfuse.example.com" },
          tempo: { type: "otlp", baseUrl: "https://tempo.example.com" },
        },
      },
      { LANGFUSE_BASE_URL: "http://127.0.0.1:4" },
    );
    expect(Object.values(drains).map(({ baseUrl }) => baseUrl)).toEqual([
      "http://127.0.0.1:4",
      "http://127.0.0.1:4",
      "https://tempo.example.com",
    ]);
  });
});

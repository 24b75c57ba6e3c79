import { describe, expect, it } from "vitest";
import { readSettings } from "../../../../packages/local/src/system/settings.ts";
import { StartProblem } from "../../../../packages/local/src/system/start-problem.ts";

describe("settings", () => {
  it("have defaults for everything, and an empty variable counts as absent", () => {
    const defaults = {
      port: 8787,
      consolePort: 8788,
      sinkPort: 8789,
      dataDirectory: ".sluice",
      gatewayTimeoutMs: 900_000,
    };

    expect(readSettings({})).toEqual(defaults);
    expect(
      readSettings({
        PORT: "",
        SLUICE_DATA_DIR: "",
        SLUICE_LOCAL_KEY: "",
        LANGFUSE_BASE_URL: "",
        LANGFUSE_PUBLIC_KEY: "",
      }),
    ).toEqual(defaults);
  });

  it("are what the environment says", () => {
    expect(
      readSettings({
        PORT: "0",
        SLUICE_DATA_DIR: "/tmp/x",
        SLUICE_LOCAL_KEY: "sk-sluice-mine",
        SLUICE_TIMEOUT_SECONDS: "30",
      }),
    ).toEqual({
      port: 0,
      consolePort: 0,
      sinkPort: 0,
      dataDirectory: "/tmp/x",
      localKey: "sk-sluice-mine",
      gatewayTimeoutMs: 30_000,
    });
  });

  it("let console and sink take any port when there is none after the gateway's", () => {
    expect(readSettings({ PORT: "65534" })).toMatchObject({ consolePort: 65_535, sinkPort: 0 });
    expect(readSettings({ PORT: "65535" })).toMatchObject({ consolePort: 0, sinkPort: 0 });
  });

  it.each([
    ["PORT", "80a"],
    ["PORT", "70000"],
    ["PORT", "-1"],
    ["SLUICE_TIMEOUT_SECONDS", "0"],
    ["SLUICE_TIMEOUT_SECONDS", "901"],
    ["SLUICE_LOCAL_KEY", "sk-proj-abc"],
    ["LANGFUSE_BASE_URL", "langfuse.example"],
    ["LANGFUSE_PUBLIC_KEY", "pk-lf-1"],
    ["LANGFUSE_SECRET_KEY", "sk-lf-1"],
  ])("refuse %s=%s in one line that names the variable", (name, value) => {
    const read = () => readSettings({ [name]: value });

    expect(read).toThrow(StartProblem);
    expect(read).toThrow(new RegExp(`^[^\\n]*${name}[^\\n]*: set [^\\n]*$`));
  });

  it("do not repeat a key that is refused", () => {
    expect(() => readSettings({ SLUICE_LOCAL_KEY: "sk-proj-abc" })).toThrow(/^(?!.*sk-proj-abc)/);
  });
});

describe("the Langfuse of a run", () => {
  const langfuse = (env: Record<string, string>) => readSettings(env).langfuse;

  it("is the built-in sink when none is named", () => {
    expect(langfuse({})).toBeUndefined();
  });

  it("is the server that is named, with placeholder keys when there are none", () => {
    expect(langfuse({ LANGFUSE_BASE_URL: "http://127.0.0.1:3000/" })).toEqual({
      baseUrl: "http://127.0.0.1:3000",
      publicKey: "pk-lf-local",
      secretKey: "sk-lf-local",
    });
  });

  it("is the config's server when only keys are given", () => {
    expect(langfuse({ LANGFUSE_PUBLIC_KEY: "pk", LANGFUSE_SECRET_KEY: "sk" })).toEqual({
      publicKey: "pk",
      secretKey: "sk",
    });
  });
});

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { commandLine } from "../../../support/cli.ts";
import { temporaryDirectory } from "../../../support/local-lambda.ts";

async function configFile(config: object): Promise<string> {
  const file = join(await temporaryDirectory(), "sluice.config.ts");
  await writeFile(file, `export default ${JSON.stringify(config)};\n`);
  return file;
}

describe("sluice models", () => {
  it.each<[string, string, string]>([
    ["an alias", "smart", "alias"],
    ["a provider before the slash", "b/x/y", '"b" before the slash'],
    ["a name that a provider claims", "two-1", 'The provider "b" claims "two-*"'],
    ["a name that nobody claims", "three", 'the default one, "a"'],
  ])("explains %s", async (_what, name, why) => {
    const cli = await commandLine();
    const config = await configFile({
      providers: {
        a: { baseUrl: "https://a.example/v1" },
        b: { baseUrl: "https://b.example/v1", models: ["two-*"] },
      },
      models: { smart: "a/one" },
    });
    const { stdout, exitCode } = await cli.run("models", name, "--config", config);
    expect(exitCode).toBe(0);
    expect(stdout).toContain(why);
  });

  it("tells the share of each target, its conditions and its fallbacks as JSON", async () => {
    const cli = await commandLine();
    const config = await configFile({
      models: {
        smart: {
          targets: [
            { model: "openai/a", weight: 3 },
            { model: "anthropic/b", weight: 1 },
            { model: "gemini/c", when: { tags: ["x", "y"] } },
          ],
          contentFallbacks: ["openai/d"],
          retries: 2,
        },
      },
    });
    const { stdout } = await cli.run("models", "smart", "--config", config, "--json");
    expect(JSON.parse(stdout)).toMatchObject({
      retries: 2,
      targets: [
        { target: "openai/a", when: "75% of the calls", formats: { messages: "openai-chat" } },
        { target: "anthropic/b", when: "25% of the calls", formats: { messages: "passed on" } },
        { target: "gemini/c", when: "for tags x or y" },
        { target: "openai/d", when: "when a content filter refuses" },
      ],
    });
  });
});

describe("sluice config check", () => {
  it("tells every mistake with its path and its remedy", async () => {
    const cli = await commandLine();
    const config = await configFile({ providers: { azure: {} }, models: { x: { targets: ["nowhere/y"] } } });
    const { stderr, exitCode } = await cli.run("config", "check", "--config", config);
    expect(exitCode).toBe(1);
    expect(stderr).toContain("providers.azure: has no address of its own: give it a baseUrl");
    expect(stderr).toContain('models.x.targets.0: must be "provider/model" with a configured provider');
  });

  it("tells of a file that is not there", async () => {
    const cli = await commandLine();
    const { stderr, exitCode } = await cli.run("config", "check", "--config", "nowhere.ts");
    expect(exitCode).toBe(1);
    expect(stderr).toContain("nowhere.ts cannot be loaded");
  });
});

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { builtFunction, loadConfig } from "../../../../packages/local/src/system/project.ts";
import { StartProblem } from "../../../../packages/local/src/system/start-problem.ts";
import { temporaryDirectory } from "../../../support/local-lambda.ts";

async function projectWith(config: string) {
  const root = await temporaryDirectory();
  await writeFile(join(root, "sluice.config.ts"), config);
  return root;
}

describe("the config of a project", () => {
  it("is read with its defaults", async () => {
    const root = await projectWith(`export default { providers: { groq: {} } };`);

    expect(Object.keys((await loadConfig(root)).providers)).toEqual(["groq"]);
  });

  it.each([
    ["two wrong fields", `export default { providers: { nobody: {} }, delivery: "slow" };`],
    ["a syntax error", `export default {`],
    ["an error of its own", `throw new Error("no\\nway");`],
    ["nothing to export", `export const config = {};`],
  ])("is refused in one line with %s", async (_what, source) => {
    const root = await projectWith(source);
    const error = await loadConfig(root).catch((error) => error);

    expect(error).toBeInstanceOf(StartProblem);
    expect(error.message).toMatch(/^sluice\.config\.ts cannot be used: [^\n]+$/);
  });

  it("names every wrong field", async () => {
    const root = await projectWith(`export default { providers: { nobody: {} }, delivery: "slow" };`);

    await expect(loadConfig(root)).rejects.toThrow(/delivery/);
  });

  it("must be there", async () => {
    await expect(loadConfig(await temporaryDirectory())).rejects.toThrow("sluice.config.ts is missing");
  });
});

describe("a built function", () => {
  it("is found in dist", async () => {
    const root = await temporaryDirectory();
    await mkdir(join(root, "dist/gateway"), { recursive: true });
    await writeFile(join(root, "dist/gateway/index.mjs"), "");

    expect(builtFunction(root, "gateway")).toBe(join(root, "dist/gateway"));
  });

  it("must be there, else the remedy is named", async () => {
    const root = await temporaryDirectory();

    expect(() => builtFunction(root, "gateway")).toThrow(
      "dist/gateway/index.mjs is missing: run `npm run build`",
    );
  });
});

import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { mkdir, readFile, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ENVIRONMENT_VARIABLES } from "../../../scripts/environment-table.ts";
import { zipFolder } from "../../../scripts/package.ts";
import { temporaryDirectory } from "../../support/local-lambda.ts";

const FUNCTIONS = join(import.meta.dirname, "../../../functions");

/** Every variable of ours that a function's file names. */
function variablesOf(name: string): readonly string[] {
  const text = readFileSync(join(FUNCTIONS, `${name}.ts`), "utf8");
  return [...new Set([...text.matchAll(/"(SLUICE_[A-Z_]+)"/g)].map(([, variable]) => String(variable)))];
}

describe("the table of environment variables", () => {
  it.each(["gateway", "flusher"] as const)("has exactly what the %s reads", (name) => {
    const listed = ENVIRONMENT_VARIABLES.filter(({ functions }) => functions.includes(name));
    expect(listed.map((variable) => variable.name).toSorted()).toEqual(variablesOf(name).toSorted());
  });

  it("knows every function", () => {
    const others = readdirSync(FUNCTIONS).filter((file) => !/^(gateway|flusher)\.ts$/.test(file));
    const strays = others.filter((file) => /"SLUICE_/.test(readFileSync(join(FUNCTIONS, file), "utf8")));
    expect(strays).toEqual([]);
  });
});

describe("a zip", () => {
  it("is the same for the same files, whenever they were written", async () => {
    const folder = join(await temporaryDirectory(), "bundle");
    await mkdir(folder);
    await writeFile(join(folder, "index.mjs"), "export const handler = 1;\n");
    await writeFile(join(folder, "chunk.mjs"), "export const chunk = 2;\n");
    const zip = async (name: string) => {
      const file = join(folder, "..", name);
      await zipFolder(folder, file);
      return createHash("sha256")
        .update(await readFile(file))
        .digest("hex");
    };
    const first = await zip("a.zip");
    await utimes(join(folder, "index.mjs"), new Date(0), new Date(86_400_000));
    expect(await zip("b.zip")).toBe(first);
    await writeFile(join(folder, "chunk.mjs"), "export const chunk = 3;\n");
    expect(await zip("c.zip")).not.toBe(first);
  });
});

/** What the local system needs of the project that it runs: its config and its built functions. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { ResolvedConfig } from "@sluice/config";
import { parseConfig } from "@sluice/config/schema";
import { StartProblem } from "./start-problem.ts";

/** The functions that the build makes. */
export const FUNCTIONS = ["gateway", "flusher"] as const;
/** One of them. */
export type FunctionName = (typeof FUNCTIONS)[number];

const CONFIG_FILE = "sluice.config.ts";

/** Reads and checks `sluice.config.ts`. Throws `StartProblem`. */
export async function loadConfig(root: string): Promise<ResolvedConfig> {
  const file = join(root, CONFIG_FILE);
  if (!existsSync(file)) {
    throw new StartProblem(`${file} is missing: make it with \`export default defineConfig({})\``);
  }
  try {
    const module = (await import(pathToFileURL(file).href)) as { readonly default?: unknown };
    return parseConfig(module.default);
  } catch (error) {
    const lines = error instanceof Error ? error.message.trim().split("\n") : [String(error)];
    const problems = lines.map((line) => line.replace(`${CONFIG_FILE}: `, "").trim()).filter(Boolean);
    throw new StartProblem(`${CONFIG_FILE} cannot be used: ${problems.join("; ")}`);
  }
}

/** The directory of a built function. Throws `StartProblem` when it was not built. */
export function builtFunction(root: string, name: FunctionName): string {
  const directory = join(root, "dist", name);
  if (existsSync(join(directory, "index.mjs"))) return directory;
  throw new StartProblem(`dist/${name}/index.mjs is missing: run \`npm run build\``);
}

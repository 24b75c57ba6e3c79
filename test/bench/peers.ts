/** The programs that Sluice is measured beside: built or installed for the bench alone. */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

/**
 * Installs the packages of a directory of the bench at its first use, from the lockfile there and without
 * install scripts. They never come near the packages of the project.
 */
export function installPeer(directory: string): void {
  if (existsSync(join(directory, "node_modules"))) return;
  execFileSync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], {
    cwd: directory,
    stdio: ["ignore", "ignore", "inherit"],
  });
}

/**
 * Builds the bench's own programs as the functions are built, so that loading TypeScript is not among their costs:
 * the pass-through as `server.mjs` and `function/index.mjs`, and `host.mjs`.
 */
export async function buildPrograms(directory: string): Promise<void> {
  await build({
    entryPoints: [
      { in: join(import.meta.dirname, "pass-through/server.ts"), out: "server" },
      { in: join(import.meta.dirname, "pass-through/function.ts"), out: "function/index" },
      { in: join(import.meta.dirname, "host.ts"), out: "host" },
    ],
    outdir: directory,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    minify: true,
    platform: "node",
    format: "esm",
    target: "node24",
    logLevel: "error",
  });
}

/**
 * Type-checks `sst.config.ts`, `infra/` and `test/infra/` with the rules of the whole project.
 *
 * Not plain `tsc -p tsconfig.infra.json`: SST's types are TypeScript sources, which the compiler checks too, and they are not written to our
 * rules. What it says of files in `.sst/` is left out here; everything else fails the check.
 *
 * Run: `node scripts/check-infra.ts`
 */
import { spawnSync } from "node:child_process";
import { join, resolve } from "node:path";
import { ensureSstPlatform } from "./sst-platform.ts";

const root = resolve(import.meta.dirname, "..");
await ensureSstPlatform(root);

const compiler = join(root, "node_modules/typescript/bin/tsc");
const { stdout, stderr, error } = spawnSync(
  process.execPath,
  [compiler, "--project", "tsconfig.infra.json", "--pretty", "false"],
  { cwd: root, encoding: "utf8", maxBuffer: 64 * 1024 * 1024 },
);
if (error) throw error;

const ours = withoutForeign(`${stdout}${stderr}`);
if (ours !== "") {
  process.stderr.write(`${ours}\n`);
  process.exitCode = 1;
}

/** Drops each diagnostic of a file below `.sst/`, with the indented lines that belong to it. */
function withoutForeign(output: string): string {
  let foreign = false;
  const kept = output.split("\n").filter((line) => {
    if (!line.startsWith(" ")) foreign = line.startsWith(".sst/") || line.trim() === "";
    return !foreign;
  });
  return kept.join("\n");
}

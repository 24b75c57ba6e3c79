import { execFileSync } from "node:child_process";

/**
 * Makes `dist/gateway` and `dist/flusher`, so that `sst deploy` alone ships the code of this tree. With `SLUICE_PREBUILT=1` it
 * ships the `dist/` that is there: the one that a pipeline has just tested.
 *
 * @throws when the build fails, with what it printed.
 */
export function buildBundles(): void {
  if (process.env["SLUICE_PREBUILT"] === "1") return;
  try {
    execFileSync("npm", ["run", "bundle"], { stdio: "pipe", encoding: "utf8" });
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
    throw new Error(`npm run bundle failed, nothing was deployed:\n${stdout}${stderr}`, { cause: error });
  }
}

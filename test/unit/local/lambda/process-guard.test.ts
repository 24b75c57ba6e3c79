import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { processState, temporaryDirectory } from "../../../support/local-lambda.ts";

it("kills a frozen environment when the process that started it was killed", async () => {
  const directory = await temporaryDirectory();
  await writeFile(join(directory, "index.mjs"), "export const handler = async () => 1;");
  const parent = spawn(process.execPath, [join(import.meta.dirname, "guarded-parent.ts"), directory]);
  onTestFinished(() => void parent.kill("SIGKILL"));
  const [output] = await once(parent.stdout, "data");
  const pid = Number(String(output).trim());
  await expect.poll(() => processState(pid)).toBe("stopped");

  parent.kill("SIGKILL");

  await expect.poll(() => processState(pid), { timeout: 5000 }).toBe("gone");
});

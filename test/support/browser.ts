/** A real browser: a Chromium of this machine, driven by playwright-core. */
import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

/** Where Debian's package puts it. */
const DEBIAN = "/usr/bin/chromium";

/** The program, or undefined where there is none: `CHROMIUM_PATH`, else Debian's. */
export function findChromium(): string | undefined {
  return [process.env["CHROMIUM_PATH"] ?? "", DEBIAN].find((path) => path !== "" && existsSync(path));
}

/** Starts it without a window. A container has no sandbox for it, and little shared memory. */
export async function openBrowser(executablePath: string): Promise<Browser> {
  return await chromium.launch({
    executablePath,
    args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--force-color-profile=srgb"],
  });
}

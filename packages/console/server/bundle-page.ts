/** Builds the page into the folder that the server reads it from. */
import { cp, rm } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";

const PAGE = join(import.meta.dirname, "../page");

/** The files of the page, by their paths at the server. */
export const PAGE_FILES = {
  "/": { file: "index.html", type: "text/html; charset=utf-8" },
  "/page.js": { file: "page.js", type: "text/javascript; charset=utf-8" },
  "/page.css": { file: "page.css", type: "text/css; charset=utf-8" },
} as const;

/** Writes the page, in place of one that is there. Throws what esbuild throws. */
export async function bundlePage(outdir: string): Promise<void> {
  await rm(outdir, { recursive: true, force: true });
  await build({
    entryPoints: { page: join(PAGE, "main.tsx") },
    outdir,
    bundle: true,
    format: "esm",
    target: "es2022",
    minify: true,
    jsx: "automatic",
    jsxImportSource: "preact",
    legalComments: "none",
    logLevel: "error",
  });
  await cp(join(PAGE, "index.html"), join(outdir, "index.html"));
}

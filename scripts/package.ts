/**
 * Packs the two bundles for those who deploy without SST: `dist/gateway.zip`, `dist/flusher.zip`, and `dist/environment.md` with the
 * variables that each function reads. The same code gives the same bytes, so that a deployment tool sees when nothing has changed.
 */
import { createWriteStream } from "node:fs";
import { readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import archiver from "archiver";
import { environmentMarkdown } from "./environment-table.ts";

const DIST = new URL("../dist", import.meta.url).pathname;

/** The earliest time that a zip can hold. A file's own time would make every build another zip. */
const NO_TIME = new Date("1980-01-01T00:00:00Z");

/** Writes one zip with the files of a folder at its top. Returns its size, bytes. */
export async function zipFolder(folder: string, file: string): Promise<number> {
  const archive = archiver("zip", { zlib: { level: 9 } });
  const written = pipeline(archive, createWriteStream(file));
  for (const name of (await readdir(folder)).toSorted()) {
    archive.file(join(folder, name), { name, date: NO_TIME, mode: 0o644 });
  }
  await archive.finalize();
  await written;
  return (await stat(file)).size;
}

if (import.meta.main) {
  for (const name of ["gateway", "flusher"]) {
    const bytes = await zipFolder(join(DIST, name), join(DIST, `${name}.zip`));
    process.stdout.write(
      `dist/${name}.zip ${Math.round(bytes / 1024)} KB, handler index.handler, Node.js 24\n`,
    );
  }
  await writeFile(join(DIST, "environment.md"), `${environmentMarkdown()}\n`);
  process.stdout.write("dist/environment.md names the variables of both\n");
}

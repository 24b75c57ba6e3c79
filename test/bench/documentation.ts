/** Puts a run's tables into the documentation. */
import { readFile, writeFile } from "node:fs/promises";

const START = "<!-- bench:start -->";
const END = "<!-- bench:end -->";

/** Replaces what stands between the markers of a file. Throws when the file has no markers. */
export async function writeBetweenMarkers(path: string, text: string): Promise<void> {
  const before = await readFile(path, "utf8");
  const start = before.indexOf(START);
  const end = before.indexOf(END);
  if (start < 0 || end < start) throw new Error(`${path} lacks ${START} and ${END}: put them back.`);
  await writeFile(path, `${before.slice(0, start + START.length)}\n${text}\n${before.slice(end)}`);
}

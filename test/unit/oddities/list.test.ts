/** Every statement of the list of oddities has its tests: this fails when one of them goes. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { STATEMENTS } from "./statements.ts";

const TESTS = join(import.meta.dirname, "../..");

it.each(STATEMENTS)("$says", ({ pipe, translation }) => {
  expect(pipe).not.toEqual([]);
  expect(translation).not.toEqual([]);
  const missing = [...pipe, ...translation].filter(
    ([file, words]) => !readFileSync(join(TESTS, file), "utf8").includes(words),
  );
  expect(missing).toEqual([]);
});

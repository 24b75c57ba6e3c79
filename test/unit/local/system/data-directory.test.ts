import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { takeDataDirectory } from "../../../../packages/local/src/system/data-directory.ts";
import { StartProblem } from "../../../../packages/local/src/system/start-problem.ts";
import { temporaryDirectory } from "../../../support/local-lambda.ts";

it("has one user at a time, who is named to the next", async () => {
  const path = join(await temporaryDirectory(), "new", "data");
  const first = takeDataDirectory(path);

  expect(() => takeDataDirectory(path)).toThrow(StartProblem);
  expect(() => takeDataDirectory(path)).toThrow(`is in use by process ${process.pid}: stop it`);

  first.release();
  const second = takeDataDirectory(path);
  onTestFinished(() => second.release());
  expect(second.file("x")).toBe(join(path, "x"));
});

it("says what is wrong with a path that cannot be a directory", async () => {
  const file = join(await temporaryDirectory(), "file");
  await writeFile(file, "");

  expect(() => takeDataDirectory(file)).toThrow(
    /^the data directory [^\n]+ cannot be used \([^\n]+\): set SLUICE_DATA_DIR/,
  );
});

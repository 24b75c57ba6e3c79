/** What differs between production and every other stage, and what a deploy does first. */
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { buildBundles } from "../../infra/build.ts";
import { type Evaluation, evaluate } from "./evaluator/evaluate.ts";
import { inputsOf } from "./evaluator/graph.ts";

const evaluations: Evaluation[] = [];
const evaluated: typeof evaluate = async (options) => {
  const evaluation = await evaluate(options);
  evaluations.push(evaluation);
  return evaluation;
};
afterAll(async () => {
  for (const { workDirectory } of evaluations) await rm(workDirectory, { recursive: true });
});

describe("production", () => {
  let graph: Evaluation;
  beforeAll(async () => {
    graph = await evaluated({ stage: "production" });
  }, 60_000);

  test("cannot be removed by one command, and keeps its data when it is removed", () => {
    expect(graph.app).toMatchObject({ protect: true, removal: "retain" });
  });

  test("has a table that cannot be deleted", () => {
    expect(inputsOf(graph, "aws:dynamodb/table:Table", "StateTable")["deletionProtectionEnabled"]).toBe(true);
  });

  test("has a bucket that no deploy empties", () => {
    expect(inputsOf(graph, "aws:s3/bucket:Bucket", "RecordsBucket")["forceDestroy"]).toBe(false);
  });

  test.each(["SecretProviders", "SecretDrains"])(
    "can have %s back for 30 days after it was deleted",
    (name) => {
      expect(inputsOf(graph, "aws:secretsmanager/secret:Secret", name)["recoveryWindowInDays"]).toBe(30);
    },
  );
});

describe("any other stage", () => {
  let graph: Evaluation;
  beforeAll(async () => {
    graph = await evaluated({ stage: "alice" });
  }, 60_000);

  test("is removed with everything in it", () => {
    expect(graph.app).toMatchObject({ protect: false, removal: "remove" });
    expect(inputsOf(graph, "aws:dynamodb/table:Table", "StateTable")["deletionProtectionEnabled"]).toBe(
      false,
    );
    expect(inputsOf(graph, "aws:s3/bucket:Bucket", "RecordsBucket")["forceDestroy"]).toBe(true);
  });

  test.each(["SecretProviders", "SecretDrains"])(
    "frees the name of %s at once, for the next deploy",
    (name) => {
      expect(inputsOf(graph, "aws:secretsmanager/secret:Secret", name)["recoveryWindowInDays"]).toBe(0);
    },
  );
});

describe("a deploy without SLUICE_PREBUILT", () => {
  let bin: string;
  beforeAll(async () => {
    bin = await mkdtemp(join(tmpdir(), "sluice-npm-"));
  });
  afterAll(() => rm(bin, { recursive: true }));
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  /** Puts an `npm` first on the path that runs this script: the real one would rewrite `dist/` under other tests. */
  async function withNpm(script: string): Promise<Record<string, string>> {
    await writeFile(join(bin, "npm"), `#!/bin/sh\n${script}\n`);
    await chmod(join(bin, "npm"), 0o755);
    return { SLUICE_PREBUILT: "", PATH: `${bin}${delimiter}${process.env["PATH"]}` };
  }

  test("builds the bundles first", async () => {
    const environment = await withNpm(`echo "$@" > ${join(bin, "arguments")}`);
    await evaluated({ stage: "alice", environment });
    expect(await readFile(join(bin, "arguments"), "utf8")).toBe("run bundle\n");
  }, 60_000);

  test("stops when the build fails, and shows what it said", async () => {
    const environment = await withNpm("echo functions/gateway.ts:1 is broken >&2; exit 1");
    for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
    expect(buildBundles).toThrow(/npm run bundle failed[^]*functions\/gateway\.ts:1 is broken/);
  });
});

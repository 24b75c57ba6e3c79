/** The zips that SST would upload: what is in them, and that Lambda's runtime client can run them. */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { createFunction, type LambdaFunction } from "../../packages/local/src/lambda/function.ts";
import { startFunctionUrl } from "../../packages/local/src/lambda/function-url.ts";
import { type Evaluation, evaluate, root } from "./evaluator/evaluate.ts";
import { inputsOf } from "./evaluator/graph.ts";
import { unzip } from "./zip.ts";

let graph: Evaluation;
let directory: string;
const open: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  graph = await evaluate({ stage: "test" });
  directory = await mkdtemp(join(tmpdir(), "sluice-artefacts-"));
}, 60_000);
afterAll(async () => {
  await rm(graph.workDirectory, { recursive: true });
  await rm(directory, { recursive: true });
});
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

/** The files of the zip that the function's code object uploads. */
async function zipOf(name: string): Promise<Map<string, Buffer>> {
  const { source } = inputsOf(graph, "aws:s3/bucketObjectv2:BucketObjectv2", `${name}Code`);
  return unzip(await readFile(await (source as { path: Promise<string> }).path));
}

/** The function as AWS would run it: its zip unpacked, with the handler, limits and variables of the graph. */
async function functionOf(name: string): Promise<LambdaFunction> {
  for (const [path, bytes] of await zipOf(name)) {
    await mkdir(dirname(join(directory, name, path)), { recursive: true });
    await writeFile(join(directory, name, path), bytes);
  }
  const inputs = inputsOf(graph, "aws:lambda/function:Function", `${name}Function`);
  const lambda = createFunction({
    name,
    directory: join(directory, name),
    handler: inputs["handler"] as string,
    environment: (inputs["environment"] as { variables: Record<string, string> }).variables,
    timeoutMs: (inputs["timeout"] as number) * 1000,
    memoryMb: inputs["memorySize"] as number,
  });
  open.push(() => lambda.stop());
  return lambda;
}

describe.each([
  { name: "Gateway", bundle: "gateway" },
  { name: "Flusher", bundle: "flusher" },
])("the $bundle's zip", ({ name, bundle }) => {
  test("holds the files of our build, byte for byte, and nothing else", async () => {
    const built = new Map<string, Buffer>();
    for (const file of await readdir(join(root, "dist", bundle), { recursive: true, withFileTypes: true })) {
      if (file.isFile()) built.set(file.name, await readFile(join(file.parentPath, file.name)));
    }
    expect(await zipOf(name)).toEqual(built);
    expect(built.has("index.mjs")).toBe(true);
  });

  test("is the code that the function runs", () => {
    const { bucket, key } = inputsOf(graph, "aws:s3/bucketObjectv2:BucketObjectv2", `${name}Code`);
    expect(inputsOf(graph, "aws:lambda/function:Function", `${name}Function`)).toMatchObject({
      packageType: "Zip",
      s3Bucket: bucket,
      s3Key: key,
    });
  });
});

test("the gateway's zip answers through a function URL", async () => {
  const url = await startFunctionUrl(await functionOf("Gateway"), { port: 0 });
  open.unshift(() => url.close(0));
  const response = await fetch(`${url.url}/health`);
  expect(response.status).toBe(200);
}, 30_000);

test("the flusher's zip takes an empty batch and fails none of it", async () => {
  const flusher = await functionOf("Flusher");
  const outcome = await flusher.invoke({ Records: [] });
  expect(outcome).toMatchObject({ kind: "buffered" });
  expect(JSON.parse(outcome.kind === "buffered" ? outcome.payload : "")).toEqual({ batchItemFailures: [] });
}, 30_000);

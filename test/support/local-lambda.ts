/** Small functions for tests of the local Lambda service, and what one needs to watch their processes. */
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { onTestFinished } from "vitest";
import { createFunction, type LambdaFunction } from "../../packages/local/src/lambda/function.ts";
import type { FunctionOptions } from "../../packages/local/src/lambda/function-options.ts";
import type { Outcome } from "../../packages/local/src/lambda/outcome.ts";
import { type ProcessGuard, startProcessGuard } from "../../packages/local/src/lambda/process-guard.ts";
import { closeNow, listenOnLoopback } from "../../packages/local/src/loopback.ts";

/** A directory that is removed when the test ends. */
export async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "sluice-test-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** A function under test with what it said and how its invocations ended. */
export interface FunctionUnderTest {
  readonly lambda: LambdaFunction;
  readonly lines: readonly string[];
  readonly outcomes: readonly Outcome[];
}

/** One for each test process, made when the first function is: kills the functions when the tests are killed. */
let guard: ProcessGuard | undefined;

/** Makes a function from the source of its module, which exports `handler`. Stopped when the test ends. */
export async function functionFrom(
  source: string,
  options: Partial<FunctionOptions> = {},
): Promise<FunctionUnderTest> {
  const directory = await temporaryDirectory();
  await writeFile(join(directory, "index.mjs"), source);
  const lines: string[] = [];
  const outcomes: Outcome[] = [];
  guard ??= startProcessGuard();
  const lambda = createFunction({
    guard,
    name: "under-test",
    directory,
    handler: "index.handler",
    timeoutMs: 10_000,
    memoryMb: 256,
    log: (line) => lines.push(line),
    onOutcome: (outcome) => outcomes.push(outcome),
    ...options,
  });
  onTestFinished(() => lambda.stop());
  return { lambda, lines, outcomes };
}

/** A streaming handler with `out` as the HTTP answer, status 200 and plain text unless `head` says else. */
export function streamingHandler(
  body: string,
  head = '{ statusCode: 200, headers: { "content-type": "text/plain" } }',
): string {
  return `
    import { once } from "node:events";
    export const handler = awslambda.streamifyResponse(async (event, stream, context) => {
      const out = awslambda.HttpResponseStream.from(stream, ${head});
      ${body}
    });`;
}

/** Lets a test hold a function at a point: the function fetches `url`, which answers after `open`. */
export async function gate(): Promise<{ readonly url: string; open(): void; reached: Promise<void> }> {
  const opened = Promise.withResolvers<void>();
  const reached = Promise.withResolvers<void>();
  const server = createServer((_request, response) => {
    reached.resolve();
    void opened.promise.then(() => response.end("open"));
  });
  const url = await listenOnLoopback(server, 0);
  onTestFinished(() => closeNow(server));
  return { url, open: opened.resolve, reached: reached.promise };
}

/** `running`, `stopped` (frozen by a signal), or `gone`; a zombie that nobody reaps is gone. */
export async function processState(pid: number): Promise<"running" | "stopped" | "gone"> {
  const { stdout } = await promisify(execFile)("ps", ["-o", "stat=", "-p", String(pid)]).catch(() => ({
    stdout: "",
  }));
  const state = stdout.trim()[0];
  if (state === undefined || state === "Z") return "gone";
  return state === "T" ? "stopped" : "running";
}

/** The process of an execution environment: the real Lambda runtime client, with our shim preloaded. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { FunctionOptions } from "./function-options.ts";

const RUNTIME_CLIENT = createRequire(import.meta.url).resolve("aws-lambda-ric");
const SHIM = join(import.meta.dirname, "native-client-shim.cjs");

/**
 * Starts the process and waits until it runs, not until the handler is loaded.
 * Rejects when there is no such program or directory.
 */
export async function spawnRuntime(
  options: FunctionOptions,
  runtimeApi: string,
): Promise<{ readonly child: ChildProcess; readonly pid: number }> {
  const child = spawn(process.execPath, [...nodeArguments(options), "--require", SHIM, RUNTIME_CLIENT], {
    cwd: options.directory,
    env: environmentVariables(options, runtimeApi),
    stdio: ["ignore", "pipe", "pipe"],
    // In a session of its own, so that Ctrl-C in the terminal lets open calls finish.
    detached: true,
  });
  await once(child, "spawn");
  const { pid } = child;
  if (pid === undefined) throw new Error(`the process of ${options.name} has no pid`);
  options.guard?.watch(pid);
  child.once("exit", () => options.guard?.forget(pid));
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => options.log?.(line));
  }
  return { child, pid };
}

/** What the service's own bootstrap gives to node: heap limits that follow from the function's memory. */
function nodeArguments({ memoryMb, nodeOptions = [] }: FunctionOptions): string[] {
  return [
    "--max-http-header-size=81920",
    `--max-semi-space-size=${Math.max(1, Math.floor(memoryMb * 0.05))}`,
    `--max-old-space-size=${Math.floor(memoryMb * 0.9)}`,
    ...nodeOptions,
  ];
}

function environmentVariables(options: FunctionOptions, runtimeApi: string): NodeJS.ProcessEnv {
  return {
    PATH: process.env["PATH"],
    TZ: ":UTC",
    LANG: "en_US.UTF-8",
    AWS_EXECUTION_ENV: "AWS_Lambda_nodejs24.x",
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(options.memoryMb),
    AWS_LAMBDA_FUNCTION_NAME: options.name,
    AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
    AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand",
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${options.name}`,
    AWS_LAMBDA_LOG_STREAM_NAME: "local",
    AWS_LAMBDA_RUNTIME_API: runtimeApi,
    AWS_REGION: "us-east-1",
    AWS_ACCESS_KEY_ID: "local",
    AWS_SECRET_ACCESS_KEY: "local",
    LAMBDA_TASK_ROOT: options.directory,
    ...options.environment,
    _HANDLER: options.handler,
  };
}

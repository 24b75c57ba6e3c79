/** Started by process-guard.test.ts as a process of its own, to be killed: prints the pids that it guards. */
import { createFunction } from "../../../../packages/local/src/lambda/function.ts";
import { startProcessGuard } from "../../../../packages/local/src/lambda/process-guard.ts";

const lambda = createFunction({
  name: "guarded",
  directory: process.argv[2] ?? "",
  handler: "index.handler",
  timeoutMs: 60_000,
  memoryMb: 128,
  guard: startProcessGuard(),
});
await lambda.invoke({});
process.stdout.write(`${lambda.environments.map(({ pid }) => pid).join()}\n`);
setInterval(() => {}, 60_000);

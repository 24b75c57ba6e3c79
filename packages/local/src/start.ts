/** `npm start`: the whole system on this machine, until Ctrl-C. */
import { startLocal } from "./system/start-local.ts";

const STATUS_FAILED = 1;
const PARENT_CHECK_MS = 200;
/** Read before anything else: it may be gone when we are ready. */
const PARENT = process.ppid;

const print = (text: string) => process.stdout.write(`${text}\n`);
const complain = (text: string) => process.stderr.write(`${text}\n`);

function curlLine(url: string, key: string): string {
  const body = JSON.stringify({
    model: "gpt-4o-mini",
    messages: [{ role: "user", content: "Hello" }],
  });
  return `curl ${url}/v1/chat/completions -H "authorization: Bearer ${key}" -H "content-type: application/json" -d '${body}'`;
}

/** The first signal ends everything in order, the second one at once: the guard then kills the functions. */
function stopOnSignal(stop: () => Promise<void>): void {
  let stopping = false;
  const onSignal = () => {
    if (stopping) process.exit(STATUS_FAILED);
    stopping = true;
    complain("stopping: open calls and the batch in hand get their time, Ctrl-C again to stop at once");
    stop().then(
      () => process.exit(),
      (error: unknown) => fail(error),
    );
  };
  process.on("SIGINT", onSignal).on("SIGTERM", onSignal);
  onOrphaned(onSignal);
}

/**
 * Calls back when our parent under npm is gone. npm runs a script in a shell and passes SIGTERM to that shell
 * alone, which would leave us running behind its back.
 */
function onOrphaned(orphaned: () => void): void {
  if (process.env["npm_lifecycle_event"] === undefined) return;
  const timer = setInterval(() => {
    if (process.ppid === PARENT) return;
    clearInterval(timer);
    orphaned();
  }, PARENT_CHECK_MS);
}

function fail(error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  complain(`sluice: ${message.replaceAll(/\s*\n\s*/g, " ")}`);
  process.exit(STATUS_FAILED);
}

// Whoever read our output may have gone before us.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});

try {
  const system = await startLocal({
    env: process.env,
    withConsole: true,
    log: (source, line) => complain(`[${source}] ${line}`),
  });
  stopOnSignal(() => system.stop());
  print(
    `ready gateway=${system.url} key=${system.key} console=${system.consoleUrl} sink=${system.langfuseUrl}`,
  );
  print(curlLine(system.url, system.key));
} catch (error) {
  fail(error);
}

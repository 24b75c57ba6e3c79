/** The process of `npx sluice`: the machine's part of a run. */
import { randomBytes } from "node:crypto";
import { userInfo } from "node:os";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import { progressOn } from "./progress.ts";
import { run } from "./run.ts";
import type { Terminal } from "./terminal.ts";

const { stdin, stdout, stderr } = process;
const MAX_COLUMNS = 110;

// `sluice keys list | head -1` closes the pipe. What was asked for is still done to its end.
for (const stream of [stdout, stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // In a container the user may have no name.
    return `uid ${process.getuid?.() ?? "unknown"}`;
  }
}

function ask(question: string): Promise<string> {
  const lines = createInterface({ input: stdin, output: stderr });
  return new Promise((answer) => {
    lines.once("close", () => answer(""));
    // Without this a Ctrl-C would only pause the input, and the question would stay open for ever.
    lines.once("SIGINT", () => {
      stderr.write("\n");
      lines.close();
    });
    lines.question(question, (line) => {
      answer(line);
      lines.close();
    });
  });
}

/** The first Ctrl-C asks the command to stop at a good point, the second ends it where it is. */
function interrupted(): AbortSignal {
  const controller = new AbortController();
  process.on("SIGINT", () => {
    if (controller.signal.aborted) process.exit(128 + 2);
    controller.abort();
  });
  return controller.signal;
}

const progress = progressOn(stderr);
const terminal: Terminal = {
  env: process.env,
  root: resolve(import.meta.dirname, "../../.."),
  userName: userName(),
  isInteractive: stdin.isTTY && stderr.isTTY,
  hasColours: stdout.isTTY && stdout.hasColors(),
  columns: Math.min(stdout.columns ?? MAX_COLUMNS, MAX_COLUMNS),
  print: (text) => void stdout.write(`${text}\n`),
  note: (text) => void stderr.write(`${text}\n`),
  ...(progress && { progress }),
  ask,
  interrupt: interrupted(),
  nowMs: Date.now,
  random: randomBytes,
};

process.exitCode = await run(process.argv.slice(2), terminal);

#!/usr/bin/env node
/**
 * `npx sluice`. Plain JavaScript, so that an older Node can run it: the sources are TypeScript, which the project's
 * own Node runs as it is, and that one takes over when the one at hand is too old.
 */
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const NEEDED_MAJOR = 24;
const main = new URL("../src/main.ts", import.meta.url);

if (Number.parseInt(process.versions.node, 10) >= NEEDED_MAJOR) {
  await import(main.href);
} else {
  const node = projectNode();
  if (node) handOver(node);
  else fail(`this is Node ${process.versions.node}, and the project's own Node is missing: run npm ci`);
}

/** @returns {string | undefined} The binary of the package `node`, which the project depends on. */
function projectNode() {
  try {
    const packageFile = createRequire(import.meta.url).resolve("node/package.json");
    return join(dirname(packageFile), "bin", process.platform === "win32" ? "node.exe" : "node");
  } catch {
    return undefined;
  }
}

/** @param {string} node Becomes this process, as far as one can see from outside. */
function handOver(node) {
  const child = spawn(node, [fileURLToPath(main), ...process.argv.slice(2)], { stdio: "inherit" });
  // A terminal sends Ctrl-C to the whole process group, the child included; it must not get it twice.
  const forward = (/** @type {NodeJS.Signals} */ signal) => {
    if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
  };
  for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) process.on(signal, forward);
  child.on("error", (error) => fail(`the project's own Node does not start (${error.message}): run npm ci`));
  child.on("exit", (code, signal) => {
    process.exitCode = code ?? 128 + (signal ? constants.signals[signal] : 0);
  });
}

/** @param {string} message */
function fail(message) {
  process.stderr.write(`sluice: ${message}\n`);
  process.exitCode = 1;
}

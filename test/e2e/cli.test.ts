import { type SpawnOptions, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type CommandResult, commandLine } from "../support/cli.ts";
import { temporaryDirectory } from "../support/local-lambda.ts";
import { startSystem } from "../support/local-start.ts";

const ROOT = join(import.meta.dirname, "../..");
const SLUICE = join(ROOT, "packages/cli/bin/sluice.mjs");

/** Runs the command as a process of its own, as npx does. */
function spawnSluice(
  dataDirectory: string,
  args: readonly string[],
  { node = process.execPath, ...options }: SpawnOptions & { readonly node?: string } = {},
) {
  return spawn(node, [SLUICE, ...args], {
    cwd: dataDirectory,
    env: { PATH: process.env["PATH"], SLUICE_DATA_DIR: dataDirectory },
    stdio: ["ignore", "pipe", "pipe"],
    ...options,
  });
}

async function sluice(
  dataDirectory: string,
  args: readonly string[],
  options: { readonly node?: string } = {},
): Promise<CommandResult> {
  const child = spawnSluice(dataDirectory, args, options);
  const texts = { stdout: "", stderr: "" };
  child.stdout?.on("data", (chunk: Buffer) => (texts.stdout += chunk.toString()));
  child.stderr?.on("data", (chunk: Buffer) => (texts.stderr += chunk.toString()));
  const [exitCode] = (await once(child, "close")) as [number];
  return { exitCode, ...texts };
}

describe("npx sluice", () => {
  it("manages keys of a running local system that the gateway obeys", async () => {
    const dataDirectory = await temporaryDirectory();
    const system = await startSystem({ SLUICE_DATA_DIR: dataDirectory });
    const create = ["keys", "create", "--alias", "my-app", "--budget", "1.00", "--local", "--json"];
    const { key } = JSON.parse((await sluice(dataDirectory, create)).stdout) as { key: string };
    const call = async () => {
      const response = await fetch(`${system.gateway}/v1/chat/completions`, {
        method: "POST",
        headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
        body: JSON.stringify({ model: "gpt-4o-mini", messages: [{ role: "user", content: "Hello" }] }),
      });
      await response.arrayBuffer();
      return response.status;
    };
    expect(await call()).toBe(200);
    const shown = await sluice(dataDirectory, ["budgets", "show", "my-app", "--local", "--json"]);
    expect(JSON.parse(shown.stdout)).toMatchObject({ alias: "my-app", period: "month", limitUsd: "1" });
    await sluice(dataDirectory, ["keys", "revoke", "my-app", "--yes", "--local"]);
    await expect.poll(call, { timeout: 90_000 }).toBe(401);
    await system.stop();
    expect(await sluice(dataDirectory, ["keys", "list", "--local"])).toEqual({
      exitCode: 1,
      stdout: "",
      stderr: "sluice: The local system does not run: start it with npm start.\n",
    });
  });

  it("prints what a program reads to standard output alone, and its status is the command's", async () => {
    const { dataDirectory } = await commandLine();
    const created = await sluice(dataDirectory, ["keys", "create", "--alias", "my-app", "--json", "--local"]);
    expect(created.exitCode).toBe(0);
    expect(Object.keys(JSON.parse(created.stdout) as object)).toEqual(["id", "key", "alias"]);
    const failed = await sluice(dataDirectory, ["keys", "show", "ghost", "--json", "--local"]);
    expect(failed).toMatchObject({ exitCode: 1, stdout: "" });
    expect(JSON.parse(failed.stderr)).toMatchObject({ error: { code: "not_found" } });
    const misused = await sluice(dataDirectory, ["keys", "show", "--colour"]);
    expect(misused).toMatchObject({ exitCode: 2, stdout: "" });
    expect(misused.stderr.trim().split("\n")).toHaveLength(1);
  });

  it("prints no colours where nobody sees them", async () => {
    const { dataDirectory } = await commandLine();
    await sluice(dataDirectory, ["keys", "create", "--alias", "my-app", "--local"]);
    const { stdout } = await sluice(dataDirectory, ["keys", "list", "--local"]);
    expect(stdout).toMatch(/^ALIAS {3}ID/);
  });

  it("does what it was asked for when the reader of its output has gone", async () => {
    const cli = await commandLine();
    const child = spawnSluice(cli.dataDirectory, ["keys", "create", "--alias", "my-app", "--local"]);
    child.stdout?.destroy();
    let stderr = "";
    child.stderr?.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    const [exitCode] = (await once(child, "close")) as [number];
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: expect.stringMatching(/^audit: .*\n$/) });
    expect(await cli.json("audit")).toHaveLength(1);
  });

  it.skipIf(!olderNode())("runs under an older Node by handing over to the project's own", async () => {
    const { dataDirectory } = await commandLine();
    const options = { node: olderNode() ?? "" };
    const listed = await sluice(dataDirectory, ["keys", "list", "--json", "--local"], options);
    expect(listed).toEqual({ exitCode: 0, stdout: "[]\n", stderr: "" });
    expect(await sluice(dataDirectory, ["keys", "lost"], options)).toMatchObject({ exitCode: 2 });
  });
});

/** A Node on this machine that cannot run the sources itself. */
function olderNode(): string | undefined {
  const directories = (process.env["PATH"] ?? "").split(":").filter((path) => !path.includes("node_modules"));
  return directories
    .map((directory) => join(directory, "node"))
    .find((file) => {
      const { stdout } = spawnSync(file, ["--version"], { encoding: "utf8" });
      return /^v(1\d|2[0-3])\./.test(stdout ?? "");
    });
}

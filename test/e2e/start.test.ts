import { execFile, spawn } from "node:child_process";
import { readFile, stat } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { promisify } from "node:util";
import OpenAI from "openai";
import { describe, expect, it, onTestFinished } from "vitest";
import { closeNow, listenOnLoopback } from "../../packages/local/src/loopback.ts";
import { readEndpoints } from "../../packages/local/src/system/endpoints-file.ts";
import { processState, temporaryDirectory } from "../support/local-lambda.ts";
import { failToStart, type StartedSystem, startSystem } from "../support/local-start.ts";

interface TraceList {
  readonly traces: readonly { readonly id: string; readonly spans: readonly Record<string, unknown>[] }[];
  readonly receivedSpans: number;
}

async function tracesOf({ sink }: StartedSystem): Promise<TraceList> {
  const answer = await fetch(`${sink}/traces`);
  return (await answer.json()) as TraceList;
}

function chat({ gateway, key }: StartedSystem, content: string) {
  const openai = new OpenAI({ apiKey: key, baseURL: `${gateway}/v1`, maxRetries: 0 });
  return openai.chat.completions.create({ model: "gpt-4o-mini", messages: [{ role: "user", content }] });
}

/** Every process of which this one is the parent, or was. */
async function childrenOf(pid: number): Promise<number[]> {
  const { stdout } = await promisify(execFile)("ps", ["-A", "-o", "pid=,ppid="]);
  return stdout
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/).map(Number))
    .filter(([, parent]) => parent === pid)
    .map(([child]) => child ?? 0);
}

async function freshEnvironment(): Promise<{ SLUICE_DATA_DIR: string }> {
  return { SLUICE_DATA_DIR: join(await temporaryDirectory(), "data") };
}

/** Starts the command the way npm does, and does nothing else. */
const STARTING_PARENT = `
  process.env.npm_lifecycle_event = "start";
  require("node:child_process").spawn(process.execPath, ["packages/local/src/start.ts"], { stdio: "inherit" });`;

describe("npm start", () => {
  it("prints the ready line and a curl line that works, and one call becomes one trace", async () => {
    const system = await startSystem(await freshEnvironment());

    const { stdout: answer } = await promisify(execFile)("sh", ["-c", `${system.stdout[1]} -s`]);

    expect(JSON.parse(answer)).toMatchObject({ object: "chat.completion", model: "gpt-4o-mini" });
    await expect
      .poll(() => tracesOf(system), { timeout: 90_000 })
      .toMatchObject({
        receivedSpans: 1,
        traces: [{ spans: [{ type: "generation", model: "gpt-4o-mini", level: "DEFAULT" }] }],
      });
    expect(system.stdout).toHaveLength(2);
    expect(system.key).toMatch(/^sk-sluice-[\w-]{43}$/);
  });

  it("keeps key, traces and what is in the queue across a restart", async () => {
    const env = await freshEnvironment();
    const first = await startSystem(env);
    await chat(first, "one");
    await expect.poll(async () => (await tracesOf(first)).traces.length, { timeout: 90_000 }).toBe(1);
    await chat(first, "two");
    expect(await first.stop()).toBe(0);

    const second = await startSystem(env);

    expect(second.key).toBe(first.key);
    await chat(second, "three");
    await expect.poll(async () => (await tracesOf(second)).traces.length, { timeout: 90_000 }).toBe(3);
    expect((await tracesOf(second)).receivedSpans).toBe(3);
  });

  it("loses no trace when it is killed, and leaves no process behind", async () => {
    const env = await freshEnvironment();
    const first = await startSystem(env);
    await chat(first, "before the end");
    const children = await childrenOf(first.child.pid ?? 0);
    expect(children.length).toBeGreaterThanOrEqual(3);

    await first.stop("SIGKILL");

    await expect
      .poll(() => Promise.all(children.map(processState)), { timeout: 90_000 })
      .toEqual(children.map(() => "gone"));
    const second = await startSystem(env);
    await expect.poll(async () => (await tracesOf(second)).traces.length, { timeout: 90_000 }).toBe(1);
  });

  it.each(["SIGINT", "SIGTERM"] as const)("ends everything at %s, with exit code 0", async (signal) => {
    const system = await startSystem(await freshEnvironment());
    await chat(system, "hello");
    const children = await childrenOf(system.child.pid ?? 0);

    const code = await system.stop(signal);

    expect(code).toBe(0);
    expect(await Promise.all(children.map(processState))).toEqual(children.map(() => "gone"));
    await expect(fetch(`${system.gateway}/health`)).rejects.toThrow("fetch failed");
  });

  it.each([
    ["npm is terminated", "npm", ["start", "--ignore-scripts"], "SIGTERM"],
    ["the process that started it is killed", process.execPath, ["-e", STARTING_PARENT], "SIGKILL"],
  ] as const)("ends everything when %s", async (_what, command, commandArguments, signal) => {
    const data = await freshEnvironment();
    const parent = spawn(command, commandArguments, {
      cwd: join(import.meta.dirname, "../.."),
      env: { ...process.env, ...data, PORT: "0" },
      detached: true,
    });
    onTestFinished(async () => {
      // The pid file names the system itself; whatever went wrong, it must not outlive the test.
      const pid = Number(await readFile(join(data.SLUICE_DATA_DIR, "pid"), "utf8").catch(() => "0"));
      if (pid > 0 && (await processState(pid)) !== "gone") process.kill(pid, "SIGKILL");
    });
    let output = "";
    parent.stdout.on("data", (text) => {
      output += String(text);
    });
    await expect.poll(() => output, { timeout: 90_000 }).toContain("curl ");
    const system = Number(await readFile(join(data.SLUICE_DATA_DIR, "pid"), "utf8"));
    const processes = [system, ...(await childrenOf(system))];
    expect(processes.length).toBeGreaterThanOrEqual(4);

    parent.kill(signal);

    await expect
      .poll(() => Promise.all(processes.map(processState)), { timeout: 90_000 })
      .toEqual(processes.map(() => "gone"));
  });

  it("takes the key that it is given", async () => {
    const system = await startSystem({ ...(await freshEnvironment()), SLUICE_LOCAL_KEY: "sk-sluice-mine" });

    expect(system.key).toBe("sk-sluice-mine");
    expect((await chat(system, "hi")).choices).toHaveLength(1);
  });

  it("writes its secrets where only their owner can read them, and how to reach its services", async () => {
    const env = await freshEnvironment();
    const system = await startSystem(env);
    const file = (name: string) => join(env.SLUICE_DATA_DIR, name);

    const modes = await Promise.all(
      ["local-key", "secrets.json", "endpoints.json"].map(
        async (name) => (await stat(file(name))).mode & 0o777,
      ),
    );
    const reached = readEndpoints(env.SLUICE_DATA_DIR);

    expect(modes).toEqual([0o600, 0o600, 0o600]);
    expect(reached).toMatchObject({
      pid: system.child.pid,
      gatewayUrl: system.gateway,
      langfuseUrl: system.sink,
    });
    expect(reached?.queueUrl).toBe(`${reached?.endpoints.sqs}/000000000000/sluice-traces`);
    await system.stop();
    await expect(stat(file("endpoints.json"))).rejects.toThrow("ENOENT");
  });
});

describe("npm start says in one line why it cannot", () => {
  it("when the port is taken", async () => {
    const server = createServer();
    const port = new URL(await listenOnLoopback(server, 0)).port;
    onTestFinished(() => closeNow(server));

    const failed = await failToStart({ ...(await freshEnvironment()), PORT: port });

    expect(failed).toEqual({
      code: 1,
      stdout: [],
      stderr: [
        expect.stringMatching(new RegExp(`^sluice: port ${port} .* in use .* set PORT to another port`)),
      ],
    });
  });

  it("when another run has the data directory", async () => {
    const env = await freshEnvironment();
    const first = await startSystem(env);

    const failed = await failToStart(env);

    expect(failed.code).toBe(1);
    expect(failed.stderr).toEqual([
      expect.stringContaining(`is in use by process ${first.child.pid}: stop it, or set SLUICE_DATA_DIR`),
    ]);
  });

  it("when a variable makes no sense", async () => {
    const failed = await failToStart({ ...(await freshEnvironment()), OPENAI_BASE_URL: "not a url" });

    expect(failed.code).toBe(1);
    expect(failed.stderr).toEqual([
      expect.stringMatching(/^sluice: OPENAI_BASE_URL is "not a url": set it to a URL/),
    ]);
  });
});

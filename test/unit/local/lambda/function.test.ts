import { describe, expect, it } from "vitest";
import { TooManyRequestsError } from "../../../../packages/local/src/lambda/function.ts";
import { functionFrom, gate, processState } from "../../../support/local-lambda.ts";

describe("a local function", () => {
  it("gives the handler the event and Lambda's context, and returns its result as JSON", async () => {
    const { lambda } = await functionFrom(
      `export const handler = async (event, context) => ({
      event,
      name: context.functionName,
      remainingMs: context.getRemainingTimeInMillis(),
      stage: process.env.STAGE,
      region: process.env.AWS_REGION,
    });`,
      { environment: { STAGE: "test" }, timeoutMs: 5000 },
    );

    const outcome = await lambda.invoke({ records: [1, 2] });

    if (outcome.kind !== "buffered") throw new Error(JSON.stringify(outcome));
    const result = JSON.parse(outcome.payload);
    expect(result).toMatchObject({
      event: { records: [1, 2] },
      name: "under-test",
      stage: "test",
      region: "us-east-1",
    });
    expect(result.remainingMs).toBeGreaterThan(0);
    expect(result.remainingMs).toBeLessThanOrEqual(5000);
    expect(outcome.initMs).toBeGreaterThan(0);
  });

  it("keeps the environment for the next invocation, with the state of its module", async () => {
    const { lambda } = await functionFrom(`let calls = 0; export const handler = async () => ++calls;`);

    const first = await lambda.invoke({});
    await expect.poll(() => lambda.environments[0]?.state).toBe("idle");
    const second = await lambda.invoke({});

    expect(first).toMatchObject({ kind: "buffered", payload: "1" });
    expect(second).toMatchObject({ kind: "buffered", payload: "2" });
    expect(second.initMs).toBeUndefined();
    expect(lambda.environments).toHaveLength(1);
  });

  it("uses it again for a call that comes right after the last answer", async () => {
    const { lambda } = await functionFrom(`export const handler = async () => process.pid;`);

    const outcomes = [];
    for (let call = 0; call < 20; call++) outcomes.push(await lambda.invoke({}));

    expect(new Set(outcomes.map((outcome) => outcome.kind === "buffered" && outcome.payload)).size).toBe(1);
  });

  it("is frozen between invocations and goes on at the next one", async () => {
    const { lambda } = await functionFrom(`export const handler = async () => process.pid;`);

    const outcome = await lambda.invoke({});
    const pid = lambda.environments[0]?.pid ?? 0;

    expect(outcome).toMatchObject({ payload: String(pid) });
    await expect.poll(() => processState(pid)).toBe("stopped");
    expect(await lambda.invoke({})).toMatchObject({ payload: String(pid) });
  });

  it("runs one invocation at a time in an environment, and as many environments as there are calls", async () => {
    const door = await gate();
    const { lambda } = await functionFrom(
      `export const handler = async () => { await fetch(process.env.GATE); return process.pid; };`,
      { environment: { GATE: door.url } },
    );

    const open = [lambda.invoke({}), lambda.invoke({}), lambda.invoke({})];
    await door.reached;
    door.open();
    const pids = (await Promise.all(open)).map((outcome) => outcome.kind === "buffered" && outcome.payload);

    expect(new Set(pids).size).toBe(3);
  });

  it("prefers the environment that was used last", async () => {
    const door = await gate();
    const { lambda } = await functionFrom(
      `export const handler = async ({ wait }) => { if (wait) await fetch(process.env.GATE); return process.pid; };`,
      { environment: { GATE: door.url } },
    );
    const waiting = lambda.invoke({ wait: true });
    const quick = await lambda.invoke({});
    door.open();
    const last = await waiting;
    await expect.poll(() => lambda.environments.map(({ state }) => state)).toEqual(["idle", "idle"]);

    const next = await lambda.invoke({});

    expect(next).toMatchObject({ kind: "buffered", payload: last.kind === "buffered" && last.payload });
    expect(next).not.toMatchObject({ payload: quick.kind === "buffered" && quick.payload });
  });

  it("refuses one invocation more than it may run", async () => {
    const door = await gate();
    const { lambda } = await functionFrom(
      `export const handler = () => fetch(process.env.GATE).then(() => 1);`,
      {
        environment: { GATE: door.url },
        maxConcurrency: 1,
      },
    );

    const open = lambda.invoke({});
    await expect(lambda.invoke({})).rejects.toThrow(TooManyRequestsError);
    door.open();

    expect(await open).toMatchObject({ kind: "buffered" });
  });

  it("reports what the handler threw, and lives on", async () => {
    const { lambda, lines } = await functionFrom(
      `export const handler = async ({ fail }) => { if (fail) throw new TypeError("no such colour"); return "fine"; };`,
    );

    const failed = await lambda.invoke({ fail: true });
    await expect.poll(() => lambda.environments[0]?.state).toBe("idle");

    expect(failed).toMatchObject({
      kind: "failed",
      error: { errorType: "TypeError", errorMessage: "no such colour" },
      answerBegun: false,
    });
    expect(await lambda.invoke({})).toMatchObject({ payload: '"fine"' });
    expect(lambda.environments).toHaveLength(1);
    expect(lines.join("\n")).toContain("no such colour");
  });

  it("kills an invocation at its deadline; the next one has a fresh environment", async () => {
    const { lambda } = await functionFrom(
      `export const handler = ({ hang }) => hang ? new Promise((r) => setTimeout(r, 1e6)) : Promise.resolve(process.pid);`,
      { timeoutMs: 300 },
    );

    const killed = await lambda.invoke({ hang: true });

    expect(killed).toMatchObject({
      kind: "failed",
      error: { errorType: "Sandbox.Timedout", errorMessage: "Task timed out after 0.30 seconds" },
    });
    expect(await lambda.invoke({})).toMatchObject({ kind: "buffered" });
  });

  it("reports a process that exits in the middle of an invocation", async () => {
    const { lambda } = await functionFrom(`export const handler = async () => process.exit(3);`);

    expect(await lambda.invoke({})).toMatchObject({
      kind: "failed",
      error: { errorType: "Runtime.ExitError", errorMessage: "Runtime exited with exit status 3" },
    });
    await expect.poll(() => lambda.environments).toHaveLength(0);
  });

  it("reports an environment that a fault has killed", async () => {
    const door = await gate();
    const { lambda } = await functionFrom(`export const handler = () => fetch(process.env.GATE);`, {
      environment: { GATE: door.url },
    });

    const open = lambda.invoke({});
    await door.reached;
    await lambda.environments[0]?.kill();

    expect(await open).toMatchObject({ kind: "failed", error: { errorType: "Runtime.ExitError" } });
  });

  it("gets over an idle environment that a fault has killed", async () => {
    const { lambda } = await functionFrom(`export const handler = async () => process.pid;`);
    await lambda.invoke({});
    const pid = lambda.environments[0]?.pid ?? 0;
    await expect.poll(() => processState(pid)).toBe("stopped");

    process.kill(pid, "SIGKILL");
    const meanwhile = await lambda.invoke({});
    await expect.poll(() => lambda.environments.some((environment) => environment.pid === pid)).toBe(false);

    expect(["buffered", "failed"]).toContain(meanwhile.kind);
    expect(await lambda.invoke({})).toMatchObject({ kind: "buffered" });
  });

  it("says why a handler could not be loaded", async () => {
    const { lambda } = await functionFrom(`throw new RangeError("SLUICE_TABLE is not set");`);

    await expect(lambda.warm()).rejects.toThrow("RangeError: SLUICE_TABLE is not set");
    expect(await lambda.invoke({})).toMatchObject({
      kind: "failed",
      error: { errorType: "RangeError", errorMessage: "SLUICE_TABLE is not set" },
    });
  });

  it("ends an environment that nobody has used for a while", async () => {
    const { lambda } = await functionFrom(`export const handler = async () => 1;`, { idleTimeoutMs: 50 });

    await lambda.invoke({});

    await expect.poll(() => lambda.environments).toHaveLength(0);
  });

  it("leaves no process behind when it is stopped, frozen or busy", async () => {
    const door = await gate();
    const { lambda } = await functionFrom(
      `export const handler = ({ wait }) => wait ? fetch(process.env.GATE) : Promise.resolve(1);`,
      { environment: { GATE: door.url } },
    );
    const busy = lambda.invoke({ wait: true });
    await lambda.invoke({});
    await door.reached;
    const pids = lambda.environments.map(({ pid }) => pid);
    expect(pids).toHaveLength(2);

    await lambda.stop();

    expect(await busy).toMatchObject({ kind: "failed" });
    expect(await Promise.all(pids.map(processState))).toEqual(["gone", "gone"]);
  });
});

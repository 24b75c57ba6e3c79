import { mkdir, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { closeNow, listenOnLoopback } from "../../../../packages/local/src/loopback.ts";
import { ENDPOINTS_FILE } from "../../../../packages/local/src/system/endpoints-file.ts";
import { type CommandLine, commandLine, makeTable, writeEndpointsFile } from "../../../support/cli.ts";

/** The AWS SDK's own variables, pointed at the stand-in and at an STS that knows one caller. */
async function asAws(cli: CommandLine): Promise<void> {
  const sts = createServer((_request, response) => {
    response.setHeader("content-type", "text/xml");
    response.end(`<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
      <GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/bob</Arn></GetCallerIdentityResult>
    </GetCallerIdentityResponse>`);
  });
  vi.stubEnv("AWS_ENDPOINT_URL_DYNAMODB", cli.dynamodb.url);
  vi.stubEnv("AWS_ENDPOINT_URL_STS", await listenOnLoopback(sts, 0));
  vi.stubEnv("AWS_REGION", "eu-central-1");
  vi.stubEnv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "example");
  vi.stubEnv("AWS_MAX_ATTEMPTS", "1");
  onTestFinished(async () => {
    vi.unstubAllEnvs();
    await closeNow(sts);
  });
}

async function writeOutputs({ dataDirectory }: CommandLine, outputs: object): Promise<void> {
  await mkdir(join(dataDirectory, ".sst"));
  await writeFile(join(dataDirectory, ".sst/outputs.json"), JSON.stringify(outputs));
}

describe("the local system as the target", () => {
  it("is the default while it runs", async () => {
    const cli = await commandLine();
    expect(await cli.run("keys", "list")).toMatchObject({ exitCode: 0 });
  });

  it("is named together with stages when it does not run and no target was given", async () => {
    const cli = await commandLine();
    await rm(join(cli.dataDirectory, ENDPOINTS_FILE));
    const { exitCode, stderr } = await cli.run("keys", "list");
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/--stage.*--local.*npm start/);
  });

  it("says how to start it when it does not run, or was killed", async () => {
    const cli = await commandLine();
    const stopped = { exitCode: 1, stderr: expect.stringContaining("start it with npm start") };
    // Above the largest process id that Linux gives.
    await writeEndpointsFile(cli.dataDirectory, cli.dynamodb.url, 2 ** 22 + 1);
    expect(await cli.run("keys", "list", "--local")).toMatchObject(stopped);
    await rm(join(cli.dataDirectory, ENDPOINTS_FILE));
    expect(await cli.run("keys", "list", "--local")).toMatchObject(stopped);
  });

  it("says so in one line when it does not answer", async () => {
    const cli = await commandLine();
    await writeEndpointsFile(cli.dataDirectory, "http://127.0.0.1:9");
    const { exitCode, stderr } = await cli.run("keys", "list", "--local", "--json");
    expect(exitCode).toBe(1);
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: "no_connection" } });
  });
});

describe("a stage as the target", () => {
  it("is found by the outputs of its deploy, and changes are recorded under the AWS caller", async () => {
    const cli = await commandLine();
    await asAws(cli);
    await writeOutputs(cli, { table: cli.table, providersSecret: "sluice/production/providers" });
    const created = await cli.run("keys", "create", "--alias", "my-app", "--stage", "production");
    expect(created.stderr).toBe(
      "audit: keys.create key my-app by arn:aws:iam::123456789012:user/bob on stage production\n",
    );
    // The stand-in is the same, so the local target sees the same key.
    expect(await cli.json("keys", "list")).toHaveLength(1);
  });

  it("is found by its table's name when the outputs are another stage's", async () => {
    const cli = await commandLine();
    await asAws(cli);
    await writeOutputs(cli, { table: cli.table, providersSecret: "sluice/production/providers" });
    await makeTable(cli.client, "sluice-alice-StateTable-abcdefhk");
    await makeTable(cli.client, "sluice-alice2-StateTable-abcdefhk");
    await cli.run("keys", "create", "--alias", "my-app", "--stage", "alice");
    expect((await cli.run("keys", "list", "--stage", "alice")).stdout).toContain("my-app");
    expect((await cli.run("keys", "list", "--stage", "production")).stdout).not.toContain("my-app");
  });

  it("has to be named more closely when there is no table, or several", async () => {
    const cli = await commandLine();
    await asAws(cli);
    const none = await cli.run("keys", "list", "--stage", "alice");
    expect(none).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("eu-central-1") });
    await makeTable(cli.client, "sluice-alice-StateTable-aaaaaaaa");
    await makeTable(cli.client, "sluice-alice-StateTable-bbbbbbbb");
    const several = await cli.run("keys", "list", "--stage", "alice");
    expect(several).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("--table") });
    const named = ["--stage", "alice", "--table", "sluice-alice-StateTable-bbbbbbbb"];
    expect(await cli.run("keys", "list", ...named)).toMatchObject({ exitCode: 0 });
  });

  it("is not there when its table is not", async () => {
    const cli = await commandLine();
    await asAws(cli);
    const { stderr } = await cli.run("keys", "list", "--stage", "alice", "--table", "gone", "--json");
    expect(JSON.parse(stderr)).toMatchObject({
      error: { code: "no_table", message: expect.stringContaining("gone in eu-central-1") },
    });
  });

  it("needs a region", async () => {
    const cli = await commandLine();
    await asAws(cli);
    vi.stubEnv("AWS_REGION", undefined);
    vi.stubEnv("AWS_CONFIG_FILE", "/dev/null");
    const { exitCode, stderr } = await cli.run("keys", "list", "--stage", "alice");
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: expect.stringContaining("AWS_REGION") });
  });

  it("cannot be the target together with the local system", async () => {
    const cli = await commandLine();
    for (const args of [
      ["--local", "--stage", "alice"],
      ["--local", "--table", "x"],
      ["--table", "x"],
    ]) {
      expect(await cli.run("keys", "list", ...args)).toMatchObject({ exitCode: 2 });
    }
  });
});

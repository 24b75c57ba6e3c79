/** `sluice doctor --stage`, through the AWS SDK's own clients: the mapping, permissions, the clock, and whose variables count. */
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { examinedPlace, PROVIDER_KEY, type ShownFinding } from "../../../support/examined-place.ts";
import { SERVER_KEYS } from "../../../support/langfuse-server.ts";

interface Mapping {
  readonly UUID: string;
  readonly State: string;
  readonly BatchSize: number;
  readonly FunctionResponseTypes?: readonly string[];
}

const GOOD: Mapping = {
  UUID: "1f2e",
  State: "Enabled",
  BatchSize: 1000,
  FunctionResponseTypes: ["ReportBatchItemFailures"],
};

/** A server with one answer; ended with the test. */
async function serverOf(status: number, body: object, headers: Record<string, string> = {}) {
  const paths: string[] = [];
  const server = createServer((request, response) => {
    paths.push(`${request.method} ${request.url}`);
    request.resume();
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, paths };
}

/** Lambda with these mappings of the queue. */
const lambdaWith = (...mappings: readonly Mapping[]) => serverOf(200, { EventSourceMappings: mappings });

async function stage(lambda: { readonly url: string }) {
  const place = await examinedPlace();
  const { cli, server, secretsUrl, queueUrl, deadLetterQueueUrl } = place;
  await place.putSecretOf("production", "providers", { house: PROVIDER_KEY });
  await place.putSecretOf("production", "drains", { default: SERVER_KEYS });
  for (const [service, url] of [
    ["DYNAMODB", cli.dynamodb.url],
    ["SQS", server.url],
    // The SDK puts the bucket before the host's name, which an address of numbers cannot have.
    ["S3", server.url.replace("127.0.0.1", "localhost")],
    ["SECRETS_MANAGER", secretsUrl],
    ["LAMBDA", lambda.url],
  ]) {
    vi.stubEnv(`AWS_ENDPOINT_URL_${service}`, url);
  }
  vi.stubEnv("AWS_REGION", "eu-central-1");
  vi.stubEnv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "example");
  vi.stubEnv("AWS_MAX_ATTEMPTS", "1");
  await mkdir(join(cli.dataDirectory, ".sst"));
  const outputs = {
    table: cli.table,
    queueUrl,
    deadLetterQueueUrl,
    bucket: "records",
    providersSecret: "sluice/production/providers",
  };
  await writeFile(join(cli.dataDirectory, ".sst/outputs.json"), JSON.stringify(outputs));
  const examine = async () => {
    const args = ["doctor", "--stage", "production", "--json", "--config", place.config];
    const { stdout, exitCode, stderr } = await cli.run(...args);
    const { checks } = JSON.parse(stdout) as { readonly checks: readonly ShownFinding[] };
    return { exitCode, stderr, checks, of: (name: string) => checks.filter((check) => check.name === name) };
  };
  return { ...place, examine };
}

afterEach(() => {
  vi.unstubAllEnvs();
});

describe("sluice doctor --stage", () => {
  it("looks at the same things, and at the mapping that calls the flusher", async () => {
    const lambda = await lambdaWith(GOOD);
    const place = await stage(lambda);
    await place.writeConfig();
    place.cli.nowMs = Date.now();
    const { checks, of } = await place.examine();
    const bad = checks.filter(({ status }) => status === "fail" || status === "warn");
    expect(bad.filter(({ name }) => name !== "bucket")).toEqual([]);
    expect(of("event source")).toEqual([expect.objectContaining({ status: "ok" })]);
    expect(of("clock")).toEqual([expect.objectContaining({ status: "ok" })]);
    expect(decodeURIComponent(lambda.paths[0] ?? "")).toContain("EventSourceArn=arn:aws:sqs:");
    expect(lambda.paths[0]).toContain("traces");
  });

  it.each<[what: string, mappings: readonly Mapping[], message: string, remedy: string]>([
    ["no mapping", [], "No function is called for the queue", "deploy"],
    ["a mapping that is off", [{ ...GOOD, State: "Disabled" }], "The mapping is Disabled", "--uuid 1f2e"],
    [
      "a mapping without partial answers",
      [{ UUID: "1f2e", State: "Enabled", BatchSize: 10 }],
      "does not report single failures",
      "deploy",
    ],
  ])("finds %s, with a remedy", async (_what, mappings, message, remedy) => {
    const place = await stage(await lambdaWith(...mappings));
    await place.writeConfig();
    const { of, exitCode } = await place.examine();
    expect(exitCode).toBe(1);
    expect(of("event source")).toEqual([
      expect.objectContaining({
        status: "fail",
        message: expect.stringContaining(message),
        remedy: expect.stringContaining(remedy),
      }),
    ]);
  });

  it("takes a missing permission for a warning, and names it", async () => {
    const denied = await serverOf(
      403,
      { message: "not authorized" },
      { "x-amzn-errortype": "AccessDeniedException" },
    );
    const place = await stage(denied);
    vi.stubEnv("AWS_ENDPOINT_URL_SECRETS_MANAGER", denied.url);
    await place.writeConfig();
    const { of } = await place.examine();
    expect(of("event source")).toEqual([
      expect.objectContaining({ status: "warn", remedy: "allow them lambda:ListEventSourceMappings" }),
    ]);
    expect(of("secret drains")).toEqual([
      expect.objectContaining({
        status: "warn",
        remedy: expect.stringContaining("secretsmanager:GetSecretValue"),
      }),
    ]);
    expect(of("provider house")).toEqual([expect.objectContaining({ status: "skip" })]);
    expect(of("drain default")).toEqual([expect.objectContaining({ status: "skip" })]);
  });

  it("finds a missing key, whatever this shell has, and says where it belongs", async () => {
    const place = await stage(await lambdaWith(GOOD));
    await place.writeConfig();
    await place.putSecretOf("production", "providers", { other: PROVIDER_KEY });
    place.setVariable("HOUSE_API_KEY", PROVIDER_KEY);
    const { of, exitCode } = await place.examine();
    expect(exitCode).toBe(1);
    expect(of("provider house")).toEqual([
      expect.objectContaining({
        status: "fail",
        remedy: expect.stringContaining('store its key as the member "house" of the providers\' secret'),
      }),
    ]);
  });

  it("finds a clock that is minutes off", async () => {
    const place = await stage(await lambdaWith(GOOD));
    await place.writeConfig();
    place.cli.nowMs = Date.now() + 10 * 60_000;
    const { of, exitCode } = await place.examine();
    expect(exitCode).toBe(1);
    expect(of("clock")).toEqual([
      expect.objectContaining({ status: "fail", message: expect.stringMatching(/ahead of.*signatures/) }),
    ]);
  });
});

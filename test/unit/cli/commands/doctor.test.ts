/** `sluice doctor` against stand-ins that answer over HTTP: what it finds in a good place, and in each that is spoiled. */
import { writeFile } from "node:fs/promises";
import { DeleteTableCommand, UpdateTimeToLiveCommand } from "@aws-sdk/client-dynamodb";
import { DeleteQueueCommand } from "@aws-sdk/client-sqs";
import { createDeadLetters } from "@sluice/aws";
import { describe, expect, it } from "vitest";
import { examinedPlace, type ShownFinding } from "../../../support/examined-place.ts";
import { SERVER_KEYS } from "../../../support/langfuse-server.ts";
import { startOtlpCollector } from "../../../support/otlp-collector.ts";
import { chatRecord, messageBody } from "../../../support/records.ts";
import { json, startUpstream } from "../../../support/upstream.ts";

type Place = Awaited<ReturnType<typeof examinedPlace>>;

/** An address that was somebody's a moment ago. */
async function nobody(): Promise<string> {
  const gone = await startUpstream(json({}));
  await gone.stop();
  return gone.baseUrl;
}

const of = (checks: readonly ShownFinding[], name: string) => checks.filter((check) => check.name === name);

describe("sluice doctor", () => {
  it("finds nothing wrong where nothing is, writes one trace and reads it back", async () => {
    const place = await examinedPlace();
    await place.writeConfig();
    const { healthy, exitCode, checks, stderr } = await place.examine();
    expect(checks.filter(({ status }) => status !== "ok" && status !== "skip")).toEqual([]);
    expect({ healthy, exitCode, stderr }).toEqual({ healthy: true, exitCode: 0, stderr: "" });
    expect(place.langfuse.stored.map(({ name }) => name)).toEqual(["sluice-doctor"]);
    const [trace] = of(checks, "drain default trace");
    expect(trace?.message).toContain(`read back: ${place.langfuse.stored[0]?.traceId}`);
    const sent = place.langfuse.requests.find(({ path }) => path.endsWith("/v1/traces"));
    expect(sent?.headers["x-langfuse-ingestion-version"]).toBe("4");
    expect(of(checks, "drain default")[0]?.message).toContain('Langfuse 4.16.0, project "shop"');
  });

  it("prints a line for each check, with the remedy below, and no secret", async () => {
    const place = await examinedPlace();
    await place.writeConfig();
    await place.putSecret("drains", { default: { publicKey: "pk-lf-good", secretKey: "sk-lf-bad" } });
    const { stdout, stderr, exitCode } = await place.cli.run("doctor", "--local", "--config", place.config);
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/^ok {4}provider house +It answers, and takes the key\.$/m);
    expect(stdout).toMatch(
      /^fail {2}drain default +Langfuse refuses the keys .*\n +Remedy: store both keys/m,
    );
    expect(stderr).toMatch(/^sluice: 1 of \d+ checks failed for the local system\.\n$/);
    expect(stdout).not.toMatch(/sk-lf-bad|sk-good/);
  });

  const spoiled: readonly (readonly [
    what: string,
    check: string,
    finding: { readonly message: RegExp; readonly remedy: RegExp },
    spoil: (place: Place) => Promise<void>,
  ])[] = [
    [
      "a wrong Langfuse secret",
      "drain default",
      { message: /refuses the keys \(HTTP 401/, remedy: /store both keys of one project/ },
      async (place) => {
        await place.writeConfig();
        await place.putSecret("drains", { default: { ...SERVER_KEYS, secretKey: "sk-lf-bad" } });
      },
    ],
    [
      "keys that are exchanged",
      "drain default",
      { message: /the two are exchanged/, remedy: /put the drains' secret again/ },
      async (place) => {
        await place.writeConfig();
        const { publicKey: secretKey, secretKey: publicKey } = SERVER_KEYS;
        await place.putSecret("drains", { default: { publicKey, secretKey } });
      },
    ],
    [
      "a drain without keys",
      "drain default",
      { message: /No keys are stored/, remedy: /put the drains' secret again/ },
      async (place) => {
        await place.writeConfig();
        await place.putSecret("drains", { other: SERVER_KEYS });
      },
    ],
    [
      "an http drain URL",
      "config",
      { message: /drains\.default\.baseUrl: must be an https:\/\/ URL/, remedy: /correct .*sluice\.config/ },
      async (place) => {
        await place.writeConfig({
          drains: { default: { type: "langfuse", baseUrl: "http://langfuse.example" } },
        });
      },
    ],
    [
      "a host that nobody can reach behind a drain",
      "drain default",
      {
        message: /127\.0\.0\.1:\d+ cannot be reached: nothing listens there/,
        remedy: /check that the server runs/,
      },
      async (place) => {
        await place.writeConfig({ drains: { default: { type: "otlp", baseUrl: await nobody() } } });
        await place.putSecret("drains", { default: { headers: {} } });
      },
    ],
    [
      "a server that is no Langfuse",
      "drain default",
      { message: /No Langfuse answers at/, remedy: /correct baseUrl of drains\.default/ },
      async (place) => {
        await place.pointLangfuseAt(place.upstream.baseUrl);
        await place.writeConfig({ drains: { default: { type: "langfuse" } } });
      },
    ],
    [
      "a missing provider key",
      "provider house",
      { message: /No key is stored for it/, remedy: /set HOUSE_API_KEY and restart the local system/ },
      async (place) => {
        await place.writeConfig();
        await place.putSecret("providers", { other: "sk-good" });
      },
    ],
    [
      "a provider key that is refused",
      "provider house",
      {
        message: /refuses the key \(HTTP 401: Incorrect API key provided\)/,
        remedy: /set HOUSE_API_KEY.*a valid one/,
      },
      async (place) => {
        await place.writeConfig();
        await place.putSecret("providers", { house: "sk-bad" });
      },
    ],
    [
      "a provider key with a line break",
      "provider house",
      { message: /blanks or line breaks/, remedy: /store "house" again/ },
      async (place) => {
        await place.writeConfig();
        await place.putSecret("providers", { house: "sk-good\n" });
      },
    ],
    [
      "a provider that nobody can reach",
      "provider house",
      { message: /nothing listens there \(ECONNREFUSED\)/, remedy: /check that the server runs/ },
      async (place) => {
        await place.writeConfig({ providers: { house: { baseUrl: await nobody() } } });
      },
    ],
    [
      "a provider whose name has a slip",
      "provider house",
      { message: /there is no host of this name \(ENOTFOUND\)|cannot be looked up/, remedy: /check/ },
      async (place) => {
        await place.writeConfig({ providers: { house: { baseUrl: "https://api.openai.invalid/v1" } } });
      },
    ],
    [
      "a provider that redirects",
      "provider house",
      { message: /redirects to https:\/\/elsewhere\.example/, remedy: /set baseUrl/ },
      async (place) => {
        place.upstream.answer = json({}, 308, { location: "https://elsewhere.example/v1/models" });
        await place.writeConfig();
      },
    ],
    [
      "a server without TLS behind https",
      "provider house",
      { message: /does not speak TLS|cannot be reached/, remedy: /check/ },
      async (place) => {
        const baseUrl = place.upstream.baseUrl.replace("http:", "https:");
        await place.writeConfig({ providers: { house: { baseUrl } } });
      },
    ],
    [
      "a secret without a value",
      "secret providers",
      {
        message: /has no members/,
        remedy: /aws secretsmanager put-secret-value --secret-id sluice\/local\/providers/,
      },
      async (place) => {
        await place.writeConfig({ providers: {}, drains: {} });
        await place.putSecret("providers", {});
      },
    ],
    [
      "a queue without DLQ",
      "queue",
      { message: /has no dead-letter queue/, remedy: /redrive policy of infra\/queue\.ts/ },
      async (place) => {
        await place.writeConfig();
        await place.setQueue(place.queueUrl, { RedrivePolicy: "" });
      },
    ],
    [
      "a queue with another dead-letter queue",
      "queue",
      { message: /names .*:traces, and not the dead-letter queue/, remedy: /deploy the stage again/ },
      async (place) => {
        await place.writeConfig();
        const deadLetterTargetArn = place.server.queueArn("traces");
        const RedrivePolicy = JSON.stringify({ deadLetterTargetArn, maxReceiveCount: 3 });
        await place.setQueue(place.queueUrl, { RedrivePolicy });
      },
    ],
    [
      "a visibility timeout that is too short",
      "queue",
      { message: /visibility timeout is 30 s/, remedy: /set it to 1800 s/ },
      async (place) => {
        await place.writeConfig();
        await place.setQueue(place.queueUrl, { VisibilityTimeout: "30" });
      },
    ],
    [
      "a dead-letter queue that is gone",
      "dead-letter queue",
      { message: /is not there/, remedy: /deploy the stage again/ },
      async (place) => {
        await place.writeConfig();
        await place.sqs.send(new DeleteQueueCommand({ QueueUrl: place.deadLetterQueueUrl }));
      },
    ],
    [
      "a table that is gone",
      "table",
      { message: /There is no table sluice/, remedy: /check AWS_REGION/ },
      async (place) => {
        await place.writeConfig();
        await place.cli.client.send(new DeleteTableCommand({ TableName: place.cli.table }));
      },
    ],
    [
      "a table that never forgets",
      "table",
      { message: /does not delete what has expired/, remedy: /deploy the stage again/ },
      async (place) => {
        await place.writeConfig();
        await place.cli.client.send(
          new UpdateTimeToLiveCommand({
            TableName: place.cli.table,
            TimeToLiveSpecification: { Enabled: false, AttributeName: "ttl" },
          }),
        );
      },
    ],
  ];

  it.each(spoiled)("finds %s, with a remedy", async (_what, name, { message, remedy }, spoil) => {
    const place = await examinedPlace();
    await spoil(place);
    const { healthy, exitCode, checks } = await place.examine();
    expect({ healthy, exitCode }).toEqual({ healthy: false, exitCode: 1 });
    const failed = of(checks, name).filter(({ status }) => status === "fail");
    expect(failed).toEqual([
      expect.objectContaining({
        message: expect.stringMatching(message),
        remedy: expect.stringMatching(remedy),
      }),
    ]);
    expect(JSON.stringify(checks)).not.toMatch(/sk-(lf-)?(good|bad)/);
  });

  it("has a remedy for everything that fails or warns", async () => {
    const place = await examinedPlace();
    await place.writeConfig({ drains: { default: { type: "otlp", baseUrl: await nobody(), paused: true } } });
    await place.setQueue(place.queueUrl, { RedrivePolicy: "", MessageRetentionPeriod: "60" });
    await place.putSecret("providers", {});
    const { checks } = await place.examine();
    const bad = checks.filter(({ status }) => status === "fail" || status === "warn");
    expect(bad.length).toBeGreaterThan(4);
    expect(bad.filter(({ remedy }) => !remedy)).toEqual([]);
  });

  it("finds an http address that the environment gives, and sends no key there", async () => {
    const place = await examinedPlace();
    await place.pointLangfuseAt("http://langfuse.example");
    await place.writeConfig({ drains: { default: { type: "langfuse" } } });
    const { checks } = await place.examine();
    expect(of(checks, "drain default")).toEqual([
      expect.objectContaining({
        status: "fail",
        message: expect.stringContaining("would travel in the open"),
      }),
    ]);
  });

  it("finds a v4 server that is addressed through the legacy drain", async () => {
    const place = await examinedPlace();
    await place.writeConfig({
      drains: { default: { type: "langfuse-legacy", baseUrl: place.langfuse.baseUrl } },
    });
    const { exitCode, checks } = await place.examine();
    expect(exitCode).toBe(1);
    expect(of(checks, "drain default")).toEqual([
      {
        name: "drain default",
        status: "fail",
        message: "The server is Langfuse 4.16.0, which takes no traces by the ingestion batch.",
        remedy: 'set type of drains.default to "langfuse"',
      },
    ]);
  });

  it.each([
    ["langfuse-legacy", "2.95.0", 0, "ok"],
    ["langfuse-legacy", "3.10.1", 0, "ok"],
    ["langfuse", "3.30.0", 0, "ok"],
    ["langfuse", "3.21.9", 1, "fail"],
    ["langfuse", "2.95.0", 1, "fail"],
  ])("judges a %s drain to a server of version %s", async (type, version, exitCode, status) => {
    const place = await examinedPlace({ langfuse: { version } });
    await place.writeConfig({ drains: { default: { type, baseUrl: place.langfuse.baseUrl } } });
    // The stand-in keeps no events of a batch, so that they cannot be read back.
    const examined = await place.examine(...(type === "langfuse-legacy" ? ["--no-canary"] : []));
    expect(examined.exitCode).toBe(exitCode);
    expect(of(examined.checks, "drain default")[0]?.status).toBe(status);
  });

  it("knows which providers the demo model plays, and which lack a key", async () => {
    const place = await examinedPlace();
    await place.writeConfig({
      providers: {
        played: { baseUrl: "https://played.example/v1" },
        house: { baseUrl: place.upstream.baseUrl },
      },
    });
    await place.putSecret("providers", { played: "local", house: "sk-good" });
    const { exitCode, checks } = await place.examine();
    expect(exitCode).toBe(0);
    expect(of(checks, "providers")).toEqual([
      {
        name: "providers",
        status: "skip",
        message: "The built-in demo model answers for: played.",
      },
    ]);
    place.setVariable("PLAYED_BASE_URL", "https://other.example/v1");
    const named = await place.examine();
    expect(of(named.checks, "provider played")).toEqual([
      expect.objectContaining({ status: "fail", message: expect.stringContaining("No key is stored") }),
    ]);
  });

  it("writes no trace with --no-canary", async () => {
    const place = await examinedPlace();
    await place.writeConfig();
    const { checks } = await place.examine("--no-canary");
    expect(of(checks, "drain default trace")[0]?.status).toBe("skip");
    expect(place.langfuse.stored).toEqual([]);
  });

  it("tries an OpenTelemetry backend with an empty export and its secret headers", async () => {
    const place = await examinedPlace();
    await using collector = await startOtlpCollector(({ headers }) =>
      headers.authorization === "Bearer good" ? undefined : { status: 401 },
    );
    await place.writeConfig({
      drains: {
        a: { type: "otlp", baseUrl: collector.baseUrl },
        b: { type: "otlp", baseUrl: collector.baseUrl, protocol: "http/json" },
      },
    });
    await place.putSecret("drains", { a: { headers: { authorization: "Bearer good" } } });
    const { checks } = await place.examine();
    expect(of(checks, "drain a")).toEqual([expect.objectContaining({ status: "ok" })]);
    expect(of(checks, "drain b")).toEqual([expect.objectContaining({ status: "fail" })]);
    expect(collector.requests.map(({ path, spans }) => [path, spans.length])).toEqual([
      ["/v1/traces", 0],
      ["/v1/traces", 0],
    ]);
  });

  it("warns of parked and spilled records, unknown members of secrets and paused drains, and fails for none of them", async () => {
    const place = await examinedPlace();
    await place.writeConfig({
      drains: { default: { type: "langfuse", baseUrl: place.langfuse.baseUrl, paused: true } },
    });
    const body = messageBody(chatRecord());
    await createDeadLetters(place.sqs, place.deadLetterQueueUrl)(body, "langfuse: HTTP 400");
    await place.bucket.put("spill/2026-11-21/req_1", Buffer.from(body));
    await place.putSecret("providers", { house: "sk-good", hause: "sk-good" });
    const { exitCode, checks } = await place.examine();
    expect(exitCode).toBe(0);
    const warned = checks.filter(({ status }) => status === "warn");
    expect(warned.map(({ name, message }) => `${name}: ${message}`)).toEqual([
      expect.stringMatching(/^config drain default: It is paused/),
      expect.stringMatching(/^secret providers: .*hause\.$/),
      expect.stringMatching(/^dead-letter queue: 1 record is parked/),
      expect.stringMatching(/^bucket: .*spilled/),
    ]);
  });

  it("speaks to each kind of provider in its own way", async () => {
    const place = await examinedPlace();
    await place.writeConfig({
      providers: {
        anthropic: { baseUrl: place.upstream.baseUrl },
        house: { baseUrl: place.upstream.baseUrl, query: { "api-version": "v1" } },
        open: { baseUrl: place.upstream.baseUrl, auth: "none" },
      },
    });
    await place.putSecret("providers", { anthropic: "sk-good", house: "sk-good" });
    const { checks } = await place.examine();
    expect(of(checks, "provider anthropic")[0]?.status).toBe("ok");
    expect(of(checks, "provider house")[0]?.status).toBe("ok");
    expect(of(checks, "provider open")).toEqual([
      expect.objectContaining({ status: "fail", message: expect.stringContaining("wants a key") }),
    ]);
    expect(place.upstream.requests.map(({ method, path }) => `${method} ${path}`).toSorted()).toEqual([
      "GET /v1/models",
      "GET /v1/models",
      "GET /v1/models?api-version=v1",
    ]);
    const anthropic = place.upstream.requests.find(({ headers }) => headers["x-api-key"]);
    expect(anthropic?.headers["anthropic-version"]).toBe("2023-06-01");
  });

  it("goes on with the stores when the config is no config", async () => {
    const place = await examinedPlace();
    await writeFile(place.config, "export default {{{");
    const { exitCode, checks } = await place.examine();
    expect(exitCode).toBe(1);
    expect(of(checks, "config")[0]?.message).toContain("cannot be loaded");
    expect(of(checks, "queue")[0]?.status).toBe("ok");
    expect(of(checks, "drains")[0]?.status).toBe("skip");
  });
});

/**
 * Every metric that the dashboard and the alarms name is really written by the built functions, with its dimensions; and what they log
 * beside it has no content and no secret. Rare things are made to happen: outages, refusals, conflicts, poison.
 */
import { randomBytes } from "node:crypto";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { createKeyStore } from "@sluice/aws";
import { SWEEP_EVENT } from "@sluice/flusher";
import { hashSecret, newKeyId, newSecret, type VirtualKey } from "@sluice/keys";
import { parseUsd } from "@sluice/prices";
import { afterAll, beforeAll, expect, it } from "vitest";
import { build } from "../../scripts/build.ts";
import { type Evaluation, evaluate } from "../infra/evaluator/evaluate.ts";
import { type AwsProxy, startAwsProxy } from "../support/aws-proxy.ts";
import { CENT_PRICES, CENT_REQUEST } from "../support/cent-model.ts";
import { type Decide, type LangfuseEndpoint, startLangfuseEndpoint } from "../support/langfuse-endpoint.ts";
import { type EmittedMetric, metricsOf, readMetricLine } from "../support/metric-lines.ts";
import { metricsOfAlarms, metricsOfDashboard, type NamedMetric } from "../support/named-metrics.ts";
import { startSystem, type TestSystem } from "../support/system.ts";
import { chatChunk, chatCompletion, DONE, json, startUpstream, type Upstream } from "../support/upstream.ts";

/** Stands in requests, answers and errors; it must be in no line of a log. */
const CONTENT = "the-quick-brown-fox-is-private";
const SECRETS = {
  OPENAI_API_KEY: "sk-openai-planted",
  BACKUP_API_KEY: "sk-backup-planted",
  LANGFUSE_SECRET_KEY: "sk-lf-planted",
};

const CREDENTIALS = { region: "us-east-1", credentials: { accessKeyId: "local", secretAccessKey: "local" } };
const AWAY = { status: 503, body: "{}" };
const CONFLICT = {
  status: 400,
  body: JSON.stringify({
    __type: "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
    CancellationReasons: [{ Code: "TransactionConflict" }],
  }),
};

/** `flaky` falls back; the code that `broken` needs is missing from the bundle, which is nobody's fault but Sluice's. */
const CONFIG = {
  providers: {
    openai: {},
    backup: { baseUrl: "https://backup.example.com/v1" },
    broken: { baseUrl: "https://broken.example.com/v1", auth: "aws-sigv4" },
  },
  models: { flaky: { targets: ["openai/cent"], fallbacks: ["backup/cent"], retries: 0 } },
  prices: { ...CENT_PRICES, "backup/cent": { input: "0", output: "1400", perRequest: "0.01" } },
  drains: { default: { type: "langfuse" } },
};

let named: Evaluation;
let root: string;
let upstream: Upstream;
let backup: Upstream;
let langfuse: LangfuseEndpoint;
let system: TestSystem;
/** What Langfuse answers instead of taking a span. */
let refusal: ReturnType<Decide>;
const proxies = new Map<string, AwsProxy>();
const secrets: string[] = Object.values(SECRETS);

beforeAll(async () => {
  named = await evaluate({ stage: "local" });
  root = await mkdtemp(join(tmpdir(), "sluice-metrics-"));
  const configFile = join(root, "sluice.config.ts");
  await writeFile(join(root, "package.json"), '{"type":"module"}');
  await writeFile(configFile, `export default ${JSON.stringify(CONFIG)};\n`);
  await build({ configFile, outdir: join(root, "dist") });
  const gateway = join(root, "dist", "gateway");
  const missing = (await readdir(gateway)).find((file) => file.startsWith("sign-request-"));
  if (missing === undefined) throw new Error(`Nothing in ${gateway} signs requests.`);
  await rm(join(gateway, missing));
  upstream = await startUpstream((request, response) => {
    if (!request.body.includes('"stream":true')) {
      void json(chatCompletion(CONTENT))(request, response);
      return;
    }
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(chatChunk(CONTENT));
    response.end(DONE);
  });
  backup = await startUpstream(json(chatCompletion(CONTENT)));
  langfuse = await startLangfuseEndpoint(() => refusal);
  const environment = { SLUICE_LOG_LEVEL: "debug" };
  system = await startSystem(
    {
      ...SECRETS,
      OPENAI_BASE_URL: upstream.baseUrl,
      BACKUP_BASE_URL: backup.baseUrl,
      BROKEN_BASE_URL: backup.baseUrl,
      LANGFUSE_BASE_URL: langfuse.baseUrl,
      LANGFUSE_PUBLIC_KEY: "pk-lf-planted",
    },
    {
      root,
      functions: { gateway: { environment }, flusher: { environment } },
      endpoint: async (service, url) => {
        const proxy = await startAwsProxy(url);
        proxies.set(service, proxy);
        return proxy.url;
      },
    },
  );
  secrets.push(system.key);
}, 400_000);

afterAll(async () => {
  await system.stop();
  await Promise.all([upstream.stop(), backup.stop(), ...[...proxies.values()].map((proxy) => proxy.stop())]);
  await langfuse[Symbol.asyncDispose]();
  await Promise.all([root, named.workDirectory].map((path) => rm(path, { recursive: true })));
});

async function call(body: object, key = system.key): Promise<number> {
  const response = await fetch(`${system.url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json", "x-user-id": CONTENT },
    body: JSON.stringify({ ...CENT_REQUEST, messages: [{ role: "user", content: CONTENT }], ...body }),
  });
  await response.text();
  return response.status;
}

async function keyWith(budget: VirtualKey["budget"]): Promise<string> {
  const client = new DynamoDBClient({ ...CREDENTIALS, endpoint: system.endpoints.dynamodb });
  const secret = newSecret(randomBytes);
  const id = newKeyId(randomBytes);
  await createKeyStore({ client, table: system.table }).create({
    id,
    hash: hashSecret(secret),
    alias: id,
    status: "enabled",
    createdAtMs: Date.now(),
    ...(budget && { budget }),
  });
  client.destroy();
  secrets.push(secret);
  return secret;
}

/** Every metric that the functions have written so far. */
const emitted = (): readonly EmittedMetric[] =>
  system.lines.flatMap((line) => {
    const read = readMetricLine(line);
    return read ? metricsOf(read) : [];
  });

const names = () => emitted().map(({ name }) => name);

async function has(name: string): Promise<void> {
  await expect.poll(names, { timeout: 90_000 }).toContain(name);
}

/** Makes calls until the metric is written: how their messages meet in batches is the machine's affair. */
async function hasAfterCalls(name: string): Promise<void> {
  const afterCall = async () => {
    expect(await call({})).toBe(200);
    return names();
  };
  await expect.poll(afterCall, { timeout: 90_000, interval: 500 }).toContain(name);
}

/** Whether a metric that was written is the one that was named: the same dimensions, with the same values or any. */
const isThe = (one: NamedMetric) => (other: EmittedMetric) =>
  one.namespace === other.namespace &&
  one.name === other.name &&
  Object.keys(one.dimensions).toSorted().join() === Object.keys(other.dimensions).toSorted().join() &&
  Object.entries(one.dimensions).every(([name, value]) =>
    [undefined, other.dimensions[name]].includes(value),
  );

function proxyOf(service: string): AwsProxy {
  const proxy = proxies.get(service);
  if (!proxy) throw new Error(`The functions did not ask for ${service}.`);
  return proxy;
}

it("writes every metric that dashboard and alarms name, and logs no content and no secret, whatever happens", async () => {
  const [sqs, s3, dynamodb] = [proxyOf("sqs"), proxyOf("s3"), proxyOf("dynamodb")];

  // What a good day has.
  expect(await call({ stream: true })).toBe(200);
  await has("TracesDelivered");

  // Two flushers at one account, and a queue that delivers twice.
  let writes = 0;
  dynamodb.instead = (action) =>
    action === "TransactWriteItems" && ++writes % 2 === 1 ? CONFLICT : undefined;
  sqs.times = (action) => (action === "SendMessage" ? 2 : 1);
  await hasAfterCalls("SettleConflicts");
  await hasAfterCalls("DuplicatesSuppressed");
  dynamodb.instead = () => undefined;
  sqs.times = () => 1;

  // Refusals, and budgets.
  expect(await call({}, "sk-sluice-nobody")).toBe(401);
  expect(await call({ model: "nobody-has-a-price" })).toBe(200);
  expect(await call({}, await keyWith({ limit: parseUsd("0.01"), period: "month", mode: "strict" }))).toBe(
    429,
  );
  expect(await call({}, await keyWith({ limit: parseUsd("0.01"), period: "month", mode: "soft" }))).toBe(200);
  expect(await call({ model: "broken/cent" })).toBe(500);
  await has("UnpricedCalls");
  await has("BudgetThresholdReached");

  // A provider that fails, with another to fall back to and without.
  upstream.answer = json({ error: { message: CONTENT } }, 503);
  expect(await call({ model: "flaky" })).toBe(200);
  expect(await call({})).toBe(503);

  // A queue that is away, and then a bucket as well.
  sqs.instead = (action) => (action === "SendMessage" ? AWAY : undefined);
  await call({});
  await has("Spills");
  s3.instead = (action) => (action === "PUT" ? AWAY : undefined);
  await call({});
  await has("LogFallbacks");
  sqs.instead = () => undefined;
  s3.instead = () => undefined;

  // Poison, a drain that refuses a trace, and one that refuses everything.
  const client = new SQSClient({ ...CREDENTIALS, endpoint: system.endpoints.sqs });
  await client.send(new SendMessageCommand({ QueueUrl: system.queueUrl, MessageBody: `poison ${CONTENT}` }));
  client.destroy();
  await has("RecordsParked");
  refusal = { status: 400, body: JSON.stringify({ message: `a bad span: ${CONTENT}` }) };
  await call({});
  await has("TracesRejected");
  refusal = { status: 401 };
  await call({});
  await has("DrainRefused");
  await has("RecordsRetried");
  await system.flusher.invoke(SWEEP_EVENT);
  await has("Unaccounted");

  const all = [...metricsOfAlarms(named), ...metricsOfDashboard(named)];
  const own = all.filter(({ namespace }) => namespace === "Sluice");
  expect(own.length).toBeGreaterThan(60);
  const missing = () => own.filter((one) => !emitted().some(isThe(one)));
  await expect.poll(missing, { timeout: 90_000 }).toEqual([]);

  const dimensions = new Set(emitted().flatMap((metric) => Object.keys(metric.dimensions)));
  expect([...dimensions].toSorted()).toEqual([
    "drain",
    "endpoint",
    "errorKind",
    "provider",
    "refusalKind",
    "stage",
    "thresholdPercent",
  ]);
  const each = new Set(emitted().map(({ name, dimensions: of }) => JSON.stringify([name, of])));
  expect(each.size).toBeLessThan(120);

  const calls = system.lines.filter((line) => line.includes('"A call has ended."'));
  for (const line of calls) {
    expect(line).toMatch(/"requestId":"req_/);
    expect(line).toMatch(/"traceId":"[0-9a-f]{32}"/);
    expect(line).toMatch(/"keyId":"key_/);
  }
  expect(new Set(calls.map((line) => /"requestId":"(\w+)"/.exec(line)?.[1])).size).toBe(calls.length);

  // The one exception holds a whole record, compressed: docs/operations.md, "Logs".
  const lines = system.lines.filter((line) => !line.includes("SLUICE_UNSENT_RECORD"));
  expect(lines.filter((line) => line.includes('"level":"debug"')).length).toBeGreaterThan(10);
  for (const planted of [CONTENT, ...secrets]) {
    expect(lines.filter((line) => line.includes(planted))).toEqual([]);
  }
}, 400_000);

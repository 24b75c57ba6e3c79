import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { CreateSecretCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import {
  createAccountStore,
  createDeadLetters,
  createDeliveryLedger,
  createSettlementStore,
} from "@sluice/aws";
import { encodeSpan, exportBody } from "@sluice/langfuse";
import { type AccountRef, bucketFor, periodAt } from "@sluice/ledger";
import { type Picodollars, parseUsd } from "@sluice/prices";
import { newSpanId, newTraceId, parseSpanId, parseTraceId } from "@sluice/trace";
import type { Command } from "commander";
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { createProgram } from "../../../packages/cli/src/program.ts";
import type { Terminal } from "../../../packages/cli/src/run.ts";
import { startSecretsManager } from "../../../packages/local/src/secrets-manager/server.ts";
import { startSink } from "../../../packages/local/src/sink/server.ts";
import {
  type CommandLine,
  commandLine,
  NOON_MS,
  recordStores,
  writeEndpointsFile,
} from "../../support/cli.ts";
import { seededRandom } from "../../support/delivery.ts";
import { makeHealthy } from "../../support/healthy-stores.ts";
import { chatRecord, messageBody } from "../../support/records.ts";

const DOCUMENT = join(import.meta.dirname, "../../../docs/cli.md");
const EXAMPLES = /^```console\n([\s\S]*?)^```$/gm;
const PROMPT = "$ npx sluice ";

/** The words of a command line, as a shell takes them. */
function words(line: string): readonly string[] {
  return [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(([, single, double, bare]) =>
    String(single ?? double ?? bare),
  );
}

/** What a gateway and a flusher would have done with the key by then. */
async function useKey(cli: CommandLine, alias: string): Promise<void> {
  const { id, tenant = "" } = await cli.json<{ id: string; tenant?: string }>("keys", "show", alias);
  const nowMs = () => cli.nowMs;
  const options = { client: cli.client, table: cli.table, nowMs, wait: async () => {}, random: Math.random };
  const periodId = periodAt("month", cli.nowMs).id;
  const accounts: readonly AccountRef[] = [
    { owner: { kind: "key", id }, periodId },
    { owner: { kind: "tenant", id: tenant }, periodId },
  ];
  const tokens = { inputTokens: 41_200, outputTokens: 9_350 };
  const settled = (callId: string, model: string, cost: Picodollars) => {
    return { callId, accounts, holds: [], cost, model, ...tokens };
  };
  await createSettlementStore(options).settle({
    accounts,
    settlements: [
      settled("1", "anthropic/claude-opus-4-1", parseUsd("12.375")),
      settled("2", "openai/gpt-4o-mini", parseUsd("0.011790")),
    ],
  });
  const store = createAccountStore(options);
  const [account] = accounts;
  if (!account) throw new Error("The key has no account.");
  await store.reserve(
    { account, bucket: bucketFor(cli.nowMs + 900_000), amount: parseUsd("1.25") },
    parseUsd("25"),
  );
  await store.claimAnnouncement(account, 50);
}

/** Ids that SQS draws. */
const MESSAGE_ID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;
const SHOWN_MESSAGE_ID = "3f0c1a52-7a10-4c0e-9f6b-5d1f0c9b8e21";

/** What a flusher and a gateway would have left behind in a bad hour. */
async function leaveBehind({ sqs, deadLetterQueueUrl, bucket }: Awaited<ReturnType<typeof recordStores>>) {
  const body = messageBody(chatRecord());
  await createDeadLetters(sqs, deadLetterQueueUrl)(body, "langfuse: HTTP 400 (invalid id)");
  await bucket.put("spill/2026-11-21/req_1", Buffer.from(body));
}

const KEYS = { publicKey: "pk-lf-local", secretKey: "sk-lf-local" };

/** Calls that a flusher would have delivered by then: one went to its second target, one was refused. */
function deliveredCalls(): Uint8Array {
  const random = seededRandom(7);
  const bytes = (count: number) => Uint8Array.from({ length: count }, () => Math.floor(random() * 256));
  const metadata = (fields: Record<string, string | number>) =>
    Object.fromEntries(
      Object.entries(fields).map(([name, value]) => [`langfuse.observation.metadata.${name}`, value]),
    );
  const call = (request: string, fields: Record<string, string | number>) => ({
    "langfuse.observation.type": "generation",
    ...metadata({ request_id: `req_${request}`, endpoint: "chat.completions", ...fields }),
  });
  const shown = parseTraceId("4bf92f3577b34da6a3ce929d0e0e4736") ?? newTraceId(bytes);
  const root = parseSpanId("00f067aa0ba902b7") ?? newSpanId(bytes);
  const at = (ms: number) => ({ startedAtMs: NOON_MS + ms, endedAtMs: NOON_MS + ms });
  return exportBody([
    encodeSpan({
      ...at(0),
      traceId: newTraceId(bytes),
      spanId: newSpanId(bytes),
      name: "chat gpt-4o-mini",
      endedAtMs: NOON_MS + 730,
      attributes: {
        ...call("0a7e5c8f1d2b4f60a1b2c3d4e5f60718", {
          key_alias: "ci",
          provider: "openai",
          http_status: 200,
          duration_ms: 730,
        }),
        "langfuse.observation.model.name": "gpt-4o-mini",
        "langfuse.observation.usage_details": '{"input":120,"output":48,"total":168}',
        "langfuse.observation.cost_details": '{"total":0.0000468}',
      },
    }),
    encodeSpan({
      ...at(2000),
      traceId: newTraceId(bytes),
      spanId: newSpanId(bytes),
      name: "chat gpt-5",
      endedAtMs: NOON_MS + 2004,
      error: "budget_exceeded",
      attributes: {
        ...call("5b3d9e7a6c1f42d8b0e9f8a7b6c5d4e3", { key_alias: "ci", duration_ms: 4 }),
        "langfuse.observation.level": "ERROR",
        "langfuse.observation.status_message": "budget_exceeded: The budget of this key is used up.",
        "langfuse.observation.model.name": "gpt-5",
      },
    }),
    encodeSpan({
      ...at(4000),
      traceId: shown,
      spanId: root,
      name: "chat claude-haiku-4-5",
      endedAtMs: NOON_MS + 6400,
      attributes: {
        ...call("15cf446faff2d70bad2ec0383e2aad7a", {
          key_alias: "shop",
          provider: "bedrock",
          http_status: 200,
          duration_ms: 2400,
          finish_reason: "stop",
        }),
        "langfuse.trace.name": "support",
        "user.id": "ada",
        "langfuse.observation.model.name": "claude-haiku-4-5",
        "langfuse.observation.completion_start_time": new Date(NOON_MS + 5200).toISOString(),
        "langfuse.observation.usage_details":
          '{"input":310,"input_cached_tokens":1024,"output":96,"total":1430}',
        "langfuse.observation.cost_details": '{"total":0.0008924}',
        "langfuse.observation.input": '{"messages":[{"role":"user","content":"Where is my parcel?"}]}',
        "langfuse.observation.output": '{"role":"assistant","content":"On its way."}',
      },
    }),
    encodeSpan({
      ...at(4000),
      traceId: shown,
      spanId: newSpanId(bytes),
      parentSpanId: root,
      name: "attempt 1 anthropic",
      endedAtMs: NOON_MS + 4600,
      error: "HTTP 529",
      attributes: {
        "langfuse.observation.type": "span",
        ...metadata({
          request_id: "req_15cf446faff2d70bad2ec0383e2aad7a",
          attempt: 1,
          provider: "anthropic",
          http_status: 529,
        }),
        "langfuse.observation.level": "ERROR",
        "langfuse.observation.status_message": "overloaded_error: Overloaded",
      },
    }),
  ]);
}

/** Starts a sink with these calls, and a Secrets Manager with the keys that `npm start` stores; says where they are. */
async function surroundings() {
  const sink = await startSink({ keys: KEYS });
  const secrets = await startSecretsManager({});
  const client = new SecretsManagerClient({
    endpoint: secrets.url,
    region: "us-east-1",
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
  });
  onTestFinished(async () => {
    client.destroy();
    await secrets.close();
    await sink.close();
  });
  const names = ["openai", "anthropic", "bedrock", "gemini", "azure", "vertex", "house"];
  for (const [name, members] of [
    ["providers", Object.fromEntries(names.map((provider) => [provider, "local"]))],
    ["drains", { default: KEYS }],
  ] as const) {
    const SecretString = JSON.stringify(members);
    await client.send(new CreateSecretCommand({ Name: `sluice/local/${name}`, SecretString }));
  }
  const authorization = `Basic ${Buffer.from(`${KEYS.publicKey}:${KEYS.secretKey}`).toString("base64")}`;
  await fetch(`${sink.url}/api/public/otel/v1/traces`, {
    method: "POST",
    headers: { authorization, "content-type": "application/json" },
    body: Buffer.from(deliveredCalls()),
  });
  return { langfuseUrl: sink.url, secretsManager: secrets.url };
}

/** What a flusher would have counted by then. */
async function countCalls({ client, table, nowMs }: CommandLine): Promise<void> {
  const options = { client, table, nowMs: () => nowMs, random: () => 0, wait: async () => {} };
  const deliveries = createDeliveryLedger(options);
  const ids = Array.from({ length: 128 }, (_, at) => `call-${at}`);
  await deliveries.take(
    ids.map((callId) => ({ callId, messageId: callId, dead: false, seenBefore: false })),
    nowMs,
  );
  await deliveries.markDelivered(
    ids.slice(1).map((callId) => {
      return { callId, drains: ["langfuse"], dead: false, complete: true, leaseUntilMs: nowMs };
    }),
  );
  await deliveries.markParked([{ callId: "call-0", messageId: "call-0", leaseUntilMs: nowMs }]);
}

/** The document with the output that its examples have now. */
async function withOutputs(document: string, cli: CommandLine): Promise<string> {
  let result = document;
  for (const [block, examples = ""] of document.matchAll(EXAMPLES)) {
    let outputs = "";
    for (const line of examples.split("\n").filter((text) => text.startsWith(PROMPT))) {
      cli.nowMs += 60_000;
      vi.setSystemTime(cli.nowMs);
      const { stdout, stderr } = await cli.run(...words(line.slice(PROMPT.length)));
      outputs += `${outputs && "\n"}${line}\n${stdout}${stderr}`.replaceAll(MESSAGE_ID, SHOWN_MESSAGE_ID);
      if (line.includes("--alias shop")) await useKey(cli, "shop");
    }
    // Replaced by a function, since the text may have a `$&` in it.
    result = result.replace(block, () => `\`\`\`console\n${outputs}\`\`\``);
  }
  return result;
}

function commandsOf(command: Command, before: readonly string[] = []): readonly string[] {
  if (command.commands.length === 0) return [before.join(" ")];
  return command.commands.flatMap((child) => commandsOf(child, [...before, child.name()]));
}

afterEach(() => {
  vi.useRealTimers();
});

describe("docs/cli.md", () => {
  it("shows what the commands really print (npx vitest run -u writes it anew)", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: NOON_MS });
    const stores = await recordStores();
    const cli = await commandLine({}, stores.server);
    await makeHealthy(cli, stores);
    await writeEndpointsFile(
      cli.dataDirectory,
      cli.dynamodb.url,
      process.pid,
      stores.server,
      await surroundings(),
    );
    await leaveBehind(stores);
    await countCalls(cli);
    const document = await readFile(DOCUMENT, "utf8");
    await expect(await withOutputs(document, cli)).toMatchFileSnapshot(DOCUMENT);
  });

  it("has an example of every command", async () => {
    const document = await readFile(DOCUMENT, "utf8");
    const missing = commandsOf(createProgram({} as Terminal)).filter(
      (name) => !document.includes(`${PROMPT}${name} `),
    );
    expect(missing).toEqual([]);
  });
});

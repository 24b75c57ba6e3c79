/** The local system inside the storm: bundles with the storm's config, and a proxy in front of every service. */
import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import {
  type ChangeMessageVisibilityBatchRequest,
  type GetQueueAttributesResult,
  type SendMessageBatchRequest,
  SetQueueAttributesCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { createAccountStore, createDeliveryCounts, createKeyStore, depthOf } from "@sluice/aws";
import { type Reconciliation, readReconciliation } from "@sluice/flusher";
import { hashSecret, newKeyId, newSecret } from "@sluice/keys";
import { type AccountRef, type AccountStore, type BudgetPolicy, periodAt } from "@sluice/ledger";
import { parseUsd } from "@sluice/prices";
import type { LocalOptions } from "../../../packages/local/src/index.ts";
import { build } from "../../../scripts/build.ts";
import { CENT_PRICES } from "../../support/cent-model.ts";
import { startSystem, type TestSystem } from "../../support/system.ts";
import { type Evidence, ledgerWritesOf } from "./evidence.ts";
import {
  type AwsAnswer,
  type AwsRequest,
  type Fate,
  type FaultProxy,
  type ProxyBehaviour,
  startFaultProxy,
} from "./fault-proxy.ts";
import { tellingMemory } from "./memory.ts";
import { createRedelivery, type Redelivery } from "./redelivery.ts";
import type { StormKeys } from "./rotation.ts";
import { dynamodbFate, pollerFate, s3Fate, secretsFate, sqsFate, type Weather } from "./weather.ts";

/** A protection that the storm can be run without, to see that it notices. */
export const PROTECTIONS = ["hold-back", "switch", "ledger", "spill", "bisect"] as const;

/** Its name. */
export type Protection = (typeof PROTECTIONS)[number];

/** Time limit of the gateway, seconds: the switch arrives so long after a call began. */
const GATEWAY_SECONDS = 6;
/** Time limit of the flusher, ms, which is also how long a call is one flusher's. It keeps 20 seconds of it free. */
const FLUSHER_MS = 27_000;
/**
 * When what a flusher has in hand comes back, seconds: in a deployment half an hour, far beyond its time limit; here so soon
 * that one that stands still misses it.
 */
const VISIBILITY_SECONDS = 8;
/** Messages of a batch: as many as are done before they are visible again, also on a busy machine. In a deployment: 1,000. */
const BATCH_SIZE = 100;
/** How long a batch is gathered, seconds. In a deployment: five. */
const BATCH_WINDOW_SECONDS = 1;
/** How often a process tells of its memory, ms: a collection takes some thirty of them. */
const MEMORY_EVERY_MS = 10_000;
/** Longest time after which a message comes back that a flusher put off, seconds. In a deployment: two hours. */
const LONGEST_PUT_OFF_SECONDS = { least: 4, most: 60 };
/** That, as a share of the storm: what is put off during the long outage is asked for some ten times. */
const PUT_OFF_SHARE = 1 / 30;

/** A key of the storm. */
export interface StormKey {
  readonly secret: string;
  /** Of a strict budget, picodollars. */
  readonly limit?: bigint;
  readonly account: AccountRef;
}

/** The running system. */
export interface StormSystem {
  readonly system: TestSystem;
  /** After so long a message that is worked on is visible again, ms. */
  readonly visibilityMs: number;
  /** By name. */
  readonly keys: ReadonlyMap<string, StormKey>;
  readonly redelivery: Redelivery;
  /** Compares the counts of the ledger of delivery with the queue, as `sluice queue status` does. */
  readonly reconcile: () => Promise<Reconciliation>;
  /** The accounts, read past the functions. */
  readonly accounts: AccountStore;
  stop(): Promise<void>;
}

/** What the system is started with. */
export interface StormSystemOptions {
  readonly openAiUrl: string;
  readonly langfuseUrl: string;
  readonly clients: number;
  readonly durationMs: number;
  /** The first keys of provider and Langfuse. */
  readonly keys: StormKeys;
  readonly random: () => number;
  /** Gets the outcome of each invocation. */
  readonly onOutcome: NonNullable<LocalOptions["onOutcome"]>;
  /** Asked anew for each request, so that the storm may begin when everything runs. */
  readonly weather: () => Weather;
  readonly evidence: Evidence;
  readonly without: Protection | undefined;
}

const nowMs = () => Date.now();
const CREDENTIALS = { accessKeyId: "local", secretAccessKey: "local" };

/** Builds and starts it. */
export async function startStormSystem(options: StormSystemOptions): Promise<StormSystem> {
  const root = await mkdtemp(join(tmpdir(), "sluice-storm-"));
  const configFile = join(root, "sluice.config.ts");
  const config = {
    providers: { openai: {} },
    prices: CENT_PRICES,
    delivery: options.without === "hold-back" ? "fast" : "durable",
    deadMansSwitch: options.without !== "switch",
  };
  await writeFile(join(root, "package.json"), '{"type":"module"}');
  await writeFile(configFile, `export default ${JSON.stringify(config)};\n`);
  await build({ configFile, outdir: join(root, "dist") });

  const proxies: FaultProxy[] = [];
  const putThrough = async (url: string, behaviour: ProxyBehaviour) => {
    const proxy = await startFaultProxy(url, behaviour);
    proxies.push(proxy);
    return proxy.url;
  };
  const behaviours = createBehaviours(options);
  const redelivery = createRedelivery(options.weather, options.random);
  const system = await startSystem(
    {
      OPENAI_BASE_URL: options.openAiUrl,
      OPENAI_API_KEY: options.keys.current("provider"),
      LANGFUSE_BASE_URL: options.langfuseUrl,
      LANGFUSE_PUBLIC_KEY: "pk-lf-storm",
      LANGFUSE_SECRET_KEY: options.keys.current("langfuse"),
      SLUICE_TIMEOUT_SECONDS: String(GATEWAY_SECONDS),
    },
    {
      root,
      // As in a deployment, batches are gathered: with a batch for each receive, four flushers could not keep up.
      batchWindowSeconds: BATCH_WINDOW_SECONDS,
      batchSize: BATCH_SIZE,
      functions: {
        flusher: { ...tellingMemory(MEMORY_EVERY_MS), timeoutMs: FLUSHER_MS },
        gateway: { ...tellingMemory(MEMORY_EVERY_MS), maxConcurrency: options.clients + 4 },
      },
      endpoint: (service, url) => putThrough(url, behaviours[service]),
      pollerEndpoint: (url) =>
        putThrough(url, {
          fateOf: (request) => pollerFate(options.weather(), request),
          rewriteAnswer: ({ action }, answer) =>
            action === "ReceiveMessage" ? redelivery.deliver(answer) : answer,
        }),
      onOutcome: options.onOutcome,
    },
  );
  const sqs = new SQSClient({
    endpoint: system.endpoints.sqs,
    region: "us-east-1",
    credentials: CREDENTIALS,
    useQueueUrlAsEndpoint: false,
  });
  const Attributes = { VisibilityTimeout: String(VISIBILITY_SECONDS) };
  await sqs.send(new SetQueueAttributesCommand({ QueueUrl: system.queueUrl, Attributes }));

  const dynamodb = new DynamoDBClient({
    endpoint: system.endpoints.dynamodb,
    region: "us-east-1",
    credentials: CREDENTIALS,
  });
  const keyStore = createKeyStore({ client: dynamodb, table: system.table });
  const createKey = async (budget?: BudgetPolicy): Promise<StormKey> => {
    const secret = newSecret(randomBytes);
    const id = newKeyId(randomBytes);
    await keyStore.create({
      id,
      hash: hashSecret(secret),
      alias: id,
      status: "enabled",
      createdAtMs: Date.now(),
      ...(budget && { budget }),
    });
    const periodId = periodAt(budget?.period ?? "month", Date.now()).id;
    return {
      secret,
      account: { owner: { kind: "key", id }, periodId },
      ...(budget?.mode === "strict" && { limit: budget.limit }),
    };
  };
  const budget = (limit: string, mode: BudgetPolicy["mode"]): BudgetPolicy => ({
    period: "none",
    mode,
    limit: parseUsd(limit),
  });
  return {
    system,
    visibilityMs: VISIBILITY_SECONDS * 1000,
    redelivery,
    reconcile: () =>
      readReconciliation({
        counts: createDeliveryCounts({ client: dynamodb, table: system.table, nowMs }),
        depth: () => depthOf(sqs, system.queueUrl),
        nowMs,
      }),
    keys: new Map([
      ["no budget", await createKey()],
      ["strict", await createKey(budget("100000", "strict"))],
      ["strict and small", await createKey(budget("1", "strict"))],
      ["soft", await createKey(budget("100000", "soft"))],
    ]),
    accounts: createAccountStore({
      client: dynamodb,
      table: system.table,
      nowMs,
      wait: () => Promise.resolve(),
      random: () => 0.5,
    }),
    async stop() {
      dynamodb.destroy();
      sqs.destroy();
      await system.stop();
      await Promise.all(proxies.map((proxy) => proxy.stop()));
      await rm(root, { recursive: true, force: true });
    },
  };
}

function createBehaviours({
  weather,
  evidence,
  without,
  durationMs,
}: StormSystemOptions): Readonly<Record<"dynamodb" | "s3" | "secretsManager" | "sqs", ProxyBehaviour>> {
  const watched = (fate: Fate, request: AwsRequest, fault: (request: AwsRequest) => void) => {
    if (fate.kind !== "pass" || fate.afterMs !== undefined) fault(request);
    return fate;
  };
  return {
    sqs: {
      fateOf: (request) => watched(sqsFate(weather()), request, evidence.sendFault),
      rewrite: (request) => putOffLess(request, durationMs),
      rewriteAnswer: ({ action }, answer) =>
        action === "GetQueueAttributes" && weather().strikes("sqs hides too many")
          ? manyInFlight(answer)
          : answer,
      done: evidence.sqs,
    },
    s3: {
      fateOf: (request) => {
        // Said to be stored, and forgotten: a gateway without the spill.
        const spills = request.action === "PUT" && request.path.includes("/spill/");
        if (without === "spill" && spills) return { kind: "instead", status: 200, body: "" };
        return watched(s3Fate(weather()), request, evidence.sendFault);
      },
      done: evidence.s3,
    },
    dynamodb: {
      fateOf: (request) => watched(dynamodbFate(weather(), request), request, evidence.dynamodbFault),
      done: evidence.dynamodb,
      rewriteAnswer: (request, answer) =>
        // Answered with nothing, each taking seems to be the first.
        without === "ledger" && ledgerWritesOf(request).length > 0
          ? { status: 200, body: Buffer.from("{}") }
          : answer,
    },
    secretsManager: { fateOf: () => secretsFate(weather()) },
  };
}

/** Waits of hours are no use in a storm of minutes. What is sent afresh to wait comes once before its time, as in a long wait. */
function putOffLess({ action, body }: AwsRequest, durationMs: number): Buffer {
  const { least, most } = LONGEST_PUT_OFF_SECONDS;
  const longest = Math.round(Math.min(most, Math.max(least, (durationMs / 1000) * PUT_OFF_SHARE)));
  if (action === "ChangeMessageVisibilityBatch") {
    const request = JSON.parse(body.toString()) as ChangeMessageVisibilityBatchRequest;
    const Entries = request.Entries?.map(({ VisibilityTimeout = 0, ...entry }) => ({
      ...entry,
      VisibilityTimeout: Math.min(longest, VisibilityTimeout),
    }));
    return Buffer.from(JSON.stringify({ ...request, Entries }));
  }
  if (action === "SendMessageBatch") {
    const request = JSON.parse(body.toString()) as SendMessageBatchRequest;
    const latestAtMs = Date.now() + 1.5 * longest * 1000;
    const Entries = request.Entries?.map(({ DelaySeconds = 0, MessageAttributes, ...entry }) => {
      const dueAtMs = Math.round(Math.min(latestAtMs, Number(MessageAttributes?.["dueAtMs"]?.StringValue)));
      return {
        ...entry,
        DelaySeconds: Math.min(longest, DelaySeconds),
        MessageAttributes: {
          ...MessageAttributes,
          dueAtMs: { DataType: "Number", StringValue: String(dueAtMs) },
        },
      };
    });
    return Buffer.from(JSON.stringify({ ...request, Entries }));
  }
  return body;
}

/** The queue's depth as it is when much more is put off than a storm can bring together. */
function manyInFlight({ status, body }: AwsAnswer): AwsAnswer {
  if (status !== 200) return { status, body };
  const { Attributes } = JSON.parse(body.toString()) as GetQueueAttributesResult;
  const ApproximateNumberOfMessagesNotVisible = "100000";
  return {
    status,
    body: Buffer.from(
      JSON.stringify({ Attributes: { ...Attributes, ApproximateNumberOfMessagesNotVisible } }),
    ),
  };
}

/** A local system for tests of budgets: bundles of its own with the cent model's prices, and every record three times. */

import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { GetQueueAttributesCommand, SetQueueAttributesCommand, SQSClient } from "@aws-sdk/client-sqs";
import { createAccountStore, createKeyStore } from "@sluice/aws";
import { hashSecret, newKeyId, newSecret, type VirtualKey, type VirtualKeySecret } from "@sluice/keys";
import { type AccountRef, type AccountStore, type AccountTotals, periodAt } from "@sluice/ledger";
import type { LocalOptions } from "../../packages/local/src/index.ts";
import { build } from "../../scripts/build.ts";
import { type AwsProxy, startAwsProxy } from "./aws-proxy.ts";
import { CENT_PRICES } from "./cent-model.ts";
import { startSystem, type TestSystem } from "./system.ts";

/** A key of the system. */
export interface SystemKey {
  readonly secret: VirtualKeySecret;
  /** Its account in the present period. */
  readonly account: AccountRef;
}

/** The running system. */
export interface BudgetSystem {
  readonly system: TestSystem;
  /** Between the functions and SQS. */
  readonly sqs: AwsProxy;
  /** The accounts, read past the functions. */
  readonly accounts: AccountStore;
  /** The accounts as they will stand after a time, ms. */
  accountsIn(laterMs: number): AccountStore;
  createKey(fields: Partial<VirtualKey>): Promise<SystemKey>;
  /** Calls the model, again while all gateways are busy; an answer with status 200 is read to its end. */
  call(key: SystemKey, body: object): Promise<Response>;
  stop(): Promise<void>;
}

/** How it differs from a system as it is deployed. */
export interface BudgetSystemSetup {
  readonly env?: Readonly<Record<string, string>>;
  readonly options?: Partial<LocalOptions>;
  /** How often each record is delivered. Default 1. */
  readonly deliveries?: number;
  /** See the config's `budgets.settlementGraceMs`. */
  readonly settlementGraceMs?: number;
  /** How soon the queue gives a message out again that nobody has finished, seconds. Default 2. */
  readonly visibilityTimeoutSeconds?: number;
}

const CREDENTIALS = { accessKeyId: "local", secretAccessKey: "local" };

/** Builds the bundles and starts the system. */
export async function startBudgetSystem(setup: BudgetSystemSetup): Promise<BudgetSystem> {
  const { deliveries = 1, settlementGraceMs = 300_000, visibilityTimeoutSeconds = 2 } = setup;
  const root = await mkdtemp(join(tmpdir(), "sluice-budgets-"));
  const configFile = join(root, "sluice.config.ts");
  const config = { providers: { openai: {} }, prices: CENT_PRICES, budgets: { settlementGraceMs } };
  await writeFile(join(root, "package.json"), '{"type":"module"}');
  await writeFile(configFile, `export default ${JSON.stringify(config)};\n`);
  await build({ configFile, outdir: join(root, "dist") });

  const proxies: AwsProxy[] = [];
  const system = await startSystem(setup.env, {
    root,
    ...setup.options,
    functions: {
      // Nobody else works on a call until the function's time, less 20 seconds, is over: three seconds here.
      flusher: { timeoutMs: 23_000 },
      ...setup.options?.functions,
    },
    endpoint: async (service, url) => {
      if (service !== "sqs") return url;
      const proxy = await startAwsProxy(url);
      proxy.times = (action) => (action === "SendMessage" ? deliveries : 1);
      // What a flusher puts off comes back as soon as what a killed one had in hand.
      proxy.instead = (action) =>
        action === "ChangeMessageVisibilityBatch"
          ? { status: 200, body: '{"Successful":[],"Failed":[]}' }
          : undefined;
      proxies.push(proxy);
      return proxy.url;
    },
  });
  const [sqs] = proxies;
  if (!sqs) throw new Error("The functions did not ask for SQS.");
  await giveOutAgainAfter(system, visibilityTimeoutSeconds);

  const client = new DynamoDBClient({
    endpoint: system.endpoints.dynamodb,
    region: "us-east-1",
    credentials: CREDENTIALS,
  });
  const keys = createKeyStore({ client, table: system.table });
  const accountsIn = (laterMs: number) =>
    createAccountStore({
      client,
      table: system.table,
      nowMs: () => Date.now() + laterMs,
      wait: (ms) => sleep(ms),
      random: () => Math.random(),
    });
  return {
    system,
    sqs,
    accounts: accountsIn(0),
    accountsIn,
    async createKey(fields) {
      const secret = newSecret(randomBytes);
      const id = newKeyId(randomBytes);
      await keys.create({
        id,
        hash: hashSecret(secret),
        alias: id,
        status: "enabled",
        createdAtMs: Date.now(),
        ...fields,
      });
      const periodId = periodAt(fields.budget?.period ?? "month", Date.now()).id;
      return { secret, account: { owner: { kind: "key", id }, periodId } };
    },
    async call({ secret }, body) {
      for (;;) {
        const response = await fetch(`${system.url}/v1/chat/completions`, {
          method: "POST",
          headers: { authorization: `Bearer ${secret}`, "content-type": "application/json" },
          body: JSON.stringify(body),
        });
        // The function's own concurrency limit, which every client of a function URL has to wait out.
        const throttled = response.headers.get("x-amzn-errortype") === "TooManyRequestsException";
        if (throttled || response.status === 200) await response.arrayBuffer();
        if (!throttled) return response;
        await sleep(10);
      }
    },
    async stop() {
      client.destroy();
      await system.stop();
      await Promise.all(proxies.map((proxy) => proxy.stop()));
      await rm(root, { recursive: true, force: true });
    },
  };
}

/** What a killed flusher had in hand comes back after half an hour in a deployment; a test cannot wait for that. */
async function giveOutAgainAfter(system: TestSystem, seconds: number): Promise<void> {
  const client = new SQSClient({
    endpoint: system.endpoints.sqs,
    region: "us-east-1",
    credentials: CREDENTIALS,
  });
  const Attributes = { VisibilityTimeout: String(seconds) };
  await client.send(new SetQueueAttributesCommand({ QueueUrl: system.queueUrl, Attributes }));
  client.destroy();
}

/** Resolves when the queue has no message any more, none in hand either. Throws when that takes longer than `withinMs`. */
export async function queueIsEmpty({ system }: BudgetSystem, withinMs: number): Promise<void> {
  const client = new SQSClient({
    endpoint: system.endpoints.sqs,
    region: "us-east-1",
    credentials: CREDENTIALS,
  });
  const command = new GetQueueAttributesCommand({
    QueueUrl: system.queueUrl,
    AttributeNames: ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
  });
  const untilMs = Date.now() + withinMs;
  for (;;) {
    const { Attributes = {} } = await client.send(command);
    if (Object.values(Attributes).every((count) => count === "0")) break;
    if (Date.now() > untilMs) throw new Error(`The queue still has ${JSON.stringify(Attributes)}.`);
    await sleep(200);
  }
  client.destroy();
}

/** Looks at an account as fast as it can until it is told to stop; resolves to the most that was ever committed. */
export function watchAccount(accounts: AccountStore, account: AccountRef) {
  const watch = { over: false, looks: 0, most: 0n };
  const watching = (async () => {
    while (!watch.over) {
      const { spent, reserved } = await accounts.read(account);
      if (spent + reserved > watch.most) watch.most = spent + reserved;
      watch.looks += 1;
    }
  })();
  return async (): Promise<{ readonly most: bigint; readonly looks: number }> => {
    watch.over = true;
    await watching;
    return watch;
  };
}

/** Kills one of the flusher's processes with SIGKILL every now and then, until it is told to stop. */
export function killFlushers({ flusher }: TestSystem, random: () => number, everyMs: number) {
  const stopping = new AbortController();
  const state = { kills: 0, busy: 0 };
  const killing = (async () => {
    while (!stopping.signal.aborted) {
      await sleep(random() * 2 * everyMs, undefined, { signal: stopping.signal }).catch(() => undefined);
      const running = flusher.environments;
      const victim = running[Math.floor(random() * running.length)];
      if (!victim || stopping.signal.aborted) continue;
      state.kills += 1;
      if (victim.state === "busy") state.busy += 1;
      await victim.kill();
    }
  })();
  return async (): Promise<{ readonly kills: number; readonly busy: number }> => {
    stopping.abort();
    await killing;
    return state;
  };
}

/** Resolves once as many calls are settled as that. */
export async function settled(
  accounts: AccountStore,
  account: AccountRef,
  requests: number,
  withinMs: number,
): Promise<AccountTotals> {
  const untilMs = Date.now() + withinMs;
  for (;;) {
    const totals = await accounts.read(account);
    if (totals.requests >= requests || Date.now() > untilMs) return totals;
    await sleep(50);
  }
}

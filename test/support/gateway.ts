/** The gateway behind a real HTTP server, with stores in memory that a test can look into and disturb. */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { SluiceConfig } from "@sluice/config";
import { parseConfig } from "@sluice/config/schema";
import {
  AnswerBrokenOff,
  createGateway,
  createUpstreamCaller,
  type FinishedCall,
  type GoogleAccessToken,
  type Outbox,
  type SignRequest,
} from "@sluice/gateway";
import {
  hashSecret,
  newKeyId,
  newSecret,
  type Tenant,
  type VirtualKey,
  type VirtualKeySecret,
} from "@sluice/keys";
import type { AccountStore, RateStore } from "@sluice/ledger";
import { loadCatalogue } from "@sluice/prices";
import {
  decodeMessage,
  decodeRecord,
  type ExchangeRecord,
  type OpenedRecord,
  type PackedRecord,
  type TraceRecord,
} from "@sluice/trace";
import { memoryAccounts, memoryRates } from "./ledger.ts";

/** What a test sets up. */
export interface GatewaySetup {
  readonly config: SluiceConfig;
  /** The providers' API keys, by provider; a test may change them while the gateway runs. */
  readonly apiKeys?: Record<string, string>;
  readonly key?: Partial<VirtualKey>;
  /** Where records go, instead of only into `records`. */
  readonly send?: (record: PackedRecord) => Promise<unknown>;
  /** Where dead man's switches go, before they are in `switches`. */
  readonly arm?: Outbox["send"];
  readonly tenant?: Tenant;
  readonly accounts?: AccountStore;
  readonly rates?: RateStore;
  readonly signRequest?: SignRequest;
  readonly googleAccessToken?: GoogleAccessToken;
  /** How the gateway waits between two tries. Default: not at all. */
  readonly wait?: (ms: number) => Promise<void>;
  readonly findByHash?: () => Promise<VirtualKey | undefined>;
  readonly findTenant?: () => Promise<Tenant | undefined>;
  /** The gateway's clock, Unix time in ms. Default: the machine's. */
  readonly nowMs?: () => number;
  readonly timeoutMs?: number;
}

/** The running gateway. */
export interface TestGateway {
  readonly url: string;
  /** A virtual key that it accepts. */
  readonly secret: VirtualKeySecret;
  /** Every record that was sent, decoded. */
  readonly records: ExchangeRecord[];
  /** Every dead man's switch that was armed, with the delay of its message. */
  readonly switches: { readonly record: OpenedRecord; readonly delaySeconds: number | undefined }[];
  /** The invocation of each call: settled when the function has nothing left to do. */
  readonly invocations: Promise<unknown>[];
  /** What was told of each call that has ended. */
  readonly finished: readonly FinishedCall[];
  readonly logLines: { readonly message: string; readonly fields: Readonly<Record<string, unknown>> }[];
  stop(): Promise<void>;
}

/** Starts a gateway on a free port of the loopback interface. */
export async function startGateway(setup: GatewaySetup): Promise<TestGateway> {
  const secret = newSecret(randomBytes);
  const key: VirtualKey = {
    id: newKeyId(randomBytes),
    hash: hashSecret(secret),
    alias: "test",
    status: "enabled",
    createdAtMs: 0,
    ...setup.key,
  };
  const nowMs = setup.nowMs ?? (() => Date.now());
  const apiKeys = setup.apiKeys ?? { openai: "sk-provider" };
  const records: ExchangeRecord[] = [];
  const switches: TestGateway["switches"] = [];
  const logLines: TestGateway["logLines"] = [];
  const finished: FinishedCall[] = [];
  const invocations: TestGateway["invocations"] = [];
  const log = (message: string, fields: Readonly<Record<string, unknown>>) => {
    logLines.push({ message, fields });
  };
  let cachedKeys = { ...apiKeys };
  const ledger = { accounts: setup.accounts ?? memoryAccounts(), rates: setup.rates ?? memoryRates() };
  const gateway = createGateway(parseConfig(setup.config), {
    keys: {
      findByHash:
        setup.findByHash ?? (async (hash) => await Promise.resolve(hash === key.hash ? key : undefined)),
      findTenant: setup.findTenant ?? (async () => await Promise.resolve(setup.tenant)),
    },
    credentials: {
      apiKey: async (provider) => await Promise.resolve(cachedKeys[provider]),
      refreshedApiKey: async (provider) => {
        cachedKeys = { ...apiKeys };
        return await Promise.resolve(cachedKeys[provider]);
      },
    },
    outbox: {
      async send(packed, options) {
        const record = unpack(packed);
        if (record.kind === "opened") {
          await setup.arm?.(packed, options);
          switches.push({ record, delaySeconds: options?.delaySeconds });
          return undefined;
        }
        const sent = await setup.send?.(packed);
        records.push(record);
        return sent === "spilled" ? "spilled" : undefined;
      },
    },
    loadLedger: async () => await Promise.resolve(ledger),
    loadPrices: () => loadCatalogue(setup.config.prices),
    callUpstream: createUpstreamCaller(),
    signRequest:
      setup.signRequest ?? (async () => await Promise.reject(new Error("Nothing is to be signed."))),
    googleAccessToken:
      setup.googleAccessToken ?? (async () => await Promise.reject(new Error("No token is to be made."))),
    log: { error: log, warn: log },
    nowMs,
    random: randomBytes,
    wait: setup.wait ?? (async () => await Promise.resolve()),
    onFinished: (call) => finished.push(call),
    version: "0.0.0-test",
  });

  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("end", () => {
      const url = new URL(incoming.url ?? "/", "http://gateway");
      const invocation = gateway(
        {
          method: incoming.method ?? "",
          path: url.pathname,
          query: url.search.slice(1),
          headers: Object.fromEntries(
            Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]),
          ),
          body: Buffer.concat(chunks),
          callerIp: "127.0.0.1",
          deadlineAtMs: nowMs() + (setup.timeoutMs ?? 60_000),
        },
        { start: (status, headers) => outgoing.writeHead(status, headers) },
      ).catch((error: unknown) => {
        // What the Lambda service does when a handler throws in the middle of its stream.
        if (error instanceof AnswerBrokenOff) outgoing.destroy();
      });
      invocations.push(invocation);
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    secret,
    records,
    switches,
    invocations,
    finished,
    logLines,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function unpack(packed: PackedRecord): TraceRecord {
  if (packed.kind === "claim") return decodeRecord(packed.object.bytes);
  const message = decodeMessage(packed.body);
  if (message.kind !== "record") throw new Error("An inline record is no claim.");
  return message.record;
}

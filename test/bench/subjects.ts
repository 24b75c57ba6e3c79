/** What is measured, and how each is started in a fresh process. */
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { createFunction, type ProcessGuard, startFunctionUrl } from "@sluice/local";
import { NAMES } from "../../packages/local/src/system/stores.ts";
import { pin, startNode } from "./child-process.ts";
import { type Client, createClient } from "./client.ts";
import type { StoreOrigins } from "./stores.ts";
import { VIRTUAL_KEY } from "./traffic.ts";

/** A gateway in a fresh process. */
export interface RunningSubject {
  readonly pid: number;
  readonly call: Client;
  /** Resolves once the process is done with the last call: a function is, when it asks for the next one. */
  settled(): Promise<void>;
  stop(): Promise<void>;
}

/** A gateway that can be measured. */
export interface Subject {
  /** As the table names it. */
  readonly name: string;
  /** Whether each of its calls must arrive in the queue. */
  readonly traces: boolean;
  /** Starts it; the process may still be loading. */
  start(): Promise<RunningSubject>;
}

/** The processes around the subjects. */
export interface Surroundings {
  /** The provider's origin. */
  readonly upstream: string;
  readonly stores: StoreOrigins;
  readonly guard: ProcessGuard;
}

/** What authenticates a caller of Sluice. */
export const KEY_HEADER = { authorization: `Bearer ${VIRTUAL_KEY}` };

/** Memory of the function, MB: with it V8 gets the heap limits that it has when deployed. */
const MEMORY_MB = 1024;
const TIMEOUT_MS = 60_000;

/** A bundle in `directory` under the real runtime client, behind the local function URL. */
export function lambdaSubject(
  name: string,
  directory: string,
  traces: boolean,
  around: Surroundings,
): Subject {
  return {
    name,
    traces,
    start: async () => {
      const lambda = createFunction({
        name: "bench",
        directory,
        handler: "index.handler",
        environment: functionEnvironment(around),
        timeoutMs: TIMEOUT_MS,
        memoryMb: MEMORY_MB,
        // A stopped process takes no CPU, but waking it belongs to the service and not to the function.
        freeze: false,
        guard: {
          ...around.guard,
          watch: (pid) => {
            around.guard.watch(pid);
            pin(pid, "subject");
          },
        },
      });
      const url = await startFunctionUrl(lambda, { port: 0 });
      await lambda.warm();
      const [environment] = lambda.environments;
      if (!environment) throw new Error(`${name} has exited`);
      return {
        pid: environment.pid,
        call: createClient({ origin: url.url, headers: KEY_HEADER }),
        settled: async () => {
          // A call that came earlier would find the environment busy and start a second one.
          while (environment.state === "busy") await pause(0);
        },
        stop: async () => {
          await url.close(0);
          await lambda.stop();
        },
      };
    },
  };
}

/** How a plain server is started and called. */
export interface ServerOptions {
  /** Arguments of node for a server that listens on `port`. */
  readonly args: (port: number) => readonly string[];
  /** Headers of each call. */
  readonly headers: Readonly<Record<string, string>>;
  /** Whether each call must arrive in the queue. */
  readonly traces: boolean;
}

/** A plain server. */
export function serverSubject(
  name: string,
  { args, headers, traces }: ServerOptions,
  around: Surroundings,
): Subject {
  return {
    name,
    traces,
    start: async () => {
      const port = await freePort();
      const child = await startNode(args(port), {
        role: "subject",
        guard: around.guard,
        env: functionEnvironment(around),
      });
      const call = createClient({ origin: `http://127.0.0.1:${port}`, headers });
      return {
        pid: child.pid,
        call: (kind) => whenListening(() => call(kind)),
        settled: () => Promise.resolve(),
        stop: child.stop,
      };
    },
  };
}

/** Portkey's gateway as its package starts it, with the provider named by headers. */
export function portkeySubject(name: string, directory: string, around: Surroundings): Subject {
  const script = join(directory, "node_modules/@portkey-ai/gateway/build/start-server.js");
  const headers = {
    authorization: "Bearer sk-bench",
    "x-portkey-provider": "openai",
    "x-portkey-custom-host": `${around.upstream}/v1`,
  };
  const args = (port: number) => [script, `--port=${port}`, "--headless"];
  return serverSubject(name, { args, headers, traces: false }, around);
}

function functionEnvironment({ upstream, stores }: Surroundings): Record<string, string> {
  return {
    OPENAI_BASE_URL: `${upstream}/v1`,
    AWS_ENDPOINT_URL_DYNAMODB: stores.dynamodb,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: stores.others,
    AWS_ENDPOINT_URL_SQS: stores.others,
    AWS_REGION: "us-east-1",
    AWS_ACCESS_KEY_ID: "bench",
    AWS_SECRET_ACCESS_KEY: "bench",
    SLUICE_STAGE: "bench",
    SLUICE_TABLE: NAMES.table,
    SLUICE_QUEUE_URL: `${stores.others}/000000000000/bench`,
    SLUICE_DLQ_URL: `${stores.others}/000000000000/bench-dlq`,
    SLUICE_BUCKET: "bench",
    SLUICE_PROVIDERS_SECRET: "bench/providers",
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port is free");
  return address.port;
}

/** A refused connection costs the subject nothing, so the first call that gets through is its first. */
async function whenListening<T>(call: () => Promise<T>): Promise<T> {
  const giveUpAtMs = performance.now() + 30_000;
  for (;;) {
    try {
      return await call();
    } catch (error) {
      const refused = (error as NodeJS.ErrnoException).code === "ECONNREFUSED";
      if (!refused || performance.now() > giveUpAtMs) throw error;
      await pause(5);
    }
  }
}

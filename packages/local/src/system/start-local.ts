/** Starts the whole system on this machine: stores, functions, poller, and what plays the outside world. */
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { SWEEP_EVENT } from "@sluice/flusher";
import { flusherLimits } from "../../../../infra/limits.ts";
import { type EventSource, startEventSource } from "../event-source/poller.ts";
import type { LambdaFunction } from "../lambda/function.ts";
import { startFunctionUrl } from "../lambda/function-url.ts";
import { startProcessGuard } from "../lambda/process-guard.ts";
import { PortInUseError } from "../loopback.ts";
import { takeDataDirectory } from "./data-directory.ts";
import { ENDPOINTS_FILE, removeEndpoints, writeEndpoints } from "./endpoints-file.ts";
import { startFunctions } from "./functions.ts";
import { PLACEHOLDER_KEYS } from "./langfuse-target.ts";
import { keptKey } from "./local-key.ts";
import type { LocalOptions, LocalSystem, Service } from "./local-system.ts";
import { openConsole } from "./open-console.ts";
import { openParts, type Parts, seedParts } from "./parts.ts";
import { builtFunction, FUNCTIONS, loadConfig } from "./project.ts";
import { chooseProviders, providerVariables } from "./provider-targets.ts";
import { readSettings } from "./settings.ts";
import { StartProblem } from "./start-problem.ts";
import { NAMES, openQueueClient } from "./stores.ts";

/** How long open calls may take to their end when the system stops, ms. */
const CALLS_GRACE_MS = 3000;
/** How long the batch in hand may take, ms. A drain that does not answer would hold it for minutes. */
const BATCH_GRACE_MS = 20_000;
const SWEEP_INTERVAL_MS = flusherLimits.sweepIntervalMinutes * 60_000;
const REPOSITORY = resolve(import.meta.dirname, "../../../..");

/**
 * Resolves when a call to the gateway would be answered. Throws `StartProblem`, or whatever else went wrong;
 * nothing is left running then.
 */
export async function startLocal(options: LocalOptions): Promise<LocalSystem> {
  const { env, root = REPOSITORY } = options;
  const settings = readSettings(env);
  for (const name of FUNCTIONS) builtFunction(root, name);
  const config = await loadConfig(root);
  const providers = chooseProviders(config, env);

  // What is started is ended in reverse, also when the start fails half-way.
  await using running = new AsyncDisposableStack();
  const directory = takeDataDirectory(resolve(root, settings.dataDirectory));
  running.defer(() => directory.release());
  const guard = startProcessGuard();
  running.defer(() => guard.stop());
  const key = settings.localKey ?? (await keptKey(directory.file("local-key")));
  const needsDemo = providers.some(({ kind }) => kind === "demo");
  const parts = await openParts(directory, { settings, needsDemo }, running);
  await seedParts(parts, {
    key,
    providers,
    drains: config.drains,
    langfuse: settings.langfuse ?? PLACEHOLDER_KEYS,
  });

  const resources = resourcesOf(parts);
  const langfuseUrl = parts.sink?.url ?? settings.langfuse?.baseUrl;
  const { gateway, flusher } = await startFunctions(
    {
      root,
      guard,
      gatewayTimeoutMs: settings.gatewayTimeoutMs,
      endpoints: resources.endpoints,
      providerVariables: providerVariables(providers, parts.demo?.url),
      langfuseUrl,
    },
    options,
    running,
  );
  const poller = await startPoller(parts, flusher, options, running);
  running.defer(() => Promise.race([poller.stop(), sleep(BATCH_GRACE_MS, undefined, { ref: false })]));
  const sweeping = setInterval(() => {
    flusher.invoke(SWEEP_EVENT).catch((error: unknown) => options.log?.("sweep", String(error)));
  }, SWEEP_INTERVAL_MS);
  running.defer(() => clearInterval(sweeping));
  const functionUrl = await startFunctionUrl(gateway, { port: settings.port }).catch(explainPort);
  running.defer(() => functionUrl.close(CALLS_GRACE_MS));
  const reached = {
    ...resources,
    langfuseUrl: langfuseUrl ?? Object.values(config.drains)[0]?.baseUrl ?? "",
  };
  const endpointsFile = directory.file(ENDPOINTS_FILE);
  const endpoints = { ...reached, pid: process.pid, gatewayUrl: functionUrl.url };
  writeEndpoints(endpointsFile, endpoints);
  running.defer(() => removeEndpoints(endpointsFile));
  const consoleUrl = options.withConsole
    ? await openConsole({ root, directory, settings, system: endpoints, sink: parts.sink }, options, running)
    : undefined;

  const untilStopped = running.move();
  return {
    ...reached,
    url: functionUrl.url,
    key,
    consoleUrl,
    sink: parts.sink,
    dynamodb: parts.dynamodb.server,
    gateway,
    flusher,
    stop: () => untilStopped.disposeAsync(),
  };
}

function resourcesOf({ dynamodb, queues, secrets }: Parts) {
  const endpoints: Readonly<Record<Service, string>> = {
    dynamodb: dynamodb.server.url,
    s3: queues.server.url,
    secretsManager: secrets.server.url,
    sqs: queues.server.url,
  };
  return {
    endpoints,
    queueUrl: queues.server.queueUrl(NAMES.queue),
    deadLetterQueueUrl: queues.server.queueUrl(NAMES.deadLetterQueue),
    table: NAMES.table,
    bucket: NAMES.bucket,
  };
}

async function startPoller(
  { queues }: Parts,
  flusher: LambdaFunction,
  {
    batchWindowSeconds = 1,
    batchSize = flusherLimits.batchSize,
    log,
    pollerEndpoint = (url) => url,
  }: LocalOptions,
  running: AsyncDisposableStack,
): Promise<EventSource> {
  // A client of its own: the poller must not share connections, or a fault on its way, with anybody.
  const client = openQueueClient(await pollerEndpoint(queues.server.url));
  running.defer(() => client.destroy());
  return startEventSource({
    client,
    queueUrl: queues.server.queueUrl(NAMES.queue),
    queueArn: queues.server.queueArn(NAMES.queue),
    lambda: flusher,
    batchSize,
    batchWindowSeconds,
    maximumConcurrency: flusherLimits.maximumConcurrency,
    log: (line) => log?.("poller", line),
  });
}

function explainPort(error: unknown): never {
  if (!(error instanceof PortInUseError)) throw error;
  throw new StartProblem(
    `${error.message}: stop that process, or set PORT to another port (PORT=0 takes a free one)`,
  );
}

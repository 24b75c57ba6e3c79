/** All checks of a place, in the order in which they are shown. */
import { setTimeout as sleep } from "node:timers/promises";
import { apiKeyVariable, baseUrlVariable, type ResolvedDrain, type ResolvedProvider } from "@sluice/config";
import { createGoogleAccessTokens } from "@sluice/providers/google-access-token";
import { CommandFailure } from "../failure.ts";
import { createProbe, type Probe } from "../http-probe.ts";
import { type LoadedConfig, loadConfig } from "../options/config-option.ts";
import type { RecordPlace } from "../target/record-place.ts";
import type { Place } from "../target/target.ts";
import type { Terminal } from "../terminal.ts";
import { type ClockReading, checkClock } from "./check-clock.ts";
import { checkConfig, meantProviders, unusedMembers } from "./check-config.ts";
import { checkDrain } from "./check-drains.ts";
import { checkProviders, type SignGet } from "./check-providers.ts";
import { type ReadSecret, readSecret } from "./check-secrets.ts";
import { checkBucket, checkQueues, checkTable } from "./check-stores.ts";
import { type Finding, fail, skip } from "./finding.ts";
import { problemOf } from "./sdk-problem.ts";

/** What the doctor is asked for with. */
export interface DoctorOptions {
  readonly config: string;
  /** False: no trace is written to a drain. */
  readonly canary: boolean;
}

/** What a local system stores for a provider whose key it was not given (packages/local, provider-targets). */
const PLACEHOLDER_KEY = "local";
/** Seconds in which a trace that was just written must be seen. Langfuse's direct path takes one or two. */
const LOOKS = 15;
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** Looks at everything. Throws only what is no finding: a command line that makes no sense. */
export async function examine(
  place: Place,
  options: DoctorOptions,
  terminal: Terminal,
): Promise<readonly Finding[]> {
  const { nowMs, random } = terminal;
  const clocks: ClockReading[] = [];
  const probe = createProbe({
    nowMs,
    onClock: (host, aheadMs) => clocks.push({ host, aheadMs }),
    signal: terminal.interrupt,
  });
  const loaded = await configOf(place, options.config, terminal);
  const secretPlace = await place.secrets();
  const [providerKeys, drainKeys] = await Promise.all([
    readSecret(secretPlace, "providers", nowMs),
    readSecret(secretPlace, "drains", nowMs),
  ]).finally(() => secretPlace.client.destroy());

  const known = "name" in loaded ? undefined : loaded;
  const [providers, drains, stores] = await Promise.all([
    known ? providerFindings(place, known, providerKeys, probe, terminal) : untried("providers"),
    known
      ? drainFindings(Object.values(known.resolved.drains), {
          credentials: drainKeys.members,
          probe,
          nowMs,
          random,
          wait: (ms) => sleep(ms),
          writes: options.canary,
          looks: LOOKS,
        })
      : untried("drains"),
    storeFindings(place),
  ]);
  const clock =
    place.where.kind === "local"
      ? skip("clock", "A local system has this machine's own.")
      : checkClock(clocks);
  return [
    ...("name" in loaded ? [loaded] : checkConfig(options.config, loaded)),
    ...secretFindings(providerKeys, drainKeys, known),
    ...providers,
    ...drains,
    ...stores,
    clock,
  ];
}

async function untried(what: "providers" | "drains"): Promise<readonly Finding[]> {
  return [skip(what, `The config cannot be used: its ${what} were not tried.`)];
}

/** The config as the place's functions have it: this shell's variables are not theirs, unless they run here too. */
async function configOf(place: Place, file: string, { env }: Terminal): Promise<LoadedConfig | Finding> {
  try {
    if (place.where.kind === "stage") {
      const region = await place.client.config.region().catch(() => undefined);
      return await loadConfig(file, { AWS_REGION: region });
    }
    const loaded = await loadConfig(file, env);
    const { langfuseUrl } = place.where.endpoints;
    const isItsOwn = Object.values(loaded.resolved.drains).some(({ baseUrl }) => baseUrl === langfuseUrl);
    return isItsOwn ? loaded : await loadConfig(file, { ...env, LANGFUSE_BASE_URL: langfuseUrl });
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error;
    return fail("config", error.message, `correct ${file}; npx sluice config check tells whether it is good`);
  }
}

function secretFindings(
  providers: ReadSecret,
  drains: ReadSecret,
  loaded: LoadedConfig | undefined,
): readonly Finding[] {
  if (!loaded) return [providers.finding, drains.finding];
  const { resolved } = loaded;
  return [
    providers.finding,
    ...unusedMembers("secret providers", providers.members ?? {}, resolved.providers),
    drains.finding,
    ...unusedMembers("secret drains", drains.members ?? {}, resolved.drains),
  ];
}

async function providerFindings(
  place: Place,
  loaded: LoadedConfig,
  { members }: ReadSecret,
  probe: Probe,
  { env, nowMs }: Terminal,
): Promise<readonly Finding[]> {
  const isLocal = place.where.kind === "local";
  const googleToken = createGoogleAccessTokens({
    nowMs,
    post: async (url, form) => {
      const headers = { "content-type": "application/x-www-form-urlencoded" };
      const answer = await probe(url, { method: "POST", headers, body: form });
      if (answer.kind === "unanswered") throw new Error(answer.reason);
      return answer;
    },
  });
  const providers = Object.values(loaded.resolved.providers);
  const isNamed = (name: string) => Boolean(env[baseUrlVariable(name)] || env[apiKeyVariable(name)]);
  const isPlayed = ({ name, baseUrl }: ResolvedProvider) =>
    isLocal &&
    members?.[name] === PLACEHOLDER_KEY &&
    !isNamed(name) &&
    !LOOPBACK.test(URL.parse(baseUrl)?.hostname ?? "");
  return await checkProviders(providers, {
    meant: new Set([
      ...meantProviders(loaded),
      ...(isLocal ? providers.map(({ name }) => name).filter(isNamed) : []),
    ]),
    keys: members && (isLocal ? withoutPlaceholders(members, loaded) : members),
    storeKey: (name) =>
      isLocal
        ? `set ${apiKeyVariable(name)} and restart the local system`
        : `store its key as the member "${name}" of the providers' secret`,
    isDemo: isPlayed,
    probe,
    signGet: signGetOf(place, nowMs),
    googleToken: (key) => googleToken(key, AbortSignal.any([])),
  });
}

/** A server on this machine takes the placeholder; for any other it stands for a key that nobody has given. */
function withoutPlaceholders(
  keys: Readonly<Record<string, unknown>>,
  { resolved }: LoadedConfig,
): Readonly<Record<string, unknown>> {
  const isLoopback = (name: string) =>
    LOOPBACK.test(URL.parse(resolved.providers[name]?.baseUrl ?? "")?.hostname ?? "");
  return Object.fromEntries(
    Object.entries(keys).filter(([name, key]) => key !== PLACEHOLDER_KEY || isLoopback(name)),
  );
}

function signGetOf({ client }: Place, nowMs: () => number): SignGet {
  return async (url) => {
    const { createSignRequest } = await import("@sluice/aws/sign-request");
    try {
      const region = await client.config.region();
      const sign = createSignRequest({ credentials: client.config.credentials, region, nowMs });
      return await sign({ method: "GET", url, headers: {}, body: new Uint8Array() });
    } catch {
      // No credentials: there is nothing to try it with.
      return undefined;
    }
  };
}

async function drainFindings(
  drains: readonly ResolvedDrain[],
  checks: Parameters<typeof checkDrain>[1],
): Promise<readonly Finding[]> {
  return (await Promise.all(drains.map((drain) => checkDrain(drain, checks)))).flat();
}

async function storeFindings(place: Place): Promise<readonly Finding[]> {
  const table = checkTable(place);
  let records: RecordPlace;
  try {
    records = await place.records();
  } catch (error) {
    const [message, remedy] =
      error instanceof CommandFailure
        ? [error.message, "run this where the stage was deployed"]
        : problemOf(error);
    return [fail("queue", message, remedy), ...(await table)];
  }
  const [queues, bucket, source] = await Promise.all([
    checkQueues(records),
    checkBucket(records),
    eventSourceFindings(place, records),
  ]);
  return [...queues, ...source, ...(await table), ...bucket];
}

async function eventSourceFindings(
  place: Place,
  { sqs, queueUrl }: RecordPlace,
): Promise<readonly Finding[]> {
  if (place.where.kind === "local") return [];
  const { GetQueueAttributesCommand } = await import("@aws-sdk/client-sqs");
  const { checkEventSource } = await import("./check-event-source.ts");
  try {
    const input = { QueueUrl: queueUrl, AttributeNames: ["QueueArn" as const] };
    const { Attributes = {} } = await sqs.send(new GetQueueAttributesCommand(input));
    return await checkEventSource(Attributes["QueueArn"] ?? "");
  } catch {
    return [skip("event source", "The queue cannot be looked at.")];
  }
}

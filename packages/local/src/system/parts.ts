/** Everything of a local system that is no function: the stores, the sink and the demo model. */
import { createKeyStore } from "@sluice/aws";
import type { ResolvedConfig } from "@sluice/config";
import type { VirtualKeySecret } from "@sluice/keys";
import { type DemoModel, startDemoModel } from "../demo-model/server.ts";
import { PortInUseError } from "../loopback.ts";
import { type Sink, startSink } from "../sink/server.ts";
import type { DataDirectory } from "./data-directory.ts";
import { type LangfuseTarget, PLACEHOLDER_KEYS } from "./langfuse-target.ts";
import { seedKey } from "./local-key.ts";
import type { ProviderTarget } from "./provider-targets.ts";
import type { Settings } from "./settings.ts";
import {
  makeQueues,
  makeTable,
  NAMES,
  openQueues,
  openSecrets,
  openTables,
  putSecret,
  type Stores,
} from "./stores.ts";
import { together } from "./together.ts";

/** The parts; sink and demo model only when nothing real takes their place. */
export interface Parts extends Stores {
  readonly sink: Sink | undefined;
  readonly demo: DemoModel | undefined;
}

/** What the parts must hold before the first call. */
export interface Seeds {
  readonly key: VirtualKeySecret;
  readonly providers: readonly ProviderTarget[];
  readonly drains: ResolvedConfig["drains"];
  /** Credentials of every drain to Langfuse. */
  readonly langfuse: Pick<LangfuseTarget, "publicKey" | "secretKey">;
}

/** The sink's file in the data directory. */
export const SINK_FILE = "sink.db";

/** Starts all parts at once. Each is ended with `running`, also when another one fails. */
export async function openParts(
  directory: DataDirectory,
  { settings, needsDemo }: { readonly settings: Settings; readonly needsDemo: boolean },
  running: AsyncDisposableStack,
): Promise<Parts> {
  const ending = async <T>(starting: Promise<T>, end: (part: T) => Promise<void>): Promise<T> => {
    const part = await starting;
    running.defer(() => end(part));
    return part;
  };
  const [dynamodb, queues, secrets, sink, demo] = await together([
    ending(openTables(directory), ({ server }) => server.close()),
    ending(openQueues(directory), ({ server }) => server.close()),
    ending(openSecrets(directory), ({ server }) => server.close()),
    settings.langfuse ? undefined : ending(openSink(directory, settings.sinkPort), (sink) => sink.close()),
    needsDemo ? ending(startDemoModel({}), (demo) => demo.close()) : undefined,
  ]);
  return { dynamodb, queues, secrets, sink, demo };
}

/** Makes the table, the queues, the bucket and the secrets, and stores the key. What is there stays. */
export async function seedParts({ dynamodb, queues, secrets }: Stores, seeds: Seeds): Promise<void> {
  const { publicKey, secretKey } = seeds.langfuse;
  // Other backends are spoken to without secrets: a collector on this machine asks for none.
  const drainKeys = Object.values(seeds.drains)
    .filter(({ type }) => type !== "otlp")
    .map(({ name }) => [name, { publicKey, secretKey }]);
  const providerKeys = seeds.providers.map(({ name, apiKey }) => [name, apiKey]);
  const keys = createKeyStore({ client: dynamodb.client, table: NAMES.table });
  await together([
    makeTable(dynamodb).then(() => seedKey(keys, seeds.key, Date.now())),
    makeQueues(queues),
    putSecret(secrets, NAMES.providersSecret, Object.fromEntries(providerKeys)),
    putSecret(secrets, NAMES.drainsSecret, Object.fromEntries(drainKeys)),
  ]);
}

/** Beside the gateway's port, so that its address is the same in each run, unless that one is taken. */
async function openSink(directory: DataDirectory, port: number): Promise<Sink> {
  const options = { file: directory.file(SINK_FILE), keys: PLACEHOLDER_KEYS };
  try {
    return await startSink({ ...options, port });
  } catch (error) {
    if (!(error instanceof PortInUseError)) throw error;
    return await startSink(options);
  }
}

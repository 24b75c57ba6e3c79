/**
 * Thousands of calls through one process of each function: `npm run storm:memory -- --calls 4000`.
 *
 * The storm kills its processes, and makes them grow old only in the end. Here nothing is killed, and each call comes in a batch
 * of its own: chat, streamed and not, embeddings, and a provider that refuses, limits or breaks off. Langfuse refuses some calls, and
 * now and then an export fails, so that records come back. Prints what was alive in the processes as JSON; exits with 1 when that
 * grows.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { build } from "../../scripts/build.ts";
import { CENT_PRICES } from "../support/cent-model.ts";
import { startSystem } from "../support/system.ts";
import { startUpstream } from "../support/upstream.ts";
import { startStormLangfuse } from "./delivery/langfuse.ts";
import { isBad, tellingMemory, watchMemory } from "./delivery/memory.ts";
import { createModel, type Manner, type Order } from "./delivery/model.ts";

const { values } = parseArgs({ options: { calls: { type: "string", default: "4000" } } });
const calls = Number(values.calls);

/** In turn: none of them takes long. */
const MANNERS: readonly Manner[] = ["whole", "whole", "error", "whole", "limited", "whole", "reset", "whole"];
const MEMORY_EVERY_MS = 500;
/** Calls of which one is large, and is to be refused by Langfuse, in characters and as a share. */
const LARGE_EVERY = 97;
const LARGE_CHARACTERS = 300_000;
const POISON_EVERY = 53;
const FAILING_EXPORT_EVERY = 200;
/** Longest time in which the flusher may be behind, ms. */
const BEHIND_MS = 60_000;
/** Calls by which it may be behind before the next is made: those whose export failed come back later. So one process has nearly all. */
const MOST_BEHIND = 3;
const PACE_MS = 2;

await using running = new AsyncDisposableStack();
const root = await mkdtemp(join(tmpdir(), "sluice-soak-"));
running.defer(() => rm(root, { recursive: true, force: true }));
const configFile = join(root, "sluice.config.ts");
await writeFile(join(root, "package.json"), '{"type":"module"}');
await writeFile(
  configFile,
  `export default ${JSON.stringify({ providers: { openai: {} }, prices: CENT_PRICES, deadMansSwitch: false })};\n`,
);
await build({ configFile, outdir: join(root, "dist") });

const model = createModel(new Map(), () => true);
const upstream = await startUpstream((request, response) => {
  upstream.requests.length = 0;
  return model(request, response);
});
running.defer(() => upstream.stop());
let exports = 0;
const langfuse = await startStormLangfuse(
  () => (exports++ % FAILING_EXPORT_EVERY === 0 ? { kind: "refuse", status: 500 } : { kind: "take" }),
  () => true,
);
running.defer(() => langfuse.stop());
langfuse.poison = (user) => user.startsWith("poison");
const system = await startSystem(
  {
    OPENAI_BASE_URL: upstream.baseUrl,
    OPENAI_API_KEY: "sk-soak",
    LANGFUSE_BASE_URL: langfuse.baseUrl,
    LANGFUSE_PUBLIC_KEY: "pk-lf-soak",
    LANGFUSE_SECRET_KEY: "sk-lf-soak",
  },
  {
    root,
    batchWindowSeconds: 0,
    batchSize: 1,
    functions: { gateway: tellingMemory(MEMORY_EVERY_MS), flusher: tellingMemory(MEMORY_EVERY_MS) },
  },
);
running.defer(() => system.stop());

const memory = watchMemory(system);
const traced = () => langfuse.accepted.size;
const expectedOf = (made: number) => made - Math.ceil(made / POISON_EVERY);
/** Waits until all but a few of the calls that were made have their traces. */
const untilTraced = async (made: number, butFor: number) => {
  const untilMs = Date.now() + BEHIND_MS;
  while (traced() < expectedOf(made) - butFor && Date.now() < untilMs) await sleep(PACE_MS);
};
for (let call = 0; call < calls; call++) {
  await makeCall(call);
  await untilTraced(call + 1, MOST_BEHIND);
}
await untilTraced(calls, 0);
const found = memory();
process.stdout.write(`${JSON.stringify({ calls, traced: traced(), ...found }, undefined, 2)}\n`);
process.exitCode = Object.values(found).some(isBad) ? 1 : 0;

async function makeCall(call: number): Promise<void> {
  const manner = MANNERS[call % MANNERS.length] ?? "whole";
  const order: Order = { call, manner, tokens: 7, filling: call % LARGE_EVERY === 0 ? LARGE_CHARACTERS : 0 };
  const content = JSON.stringify(order);
  const isEmbedding = call % 7 === 0;
  const body = isEmbedding
    ? { model: "cent", input: [content] }
    : { model: "cent", messages: [{ role: "user", content }], stream: call % 2 === 0 };
  const response = await fetch(`${system.url}/v1/${isEmbedding ? "embeddings" : "chat/completions"}`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${system.key}`,
      "content-type": "application/json",
      "x-user-id": `${call % POISON_EVERY === 0 ? "poison" : "soak"}-${call}`,
    },
    body: JSON.stringify(body),
  });
  await response.arrayBuffer();
}

/**
 * The bench: the gateway beside a bare pass-through and Portkey, the flusher beside Langfuse's SDK, as ratios of one
 * run. What it measures and how to read it: docs/performance.md. Needs Linux and the built functions.
 *
 * Run: `npm run bench`. Options: `--rounds <n>` (default 5), `--part gateway|flusher` (default both),
 * `--gateway <directory>` (a built gateway to measure in place of dist/gateway; several may be named),
 * `--write-docs` (puts the tables into docs/performance.md; nothing else is written).
 */
import { cp, mkdtemp, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { type ProcessGuard, startProcessGuard } from "@sluice/local";
import { canPin, pin, startServer } from "./child-process.ts";
import { writeBetweenMarkers } from "./documentation.ts";
import { flusherTable, runFlusherBench } from "./flusher-bench.ts";
import { gatewayTable, runGatewayBench } from "./gateway-bench.ts";
import { buildPrograms, installPeer } from "./peers.ts";
import type { StoreOrigins } from "./stores.ts";
import {
  KEY_HEADER,
  lambdaSubject,
  portkeySubject,
  type Subject,
  type Surroundings,
  serverSubject,
} from "./subjects.ts";

const RUNTIME = "runtime client";
const PLAIN = "plain server";
const here = (file: string) => join(import.meta.dirname, file);

const { values: options } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    part: { type: "string" },
    gateway: { type: "string", multiple: true, default: ["dist/gateway"] },
    "write-docs": { type: "boolean", default: false },
  },
});
const rounds = Number(options.rounds);
const progress = (line: string) => process.stderr.write(`${line}\n`);

pin(process.pid, "rest");
const guard = startProcessGuard();
const scratch = await mkdtemp(join(tmpdir(), "sluice-bench-"));
try {
  const tables = [machine()];
  if (options.part !== "flusher") tables.push(await gatewayPart(guard));
  if (options.part !== "gateway") tables.push(await flusherPart(guard));
  const text = tables.join("\n\n");
  process.stdout.write(`${text}\n`);
  if (options["write-docs"]) await writeBetweenMarkers(here("../../docs/performance.md"), text);
} finally {
  // Ends the provider, the stores and the sink, and what else may be running after an error.
  await guard.stop();
  await rm(scratch, { recursive: true });
}

async function gatewayPart(guard: ProcessGuard): Promise<string> {
  const upstream = await startServer(here("upstream.ts"), guard);
  const stores = await startServer(here("stores.ts"), guard);
  const origins = JSON.parse(stores.line) as StoreOrigins;
  const around = { upstream: upstream.line, stores: origins, guard };
  return gatewayTable(await runGatewayBench(await gatewaySubjects(around), around, rounds, progress));
}

/** Works on a copy of each bundle, so that a build meanwhile does not change what is measured. */
async function gatewaySubjects(around: Surroundings): Promise<readonly Subject[]> {
  installPeer(here("portkey"));
  await buildPrograms(scratch);
  const sluices = options.gateway.map(async (bundle, index) => {
    const copy = join(scratch, `gateway-${index}`);
    await cp(resolve(bundle), copy, { recursive: true });
    const name = options.gateway.length === 1 ? "Sluice" : `Sluice ${bundle}`;
    const args = (port: number) => [join(scratch, "host.mjs"), copy, String(port)];
    return [
      lambdaSubject(`${name}, ${RUNTIME}`, copy, true, around),
      serverSubject(`${name}, ${PLAIN}`, { args, headers: KEY_HEADER, traces: true }, around),
    ];
  });
  const args = (port: number) => [join(scratch, "server.mjs"), String(port)];
  return [
    ...(await Promise.all(sluices)).flat(),
    lambdaSubject(`node:http, ${RUNTIME}`, join(scratch, "function"), false, around),
    serverSubject(`node:http, ${PLAIN}`, { args, headers: {}, traces: false }, around),
    portkeySubject(`Portkey 1.15.2, ${PLAIN}`, here("portkey"), around),
  ];
}

async function flusherPart(guard: ProcessGuard): Promise<string> {
  installPeer(here("langfuse-otel"));
  const sink = await startServer(here("sink.ts"), guard);
  const exporters = [
    { name: "Sluice's flusher, JSON answers", script: here("flush-records.ts"), args: ["json"] },
    { name: "Sluice's flusher, 200-chunk streams", script: here("flush-records.ts"), args: ["stream"] },
    { name: "@langfuse/otel 5.11.1", script: here("langfuse-otel/generations.mjs") },
  ];
  return flusherTable(await runFlusherBench(exporters, sink.line, rounds, guard, progress));
}

function machine(): string {
  const [cpu] = cpus();
  const pinned = canPin ? "the subject on a core of its own" : "no core of its own for the subject";
  const node = `Node ${process.versions.node}`;
  return `${cpu?.model ?? "unknown CPU"}, ${cpus().length} cores, ${process.platform} ${process.arch}, ${node}, ${pinned}; lowest of ${rounds} rounds, median in brackets.`;
}

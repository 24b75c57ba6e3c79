/** Whether the functions' processes keep what they should have let go: what is alive in them, from their first call on. */
import { join } from "node:path";
import { flusherLimits, gatewayLimits } from "../../../infra/limits.ts";
import type { FunctionOptions } from "../../../packages/local/src/lambda/function-options.ts";
import type { TestSystem } from "../../support/system.ts";

/** What a process held after so many invocations. */
export interface MemorySample {
  readonly invocations: number;
  /** Its resident memory as it was. */
  readonly rssMb: number;
  /** Heap and buffers that were still in use after a collection. */
  readonly liveMb: number;
}

/** The memory of one process. */
export interface ProcessMemory {
  readonly invocations: number;
  /** The resident memory at first, at its median and at most: mostly a heap that takes what it may have. */
  readonly startRssMb: number;
  readonly medianRssMb: number;
  readonly mostRssMb: number;
  /** What was alive in the middle third of its invocations, and in the last, by their medians. In the first it was warming up. */
  readonly liveInMiddleMb: number;
  readonly liveAtEndMb: number;
  readonly grownMb: number;
}

/** The memory of a function. */
export interface FunctionMemory {
  readonly processes: number;
  /** Those that lived long enough to be judged. */
  readonly judged: number;
  /** Of those: what is alive in them has grown by no more than noise. Undefined when there was none. */
  readonly flat: boolean | undefined;
  /** The most resident memory that any of its processes had, and what a deployment gives it. */
  readonly mostRssMb: number;
  readonly limitMb: number;
  /** The one that lived longest. */
  readonly longest: ProcessMemory | undefined;
  /** The one that has grown most among the judged. */
  readonly steepest: ProcessMemory | undefined;
}

/** By function. */
export type Memory = Readonly<Record<"gateway" | "flusher", FunctionMemory>>;

/** Fewest invocations of a process that is judged. Below, caches are still filled and code is still compiled. */
const LONG_LIFE = 300;
/** Fewest samples of each third that is compared. */
const FEWEST_SAMPLES = 3;
/** Growth that is noise, as a share of what is alive, and at least so much, MB: bodies that are under way come and go. */
const NOISE_SHARE = 0.1;
const NOISE_MB = 3;
const MEGABYTE = 1024 * 1024;
const LOOK_EVERY_MS = 500;

/** What a function is started with so that its processes tell of their memory every `everyMs`. */
export function tellingMemory(everyMs: number): Pick<FunctionOptions, "nodeOptions" | "environment"> {
  return {
    nodeOptions: ["--require", join(import.meta.dirname, "heap-probe.cjs")],
    environment: { STORM_MEMORY_EVERY_MS: String(everyMs) },
  };
}

/** Gathers what the processes tell, until the answer is called. */
export function watchMemory(system: Pick<TestSystem, "gateway" | "flusher" | "lines">): () => Memory {
  const series = { gateway: new Map<number, MemorySample[]>(), flusher: new Map<number, MemorySample[]>() };
  let read = 0;
  const look = () => {
    for (; read < system.lines.length; read++) {
      const told = TOLD.exec(system.lines[read] ?? "")?.groups;
      if (!told) continue;
      const name = told["name"] === "gateway" ? "gateway" : "flusher";
      const pid = Number(told["pid"]);
      const invocations = system[name].environments.find((process) => process.pid === pid)?.invocations;
      // It has ended meanwhile.
      if (invocations === undefined) continue;
      const samples = series[name].get(pid) ?? [];
      samples.push({
        invocations,
        rssMb: Number(told["rss"]) / MEGABYTE,
        liveMb: Number(told["live"]) / MEGABYTE,
      });
      series[name].set(pid, samples);
    }
  };
  const timer = setInterval(look, LOOK_EVERY_MS);
  return () => {
    clearInterval(timer);
    look();
    return {
      gateway: judgeMemory([...series.gateway.values()], gatewayLimits.memoryMb),
      flusher: judgeMemory([...series.flusher.values()], flusherLimits.memoryMb),
    };
  };
}

const TOLD = /^(?<name>gateway|flusher) STORM_MEMORY (?<pid>\d+) (?<rss>\d+) (?<live>\d+)$/;

/** Whether a function keeps what it should have let go, or needs more than it is given. */
export function isBad({ flat, mostRssMb, limitMb }: FunctionMemory): boolean {
  return flat === false || mostRssMb > limitMb;
}

/** Judges a function, which is given `limitMb`, by the samples of its processes. */
export function judgeMemory(series: readonly (readonly MemorySample[])[], limitMb: number): FunctionMemory {
  const processes = series.map(describeProcess);
  const judged = series.filter(canBeJudged).map(describeProcess);
  const [longest] = processes.toSorted((one, other) => other.invocations - one.invocations);
  const [steepest] = judged.toSorted((one, other) => other.grownMb - one.grownMb);
  return {
    processes: processes.length,
    judged: judged.length,
    flat:
      judged.length === 0
        ? undefined
        : judged.every(
            ({ grownMb, liveInMiddleMb }) => grownMb <= Math.max(NOISE_MB, NOISE_SHARE * liveInMiddleMb),
          ),
    mostRssMb: Math.max(0, ...processes.map(({ mostRssMb }) => mostRssMb)),
    limitMb,
    longest,
    steepest,
  };
}

/** The samples of the middle third of a process's invocations, and of the last. */
function thirds(samples: readonly MemorySample[]) {
  const invocations = samples.at(-1)?.invocations ?? 0;
  const between = (from: number, until: number) =>
    samples.filter((sample) => sample.invocations > from && sample.invocations <= until);
  return {
    middle: between(invocations / 3, (2 * invocations) / 3),
    last: between((2 * invocations) / 3, invocations),
  };
}

function canBeJudged(samples: readonly MemorySample[]): boolean {
  const { middle, last } = thirds(samples);
  return (
    (samples.at(-1)?.invocations ?? 0) >= LONG_LIFE && Math.min(middle.length, last.length) >= FEWEST_SAMPLES
  );
}

function describeProcess(samples: readonly MemorySample[]): ProcessMemory {
  const { middle, last } = thirds(samples);
  const rss = samples.map(({ rssMb }) => rssMb);
  const live = (those: readonly MemorySample[]) => median(those.map(({ liveMb }) => liveMb));
  return {
    invocations: samples.at(-1)?.invocations ?? 0,
    startRssMb: Math.round(rss[0] ?? 0),
    medianRssMb: Math.round(median(rss)),
    mostRssMb: Math.round(Math.max(0, ...rss)),
    liveInMiddleMb: tenths(live(middle)),
    liveAtEndMb: tenths(live(last)),
    grownMb: tenths(live(last) - live(middle)),
  };
}

function tenths(number: number): number {
  return Math.round(number * 10) / 10;
}

/** 0 of nothing. */
function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

/** Whether the functions' processes keep what they should have let go: their resident memory, from their first call on. */
import { readFileSync } from "node:fs";
import type { LambdaFunction } from "../../../packages/local/src/lambda/function.ts";

/** How much a process held after so many invocations. */
export interface MemorySample {
  readonly invocations: number;
  readonly rssMb: number;
}

/** The memory of one process. */
export interface ProcessMemory {
  readonly invocations: number;
  readonly startMb: number;
  readonly medianMb: number;
  readonly endMb: number;
  /** Growth once it was warm: median of the slopes between samples (Theil–Sen), MB for 1,000 invocations. */
  readonly slopeMbPer1000: number;
  /** That slope over the invocations that it was taken from. */
  readonly grownMb: number;
}

/** The memory of a function. */
export interface FunctionMemory {
  readonly processes: number;
  /** Those that lived long enough to be judged. */
  readonly judged: number;
  /** Of those: all grew by less than noise. Undefined when there was none. */
  readonly flat: boolean | undefined;
  /** The one that lived longest. */
  readonly longest: ProcessMemory | undefined;
  /** The one with the steepest slope among the judged. */
  readonly steepest: ProcessMemory | undefined;
}

/** By function. */
export type Memory = Readonly<Record<"gateway" | "flusher", FunctionMemory>>;

const EVERY_MS = 1_000;
/** Fewest invocations of a process that is judged. Below, what is seen is a heap that finds its size. */
const LONG_LIFE = 100;
/** Share of a process's invocations in which it may still grow: code is compiled, the heap finds its size. */
const WARMING = 0.4;
/** Growth that is noise, as a share of the median, and at least so much, MB: a few bodies of a megabyte come and go. */
const NOISE_SHARE = 0.15;
const NOISE_MB = 16;
/** Most samples between which slopes are taken. */
const MOST_SAMPLES = 200;

/** Samples every process while it works, until the answer is called. */
export function watchMemory(
  functions: Readonly<Record<"gateway" | "flusher", LambdaFunction>>,
): () => Memory {
  const series = { gateway: new Map<number, MemorySample[]>(), flusher: new Map<number, MemorySample[]>() };
  const sample = () => {
    for (const name of ["gateway", "flusher"] as const) {
      for (const { pid, invocations } of functions[name].environments) {
        const samples = series[name].get(pid) ?? [];
        // A frozen process has not changed.
        if (samples.at(-1)?.invocations === invocations) continue;
        const rssMb = residentMb(pid);
        if (rssMb !== undefined) series[name].set(pid, [...samples, { invocations, rssMb }]);
      }
    }
  };
  const timer = setInterval(sample, EVERY_MS);
  return () => {
    clearInterval(timer);
    return {
      gateway: judgeMemory([...series.gateway.values()]),
      flusher: judgeMemory([...series.flusher.values()]),
    };
  };
}

/** Judges a function by the samples of its processes. */
export function judgeMemory(series: readonly (readonly MemorySample[])[]): FunctionMemory {
  const processes = series.map(describeProcess).sort((one, other) => other.invocations - one.invocations);
  const judged = processes.filter(({ invocations }) => invocations >= LONG_LIFE);
  const [longest] = processes;
  const [steepest] = judged.toSorted((one, other) => other.slopeMbPer1000 - one.slopeMbPer1000);
  return {
    processes: processes.length,
    judged: judged.length,
    flat:
      judged.length === 0
        ? undefined
        : judged.every(({ grownMb, medianMb }) => grownMb <= Math.max(NOISE_MB, NOISE_SHARE * medianMb)),
    longest,
    steepest,
  };
}

function describeProcess(samples: readonly MemorySample[]): ProcessMemory {
  const [first] = samples;
  const last = samples.at(-1);
  const invocations = last?.invocations ?? 0;
  const warm = samples.filter((sample) => sample.invocations >= WARMING * invocations);
  const step = Math.max(1, Math.ceil(warm.length / MOST_SAMPLES));
  const kept = warm.filter((_, index) => index % step === 0);
  const slopes = kept.flatMap((from, index) =>
    kept
      .slice(index + 1)
      .filter((to) => to.invocations > from.invocations)
      .map((to) => (to.rssMb - from.rssMb) / (to.invocations - from.invocations)),
  );
  const slope = median(slopes);
  return {
    invocations,
    startMb: Math.round(first?.rssMb ?? 0),
    medianMb: Math.round(median(samples.map(({ rssMb }) => rssMb))),
    endMb: Math.round(last?.rssMb ?? 0),
    slopeMbPer1000: Math.round(slope * 10_000) / 10,
    grownMb: Math.round(slope * (invocations - (kept[0]?.invocations ?? invocations)) * 10) / 10,
  };
}

/** 0 of nothing. */
function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

/** Undefined for a process that has ended. */
function residentMb(pid: number): number | undefined {
  try {
    const kilobytes = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return kilobytes === undefined ? undefined : Number(kilobytes) / 1024;
  } catch {
    return undefined;
  }
}

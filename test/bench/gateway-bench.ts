/** The gateway beside its peers: every subject once each round, the order turned by one place each time. */
import { createClient } from "./client.ts";
import { type Figure, figureOf, formatFigure, markdownTable, ratio } from "./figures.ts";
import { CALLS_PER_MEASUREMENT, type Measurement, measure, measureDirect } from "./measure.ts";
import type { Subject, Surroundings } from "./subjects.ts";

/** A subject with what its rounds gave. */
export interface SubjectResult {
  readonly name: string;
  readonly figures: Readonly<Record<keyof Measurement, Figure>>;
}

const COLUMNS: Readonly<Record<keyof Measurement, string>> = {
  firstAnswerCpuMs: "CPU ms to first answer",
  youngCallCpuMs: "CPU ms a call, calls 2–51",
  warmCallCpuMs: "CPU ms a call, warm",
  streamCpuMs: "CPU ms a 200-chunk stream, a chunk each ms",
  burstCpuMs: "CPU ms a 200-chunk stream, at once",
  firstByteMs: "added ms to first byte",
};
const METRICS = Object.keys(COLUMNS) as (keyof Measurement)[];

/** The record of the call, and its dead man's switch. */
const MESSAGES_PER_CALL = 2;

/** Runs all rounds. Rejects when an answer is wrong or a call has left no trace. */
export async function runGatewayBench(
  subjects: readonly Subject[],
  around: Surroundings,
  rounds: number,
  progress: (line: string) => void,
): Promise<readonly SubjectResult[]> {
  const results = new Map(subjects.map(({ name }) => [name, [] as Measurement[]]));
  for (let round = 0; round < rounds; round++) {
    const first = round % subjects.length;
    const directMs = await measureDirect(createClient({ origin: around.upstream, headers: {} }));
    for (const subject of [...subjects.slice(first), ...subjects.slice(0, first)]) {
      progress(`round ${round + 1} of ${rounds}: ${subject.name}`);
      const before = await messagesIn(around.stores.others);
      const measurement = await measure(subject);
      const traced = (await messagesIn(around.stores.others)) - before;
      if (subject.traces && traced !== MESSAGES_PER_CALL * CALLS_PER_MEASUREMENT) {
        throw new Error(
          `${subject.name}: ${CALLS_PER_MEASUREMENT} calls left ${traced} messages in the queue`,
        );
      }
      const firstByteMs = measurement.firstByteMs - directMs;
      results.get(subject.name)?.push({ ...measurement, firstByteMs });
    }
  }
  return [...results].map(([name, measurements]) => ({ name, figures: figuresOf(measurements) }));
}

/** One row for each subject, then each subject whose name starts with `Sluice` divided by each of the others. */
export function gatewayTable(results: readonly SubjectResult[]): string {
  const isSluice = ({ name }: SubjectResult) => name.startsWith("Sluice");
  const rows = results.map(({ name, figures }) => [
    name,
    ...METRICS.map((key) => formatFigure(figures[key])),
  ]);
  const ratios = results
    .filter(isSluice)
    .flatMap((sluice) =>
      results
        .filter((other) => !isSluice(other))
        .map((other) => [
          `${sluice.name} ÷ ${other.name}`,
          ...METRICS.map((key) => formatFigure(ratio(sluice.figures[key], other.figures[key]))),
        ]),
    );
  return [rows, ratios].map((part) => markdownTable([["", ...Object.values(COLUMNS)], ...part])).join("\n\n");
}

function figuresOf(measurements: readonly Measurement[]): SubjectResult["figures"] {
  const figure = (key: keyof Measurement) => figureOf(measurements.map((each) => each[key]));
  return {
    firstAnswerCpuMs: figure("firstAnswerCpuMs"),
    youngCallCpuMs: figure("youngCallCpuMs"),
    warmCallCpuMs: figure("warmCallCpuMs"),
    streamCpuMs: figure("streamCpuMs"),
    burstCpuMs: figure("burstCpuMs"),
    firstByteMs: figure("firstByteMs"),
  };
}

async function messagesIn(queue: string): Promise<number> {
  return Number(await (await fetch(queue)).text());
}

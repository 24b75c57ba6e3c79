/** The flusher beside Langfuse's own SDK: each in a fresh process, the order turned each round. */

import { CALLS_PER_BATCH, type ExportCost } from "./batches.ts";
import { type Child, type SpawnOptions, startNode } from "./child-process.ts";
import { type Figure, figureOf, formatFigure, markdownTable, ratio } from "./figures.ts";

/** A program that exports batches to the sink and prints an `ExportCost`. */
export interface Exporter {
  readonly name: string;
  /** The program's file. */
  readonly script: string;
  /** Its arguments after the sink's origin. */
  readonly args?: readonly string[];
}

/** An exporter with what its rounds gave. */
export interface ExporterResult {
  readonly name: string;
  /** CPU of one call, ms. */
  readonly cpuMsPerCall: Figure;
}

/** Runs all rounds against the sink. Rejects when an exporter fails. */
export async function runFlusherBench(
  exporters: readonly Exporter[],
  sink: string,
  rounds: number,
  guard: SpawnOptions["guard"],
  progress: (line: string) => void,
): Promise<readonly ExporterResult[]> {
  const costs = new Map(exporters.map(({ name }) => [name, [] as number[]]));
  for (let round = 0; round < rounds; round++) {
    for (const { name, script, args = [] } of round % 2 === 0 ? exporters : exporters.toReversed()) {
      progress(`round ${round + 1} of ${rounds}: ${name}`);
      const child: Child = await startNode([script, sink, ...args], { role: "subject", guard });
      const { cpuMsPerCall } = JSON.parse(await child.firstLine) as ExportCost;
      await child.stop();
      costs.get(name)?.push(cpuMsPerCall);
    }
  }
  return [...costs].map(([name, rounds]) => ({ name, cpuMsPerCall: figureOf(rounds) }));
}

/** One row for each exporter; the calls a second are those of one core that does nothing else. */
export function flusherTable(results: readonly ExporterResult[]): string {
  const last = results.at(-1);
  const perSecond = ({ lowest, median }: Figure): Figure => ({
    lowest: 1000 / lowest,
    median: 1000 / median,
  });
  return markdownTable([
    [`batches of ${CALLS_PER_BATCH}`, "CPU ms a call", "calls/s on one core", "× CPU of the last"],
    ...results.map(({ name, cpuMsPerCall }) => [
      name,
      formatFigure(cpuMsPerCall),
      formatFigure(perSecond(cpuMsPerCall)),
      last ? formatFigure(ratio(cpuMsPerCall, last.cpuMsPerCall)) : "",
    ]),
  ]);
}

/** `sluice replay`: brings records back that did not get to their drains. */
import { setTimeout as sleep } from "node:timers/promises";
import { type Command, Option } from "commander";
import { confirm } from "../confirm.ts";
import { UsageFailure } from "../failure.ts";
import {
  addCommonOptions,
  addConfirmOption,
  type ConfirmOptions,
  type OutputOptions,
  type TargetOptions,
} from "../options/command-options.ts";
import { readCount, readDuration, readRate } from "../options/values.ts";
import type { BringBackOptions, BroughtBack } from "../records/bring-back.ts";
import type { WaitingRecords } from "../records/sources.ts";
import type { RecordPlace } from "../target/record-place.ts";
import { type Target, withTarget } from "../target/target.ts";
import type { Terminal } from "../terminal.ts";

const PLACES = {
  spill: "the records that were spilled to the bucket",
  dlq: "the parked records",
  log: "the records in the log",
} as const;

/** What a replay is asked for with. */
export interface ReplayOptions extends TargetOptions, OutputOptions, ConfirmOptions, BringBackOptions {
  readonly from: keyof typeof PLACES;
  readonly file?: string;
  readonly logGroup?: string;
  /** Ms before now. */
  readonly since: number;
}

const DEFAULT_SINCE_MS = 3_600_000;
const BAR_WIDTH = 30;

/** Adds the command. */
export function addReplay(program: Command, terminal: Terminal): void {
  addCommonOptions(
    addConfirmOption(
      program
        .command("replay")
        .description("send records to the queue again: parked, spilled, or written to a log")
        .addOption(
          new Option("--from <place>", "where they are").choices(Object.keys(PLACES)).makeOptionMandatory(),
        )
        .option("--file <path>", "the log, with --from log")
        .option("--log-group <name>", "the log in CloudWatch, with --from log")
        .addOption(
          new Option("--since <duration>", "how far back to read the log group")
            .argParser(readDuration)
            .default(DEFAULT_SINCE_MS, "1h"),
        )
        .option("--reason <glob>", "only those parked for such a reason, such as '*400*'")
        .option("--limit <count>", "most records", readCount)
        .option("--rate <count>", "most records a second, such as 50/s", readRate)
        .option("--dry-run", "count them, and send nothing"),
    ),
    [
      "replay --from dlq --reason '*HTTP 400*' --dry-run --local",
      "replay --from log --log-group /aws/lambda/sluice-production-gateway --since 24h --stage production",
      "replay --from log --file gateway.log --rate 50/s --yes --local",
    ],
  ).action(async (options: ReplayOptions) => {
    check(options);
    await withTarget(options, terminal, (target) => replay(target, options, terminal));
  });
}

function check({ from, file, logGroup, reason }: ReplayOptions): void {
  const logs = [file, logGroup].filter((log) => log !== undefined).length;
  if (from === "log" && logs !== 1) {
    throw new UsageFailure("Name the log: either --file <path> or --log-group <name>.");
  }
  if (from !== "log" && logs > 0) throw new UsageFailure("A log is read with --from log.");
  if (from !== "dlq" && reason !== undefined) {
    throw new UsageFailure("Only parked records have a reason: --reason goes with --from dlq.");
  }
}

/** Sends records of one place to the queue again, after asking, and says how many. */
export async function replay(target: Target, options: ReplayOptions, terminal: Terminal): Promise<void> {
  const place = await target.records();
  const { bringBack } = await import("../records/bring-back.ts");
  if (!options.dryRun) {
    await confirm(`Send ${PLACES[options.from]} to the queue of ${target.label} again?`, options, terminal);
  }
  const total = terminal.progress && (await expectedCount(place, options));
  const records = await sourceOf(place, options, terminal);
  const done = await bringBack(records, place, options, {
    wait: (ms) => sleep(ms),
    onProgress: (sent) => terminal.progress?.(progressLine(sent, total)),
    interrupt: terminal.interrupt,
  }).finally(() => terminal.progress?.(""));
  terminal.print(options.json ? JSON.stringify(done) : summary(done, options));
  if (options.dryRun || done.sent === 0) return;
  await target.record({
    action: "replay",
    subject: PLACES[options.from],
    changes: { records: { to: done.sent } },
  });
}

/** For the progress bar; of a log it is not known. */
async function expectedCount(
  place: RecordPlace,
  { from, limit = Number.POSITIVE_INFINITY }: ReplayOptions,
): Promise<number | undefined> {
  if (from === "log") return undefined;
  if (from === "dlq") {
    const { depthOf } = await import("@sluice/aws");
    return Math.min(limit, (await depthOf(place.sqs, place.deadLetterQueueUrl)).waiting);
  }
  const { spilledKeys } = await import("../records/sources.ts");
  let count = 0;
  for await (const _key of spilledKeys(place)) if (++count >= limit) break;
  return count;
}

async function sourceOf(
  place: RecordPlace,
  { from, file, logGroup, since }: ReplayOptions,
  terminal: Terminal,
): Promise<WaitingRecords> {
  const { fileLines, loggedRecords, parkedRecords, spilledRecords } = await import("../records/sources.ts");
  if (from === "spill") return spilledRecords(place);
  if (from === "dlq") return parkedRecords(place);
  const note = (text: string) => terminal.note(text);
  if (file !== undefined) return loggedRecords(fileLines(file), note);
  const { logGroupLines } = await import("../records/log-group.ts");
  return loggedRecords(logGroupLines(logGroup ?? "", terminal.nowMs() - since), note);
}

function progressLine(sent: number, total: number | undefined): string {
  if (!total) return `${sent} sent`;
  const full = Math.min(BAR_WIDTH, Math.floor((sent * BAR_WIDTH) / total));
  return `${"█".repeat(full)}${"░".repeat(BAR_WIDTH - full)} ${sent} of ${total}`;
}

function summary(
  { sent, passedOver, alreadySent, interrupted }: BroughtBack,
  { dryRun }: ReplayOptions,
): string {
  const records = (count: number) => `${count} ${count === 1 ? "record" : "records"}`;
  return [
    dryRun ? `${records(sent)} would be sent again.` : `${records(sent)} sent again.`,
    ...(passedOver > 0 ? [`${records(passedOver)} parked for another reason.`] : []),
    ...(interrupted ? ["Stopped before the end: run it again to go on."] : []),
    ...(alreadySent > 0 ? [`${records(alreadySent)} left: sent before in this run, or gone.`] : []),
  ].join(" ");
}

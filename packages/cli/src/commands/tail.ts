/** `sluice tail`: calls as they end. */
import { setTimeout as sleep } from "node:timers/promises";
import { type Command, InvalidArgumentError, Option } from "commander";
import { addCommonOptions, type OutputOptions, type TargetOptions } from "../options/command-options.ts";
import { readDuration } from "../options/values.ts";
import { styled } from "../output/style.ts";
import { type CallFilter, type CallSource, isWanted, LEVELS, type LiveCall } from "../tail/live-call.ts";
import { type Place, type Target, withTarget } from "../target/target.ts";
import type { Terminal } from "../terminal.ts";

interface TailOptions extends TargetOptions, OutputOptions, CallFilter {
  /** Ms. */
  readonly for?: number;
  /** Calls that ended before, to begin with. */
  readonly last: number;
}

/** How often is looked. CloudWatch allows an account five requests a second (quotas of CloudWatch Logs). */
const INTERVAL_MS = { local: 500, stage: 2_000 } as const;
/** A stage's calls before now that are searched for `--last`. */
const LOOK_BACK_MS = 15 * 60_000;

/** Adds the command. */
export function addTail(program: Command, terminal: Terminal): void {
  addCommonOptions(
    program
      .command("tail")
      .description("show calls as they end, until Ctrl-C; no content of them")
      .option("--key <alias>", "only calls of this key")
      .option("--model <glob>", "only calls to such a model, such as 'gpt-*'")
      .addOption(
        new Option("--level <level>", "only calls of this level or a graver one").choices(
          LEVELS.map((level) => level.toLowerCase()),
        ),
      )
      .option("--last <count>", "begin with as many calls that ended before", readLast, 0)
      .option("--for <duration>", "end after such a time", readDuration),
    [
      "tail --local",
      "tail --key shop --level error --stage production",
      "tail --last 20 --for 10m --json --stage production",
    ],
  ).action(async (given: Omit<TailOptions, "level"> & { readonly level?: string }) => {
    const level = LEVELS.find((one) => one.toLowerCase() === given.level);
    const { level: _, ...options } = given;
    await withTarget(options, terminal, async (target, place) => {
      await tail(target, place, { ...options, ...(level && { level }) }, terminal);
    });
  });
}

const MAX_LAST = 1_000;

function readLast(text: string): number {
  if (/^\d{1,4}$/.test(text) && Number(text) <= MAX_LAST) return Number(text);
  throw new InvalidArgumentError(`Write a whole number from 0 to ${MAX_LAST}.`);
}

async function tail(target: Target, place: Place, options: TailOptions, terminal: Terminal): Promise<void> {
  const source = await sourceOf(place, options, terminal);
  const aliases = new Map<string, string>();
  if (place.where.kind === "stage") {
    // A log names a key by its id alone.
    for (const { id, alias } of await target.keys.list()) aliases.set(id, alias);
  }
  const named = (call: LiveCall): LiveCall => {
    const key = call.key ?? aliases.get(call.keyId ?? "");
    return key === undefined ? call : { ...call, key };
  };
  const end = endOf(options, terminal);
  const beganMs = terminal.nowMs();
  try {
    for (let first = true; first || !end.aborted; first = false) {
      const calls = (await source.next()).map(named);
      const some = first ? withLast(calls, options.last, beganMs) : calls;
      for (const call of some) {
        if (isWanted(call, options)) {
          terminal.print(options.json ? JSON.stringify(call) : callText(call, terminal));
        }
      }
      await sleep(INTERVAL_MS[place.where.kind], undefined, { signal: end }).catch(() => undefined);
    }
  } finally {
    source.close();
  }
}

/** Of the calls that ended before, the last ones; of the others all. */
function withLast(calls: readonly LiveCall[], last: number, beganMs: number): readonly LiveCall[] {
  const before = calls.filter(({ at }) => Date.parse(at) < beganMs);
  const since = calls.filter(({ at }) => Date.parse(at) >= beganMs);
  return [...(last === 0 ? [] : before.slice(-last)), ...since];
}

/** Aborted by Ctrl-C, or when the time is over. */
function endOf({ for: forMs }: TailOptions, { interrupt }: Terminal): AbortSignal {
  return AbortSignal.any([
    ...(interrupt ? [interrupt] : []),
    ...(forMs === undefined ? [] : [AbortSignal.timeout(forMs)]),
  ]);
}

async function sourceOf({ where }: Place, { last }: TailOptions, { nowMs }: Terminal): Promise<CallSource> {
  if (where.kind === "local") {
    const { createProbe } = await import("../http-probe.ts");
    const { tailSink } = await import("../tail/sink-calls.ts");
    return tailSink(where.endpoints.langfuseUrl, createProbe({ nowMs }));
  }
  const { gatewayLogGroup, tailGatewayLog } = await import("../tail/gateway-log.ts");
  return tailGatewayLog(gatewayLogGroup(where.stage), nowMs() - (last === 0 ? 0 : LOOK_BACK_MS));
}

const STYLES = { DEFAULT: "green", WARNING: "yellow", ERROR: "red" } as const;
const WIDTH = { level: 8, key: 14, model: 32, took: 9, tokens: 14 } as const;

function callText(call: LiveCall, terminal: Terminal): string {
  const { at, level, model = "-", status, durationMs, inputTokens, outputTokens, costUsd, reason } = call;
  const where = call.provider === undefined ? model : `${call.provider}/${model}`;
  const tokens = inputTokens === undefined ? "" : `${inputTokens} > ${outputTokens ?? 0}`;
  const cells = [
    at.slice(11, 23),
    styled(terminal, STYLES[level], level.padEnd(WIDTH.level)),
    String(status ?? "-").padEnd(3),
    (call.key ?? call.keyId ?? "-").padEnd(WIDTH.key),
    where.padEnd(WIDTH.model),
    (durationMs === undefined ? "-" : `${durationMs} ms`).padStart(WIDTH.took),
    tokens.padStart(WIDTH.tokens),
    costUsd === undefined ? "-" : `$${costUsd.toFixed(6)}`,
    call.traceId,
    ...(reason === undefined ? [] : [reason]),
  ];
  return cells.join("  ").trimEnd();
}

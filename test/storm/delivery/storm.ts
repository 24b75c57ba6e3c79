/** A storm from its beginning to its ledger. */
import { setTimeout as sleep } from "node:timers/promises";
import { formatUsd, type Picodollars } from "@sluice/prices";
import { seededRandom } from "../../support/delivery.ts";
import { startUpstream } from "../../support/upstream.ts";
import { auditCalls, auditDuplicates, auditSpend } from "./audit.ts";
import { openWaiting, type Parked } from "./calm.ts";
import { type Kill, sufferCasualties } from "./casualties.ts";
import { createEvidence, namesOf } from "./evidence.ts";
import { startStormLangfuse } from "./langfuse.ts";
import { type PeakMemory, watchMemory } from "./memory.ts";
import { createModel, type Served } from "./model.ts";
import { drawSchedule } from "./schedule.ts";
import { type Protection, type StormSystem, startStormSystem } from "./system.ts";
import { makeCall, type Seen } from "./traffic.ts";
import { createWeather, langfuseReception, type Weather } from "./weather.ts";

/** What a storm is to be. */
export interface StormOptions {
  readonly seed: number;
  /** For how long calls are made and faults injected, ms. */
  readonly durationMs: number;
  /** How many calls are made, evenly spread. Undefined: as many as twelve callers can. */
  readonly calls?: number;
  readonly without?: Protection;
  /** Gets a line for each stage. */
  readonly progress?: (line: string) => void;
}

/** The ledger of a storm. */
export interface StormLedger {
  /** Whether nothing is lost, nothing came twice outside the window, and the spend is exact. */
  readonly holds: boolean;
  readonly calls: number;
  /** Answers by status, and how they ended. */
  readonly seen: Readonly<Record<string, number>>;
  readonly traced: number;
  readonly lost: readonly string[];
  readonly killedUnarmed: number;
  readonly turnedAway: number;
  readonly duplicatesInWindow: Readonly<Record<string, number>>;
  readonly duplicatesOutside: readonly string[];
  /** Parked messages by reason. All were replayed, and count as lost if their trace did not come then. */
  readonly parked: Readonly<Record<string, number>>;
  /** Parked messages whose calls Langfuse had nothing against. */
  readonly parkedWrongly: readonly string[];
  readonly replayedFromLog: number;
  /** Messages and objects that did not get to their end. */
  readonly undrained: number;
  readonly drainedAfterSeconds: number;
  /** By key, USD: settled in its account, and by the traces of its calls. */
  readonly spend: Readonly<
    Record<string, { readonly settled: string; readonly traced: string; readonly reserved: string }>
  >;
  readonly spendMismatches: readonly string[];
  /** Most that a process of each function held in each half of the storm. */
  readonly memoryMb: PeakMemory;
  readonly kills: Readonly<Record<string, number>>;
}

const CALLERS = 12;
/** How long a caller leaves a gateway alone that turned it away, ms. */
const TURNED_AWAY_PAUSE_MS = 300;
/** How long everything may take to its end once the faults are over, ms; and a tenth of the storm's own time. */
const DRAIN_MS = 90_000;

/** Raises a storm and waits for its end. */
export async function runStorm(options: StormOptions): Promise<StormLedger> {
  const { seed, durationMs, calls, without, progress = () => undefined } = options;
  const random = seededRandom(seed);
  const episodes = drawSchedule(random, durationMs);
  const evidence = createEvidence();
  const served = new Map<number, Served>();
  let weather: Weather = { strikes: () => false };

  const model = createModel(served);
  const upstream = await startUpstream((request, response) => {
    // Nobody looks at them later, and in half an hour they would be most of what is in memory.
    upstream.requests.length = 0;
    return model(request, response);
  });
  const langfuse = await startStormLangfuse((spans) => langfuseReception(weather, spans));
  langfuse.poison = (user) => user.startsWith("poison");
  langfuse.guiltByAssociation = without === "bisect";
  const storm = await startStormSystem({
    openAiUrl: upstream.baseUrl,
    langfuseUrl: langfuse.baseUrl,
    clients: CALLERS,
    weather: () => weather,
    evidence,
    without,
  });
  const { system } = storm;
  const waiting = openWaiting(system);
  try {
    const startedAtMs = Date.now();
    weather = createWeather(episodes, startedAtMs, random);
    const kills: Kill[] = [];
    const stopWatching = watchMemory(system, durationMs);
    const [seen] = await Promise.all([
      makeCalls(storm, seed, startedAtMs + durationMs, calls && durationMs / calls),
      sufferCasualties(episodes, startedAtMs, system, random, kills),
    ]);
    const memoryMb = stopWatching();
    const healedAtMs = Date.now();
    // A breaker may leave Langfuse alone for minutes yet; new processes have new breakers.
    await Promise.all(
      system.flusher.environments.filter(({ state }) => state === "idle").map((idle) => idle.kill()),
    );
    progress(`${seen.length} calls, ${kills.length} kills; the faults are over`);
    const replayedFromLog = await waiting.replayLog();
    const drainMs = DRAIN_MS + durationMs / 10;
    const left = await waiting.drained(drainMs);
    progress(`${left} messages left, ${Math.round((Date.now() - healedAtMs) / 1000)} s after the faults`);
    langfuse.poison = () => false;
    langfuse.guiltByAssociation = false;
    const parked = await waiting.replayParked();
    const undrained = await waiting.drained(drainMs);
    const drainedAfterSeconds = Math.round((Date.now() - healedAtMs) / 1000);

    const findings = { seen, served, accepted: langfuse.accepted, evidence, kills };
    const { lost, ...traces } = auditCalls(findings);
    const { others, ...inWindow } = auditDuplicates(findings);
    const spends = await Promise.all(
      [...storm.keys].map(async ([name, { account }]) => {
        const { spent, reserved } = await storm.accounts.read(account);
        return { name, spent, reserved, ...auditSpend(findings, name) };
      }),
    );
    const spendMismatches = spends.flatMap(({ name, spent, traced, mismatches }) => [
      ...mismatches,
      ...(spent === traced ? [] : [`${name}: settled ${spent}, traced ${traced}`]),
    ]);
    const parkedWrongly = parked.filter(isWrong).map(({ reason }) => reason);
    return {
      holds: lost.length + others.length + spendMismatches.length + parkedWrongly.length + undrained === 0,
      calls: seen.length,
      seen: tally(seen.map(({ end, status }) => `${status ?? "no status"}, ${end}`)),
      ...traces,
      lost: lost.map(({ call, why }) => `call ${call}: ${why}`),
      duplicatesInWindow: inWindow,
      duplicatesOutside: others,
      parked: tally(parked.map(({ reason }) => reason)),
      parkedWrongly,
      replayedFromLog,
      undrained,
      drainedAfterSeconds,
      spend: Object.fromEntries(
        spends.map(({ name, spent, traced, reserved }) => [
          name,
          {
            settled: formatUsd(spent),
            traced: formatUsd(traced as Picodollars),
            reserved: formatUsd(reserved),
          },
        ]),
      ),
      spendMismatches,
      memoryMb,
      kills: tally(kills.map(({ lambda, atWork }) => `${lambda}${atWork ? " at work" : ""}`)),
    };
  } finally {
    waiting.stop();
    await storm.stop();
    await upstream.stop();
    await langfuse.stop();
  }
}

/** Calls until the time is over, each with random numbers of its own, so that it asks the same whenever its turn comes. */
async function makeCalls(
  { system, keys }: StormSystem,
  seed: number,
  untilMs: number,
  everyMs = 0,
): Promise<readonly Seen[]> {
  const target = {
    url: system.url,
    keys: new Map([...keys].map(([name, { secret }]) => [name, secret])),
  };
  const startedAtMs = Date.now();
  const seen: Seen[] = [];
  let next = 1;
  await Promise.all(
    Array.from({ length: CALLERS }, async () => {
      while (Date.now() < untilMs) {
        const call = next++;
        await sleep(Math.max(0, startedAtMs + (call - 1) * everyMs - Date.now()));
        if (Date.now() >= untilMs) break;
        const saw = await makeCall(call, seededRandom(seed * 1_000_003 + call), target);
        seen.push(saw);
        if (saw.status === 503) await sleep(TURNED_AWAY_PAUSE_MS);
      }
    }),
  );
  return seen;
}

/** Only a refusal of Langfuse for the span alone is a reason, and only poison is refused. */
function isWrong({ body, reason }: Parked): boolean {
  const names = namesOf(body);
  const isPoison = names.length === 1 || names.some((name) => name.startsWith("poison"));
  return !isPoison || !reason.includes("400");
}

function tally(names: readonly string[]): Readonly<Record<string, number>> {
  return Object.fromEntries([...Map.groupBy(names, (name) => name)].map(([name, all]) => [name, all.length]));
}

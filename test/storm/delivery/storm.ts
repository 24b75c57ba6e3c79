/** A storm from its beginning to its ledger. */
import { seededRandom } from "../../support/delivery.ts";
import { startUpstream } from "../../support/upstream.ts";
import { CALLERS, type Calling, makeCalls } from "./callers.ts";
import { type Held, openWaiting, type Waiting } from "./calm.ts";
import { type Casualties, sufferCasualties } from "./casualties.ts";
import { createEvidence, namesOf } from "./evidence.ts";
import { readFlusherLog } from "./flusher-log.ts";
import { type StormLangfuse, startStormLangfuse } from "./langfuse.ts";
import { drawLedger, type StormLedger } from "./ledger.ts";
import { watchMemory } from "./memory.ts";
import { createModel, type Served } from "./model.ts";
import { createStormKeys } from "./rotation.ts";
import { drawSchedule } from "./schedule.ts";
import { createStages, type Stages } from "./stages.ts";
import { type Protection, type StormSystem, startStormSystem } from "./system.ts";
import type { Seen } from "./traffic.ts";
import { CALM, createWeather, langfuseReception, type Weather } from "./weather.ts";

/** What a storm is to be. */
export interface StormOptions extends Calling {
  readonly without?: Protection;
  /** Gets a line for each stage. */
  readonly progress?: (line: string) => void;
}

/** How long everything may take to its end once the faults are over, ms; and a tenth of the storm's own time. */
const DRAIN_MS = 180_000;
/** Longest time that starting, looking and stopping may take each, ms. */
const PROMPT_MS = 120_000;
const PROGRESS_EVERY_MS = 60_000;

/** Raises a storm and waits for its end. Throws `StormStuckError` when a stage of it does not end. */
export async function runStorm(options: StormOptions): Promise<StormLedger> {
  const { seed, durationMs, without, progress = () => undefined } = options;
  const random = seededRandom(seed);
  const episodes = drawSchedule(random, durationMs);
  const evidence = createEvidence();
  const served = new Map<number, Served>();
  const keys = createStormKeys();
  const casualties: Casualties = { kills: [], overslept: 0 };
  const seen: Seen[] = [];
  let weather: Weather = CALM;

  // What is started is ended in reverse, also when a stage is stuck.
  await using running = new AsyncDisposableStack();
  const model = createModel(served, (key) => keys.admits("provider", key));
  const upstream = await startUpstream((request, response) => {
    // Nobody looks at them later, and in half an hour they would be most of what is in memory.
    upstream.requests.length = 0;
    return model(request, response);
  });
  running.defer(() => upstream.stop());
  const langfuse = await startStormLangfuse(
    (calls) => langfuseReception(weather, calls),
    (key) => keys.admits("langfuse", key),
  );
  running.defer(() => langfuse.stop());
  langfuse.poison = (user) => user.startsWith("poison");
  langfuse.guiltByAssociation = without === "bisect";
  const storm = await startStormSystem({
    openAiUrl: upstream.baseUrl,
    langfuseUrl: langfuse.baseUrl,
    clients: CALLERS,
    durationMs,
    keys,
    random,
    weather: () => weather,
    evidence,
    without,
    onOutcome: (lambda, outcome) => {
      if (outcome.kind !== "failed" || outcome.error.errorType !== "Sandbox.Timedout") return;
      casualties.kills.push({ lambda, atMs: Date.now(), atWork: true, byTimeLimit: true });
    },
  });
  const { system } = storm;
  const stages = createStages(() => {
    const states = [...system.gateway.environments, ...system.flusher.environments].map(({ state }) => state);
    return `${seen.length} calls made, ${langfuse.accepted.size} spans at Langfuse, processes ${states.join(", ")}`;
  });
  running.defer(() => stages.run("stopping", PROMPT_MS, () => storm.stop()));
  const waiting = openWaiting(system);
  running.defer(() => waiting.stop());
  const startedAtMs = Date.now();
  weather = createWeather(episodes, startedAtMs, random);
  const stopWatching = watchMemory(system);
  const ticking = setInterval(() => {
    const minutes = Math.round((Date.now() - startedAtMs) / 60_000);
    progress(`${minutes} min: ${seen.length} calls, ${langfuse.accepted.size} spans at Langfuse`);
  }, PROGRESS_EVERY_MS);
  const target = {
    url: system.url,
    keys: new Map([...storm.keys].map(([name, { secret }]) => [name, secret])),
  };
  const victims = {
    ...system,
    visibilityMs: storm.visibilityMs,
    rotate: (holder: "provider" | "langfuse") => keys.rotate(holder, system.endpoints.secretsManager),
  };
  await stages
    .run("calls and faults", 1.5 * durationMs + PROMPT_MS, () =>
      Promise.all([
        makeCalls(target, options, seen),
        sufferCasualties(episodes, startedAtMs, victims, random, casualties),
      ]),
    )
    .finally(() => clearInterval(ticking));
  const { struck } = weather;
  const memory = stopWatching();
  progress(`${seen.length} calls, ${casualties.kills.length} kills; the faults are over`);
  const calm = await becalm(storm, langfuse, waiting, stages, options);
  return await stages.run("the ledger", PROMPT_MS, async () => {
    const findings = {
      seen,
      served,
      accepted: langfuse.accepted,
      evidence,
      flusherLog: readFlusherLog(system.lines),
      kills: casualties.kills,
      replayed: new Set(calm.fromLog.flatMap(({ body }) => namesOf(body))),
    };
    const accounts = new Map(
      await Promise.all(
        [...storm.keys].map(
          async ([name, { account, limit }]) =>
            [name, { ...(await storm.accounts.read(account)), limit }] as const,
        ),
      ),
    );
    return drawLedger({
      ...calm,
      findings,
      accounts,
      memory,
      struck,
      rotations: keys.counts,
      overslept: casualties.overslept,
      repeated: storm.redelivery.repeated,
      overtaken: storm.redelivery.overtaken,
    });
  });
}

/** Once the faults are over: works everything off, then brings back what is parked, as an operator would. */
async function becalm(
  { system, reconcile }: StormSystem,
  langfuse: StormLangfuse,
  waiting: Waiting,
  stages: Stages,
  { durationMs, progress = () => undefined }: StormOptions,
) {
  const healedAtMs = Date.now();
  const drainMs = DRAIN_MS + durationMs / 10;
  const seconds = () => Math.round((Date.now() - healedAtMs) / 1000);
  const drained = (stage: string) =>
    stages.run(stage, drainMs + PROMPT_MS, async () => {
      // A breaker may leave Langfuse alone for minutes yet; new processes have new breakers.
      const idle = system.flusher.environments.filter(({ state }) => state === "idle");
      await Promise.all(idle.map((environment) => environment.kill()));
      const left = await waiting.drained(drainMs);
      progress(`${stage}: ${left} messages left, ${seconds()} s after the faults`);
      return left;
    });
  const fromLog = await stages.run("the replay of the log", PROMPT_MS, () => waiting.replayLog());
  await drained("draining");
  const whileParked = await stages.run("reconciling", PROMPT_MS, reconcile);
  langfuse.poison = () => false;
  langfuse.guiltByAssociation = false;
  const parked = await stages.run("the replay of what is parked", PROMPT_MS, async () => {
    // One run of the command leaves what it has sent already, so that it comes to an end, and a message may be parked several
    // times: each time that its flusher was killed, or the ledger was away, before it was counted.
    const replayed: Held[] = [];
    for (;;) {
      const held = await waiting.replayParked();
      if (held.length === 0) return replayed;
      replayed.push(...held);
    }
  });
  const undrained = await drained("draining after the replay");
  const parkedAgain = await stages.run("looking for what is parked again", PROMPT_MS, () => waiting.parked());
  const drainedAfterSeconds = seconds();
  const atTheEnd = await stages.run("reconciling at the end", PROMPT_MS, reconcile);
  return { fromLog, parked, parkedAgain, undrained, drainedAfterSeconds, whileParked, atTheEnd };
}

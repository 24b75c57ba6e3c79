/** What happens to processes and keys when the schedule says so: kills, freezes, rotations. */
import { setTimeout as sleep } from "node:timers/promises";
import type { LambdaFunction } from "../../../packages/local/src/lambda/function.ts";
import type { KeyHolder } from "./rotation.ts";
import type { Episode } from "./schedule.ts";

/** A process that was killed. */
export interface Kill {
  readonly lambda: string;
  /** Unix time, ms. */
  readonly atMs: number;
  /** Whether it had an invocation. */
  readonly atWork: boolean;
  /** Whether the storm had made it stand still at some time. */
  readonly stoodStill?: boolean;
  /** Whether the function's own time limit did it, not the storm. */
  readonly byTimeLimit?: boolean;
}

/** What the storm does harm to. */
export interface Victims {
  readonly gateway: LambdaFunction;
  readonly flusher: LambdaFunction;
  /** After so long a message that is worked on is visible again, ms. */
  readonly visibilityMs: number;
  rotate(holder: KeyHolder): Promise<void>;
}

/** What was done, added to while it is done. */
export interface Casualties {
  readonly kills: Kill[];
  /** Flushers that stood still in the middle of a batch, and went on with it after its messages were visible again. */
  overslept: number;
}

/** Longest time that a process stands still, ms. */
const LONGEST_FREEZE_MS = 1_500;
/** Of a flusher that is to miss its visibility: so much longer than that, ms, so that another one has the messages. */
const SHORTEST_OVERSLEEP_MS = 1_500;
const LONGEST_OVERSLEEP_MS = 4_000;
/** How long a busy flusher is waited for, ms: between two batches none is. */
const WAIT_FOR_WORK_MS = 3_000;
/** Time between two kills of an episode, ms. */
const KILL_PACE_MS = 500;

/** Lives through the episodes; resolves after the last one. */
export async function sufferCasualties(
  episodes: readonly Episode[],
  startedAtMs: number,
  { gateway, flusher, visibilityMs, rotate }: Victims,
  random: () => number,
  casualties: Casualties,
): Promise<void> {
  const frozen = new Set<number>();
  const pick = (lambda: LambdaFunction) => {
    const running = lambda.environments;
    const working = running.filter(({ state }) => state === "busy" || state === "finishing");
    const among = working.length > 0 ? working : running;
    return among[Math.floor(random() * among.length)];
  };
  const kill = async (lambda: LambdaFunction, untilMs: number) => {
    while (Date.now() < untilMs) {
      const victim = pick(lambda);
      if (victim) {
        const atWork = victim.state === "busy" || victim.state === "finishing";
        const stoodStill = frozen.has(victim.pid);
        casualties.kills.push({ lambda: lambda.name, atMs: Date.now(), atWork, stoodStill });
        await victim.kill();
      }
      await sleep(random() * 2 * KILL_PACE_MS);
    }
  };
  const freeze = async (lambda: LambdaFunction) => {
    const victim = pick(lambda);
    if (!victim || victim.state !== "busy") return;
    frozen.add(victim.pid);
    signal(victim.pid, "SIGSTOP");
    await sleep(random() * LONGEST_FREEZE_MS);
    signal(victim.pid, "SIGCONT");
  };
  const oversleep = async () => {
    const giveUpAtMs = Date.now() + WAIT_FOR_WORK_MS;
    let victim = pick(flusher);
    while (victim?.state !== "busy" && Date.now() < giveUpAtMs) {
      await sleep(5);
      victim = pick(flusher);
    }
    if (victim?.state !== "busy") return;
    const { invocations } = victim;
    frozen.add(victim.pid);
    signal(victim.pid, "SIGSTOP");
    await sleep(
      visibilityMs + SHORTEST_OVERSLEEP_MS + random() * (LONGEST_OVERSLEEP_MS - SHORTEST_OVERSLEEP_MS),
    );
    if (victim.state === "busy" && victim.invocations === invocations) casualties.overslept += 1;
    signal(victim.pid, "SIGCONT");
  };
  await Promise.all(
    episodes.map(async ({ fault, fromMs, untilMs }) => {
      await sleep(Math.max(0, startedAtMs + fromMs - Date.now()));
      if (fault === "gateway killed") await kill(gateway, startedAtMs + untilMs);
      if (fault === "flusher killed") await kill(flusher, startedAtMs + untilMs);
      if (fault === "gateway frozen") await freeze(gateway);
      if (fault === "flusher frozen") await freeze(flusher);
      if (fault === "flusher frozen past visibility") await oversleep();
      if (fault === "provider key rotated") await rotate("provider");
      if (fault === "langfuse key rotated") await rotate("langfuse");
    }),
  );
}

/** To a process of ours that may have ended meanwhile. */
function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It is gone, and its environment knows.
  }
}

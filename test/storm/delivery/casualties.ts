/** Kills and freezes processes of the functions when the schedule says so. */
import { setTimeout as sleep } from "node:timers/promises";
import type { LambdaFunction } from "../../../packages/local/src/lambda/function.ts";
import type { Episode } from "./schedule.ts";

/** A process that was killed. */
export interface Kill {
  readonly lambda: string;
  /** Unix time, ms. */
  readonly atMs: number;
  /** Whether it had an invocation. */
  readonly atWork: boolean;
}

/** Longest time that a process stands still, ms: shorter than a lease, or a second flusher would rightly take over. */
const LONGEST_FREEZE_MS = 1_500;
/** Time between two kills of an episode, ms. */
const KILL_PACE_MS = 500;

/** Lives through the episodes; resolves after the last one, with every kill in `kills`. */
export async function sufferCasualties(
  episodes: readonly Episode[],
  startedAtMs: number,
  { gateway, flusher }: { readonly gateway: LambdaFunction; readonly flusher: LambdaFunction },
  random: () => number,
  kills: Kill[],
): Promise<void> {
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
        kills.push({ lambda: lambda.name, atMs: Date.now(), atWork });
        await victim.kill();
      }
      await sleep(random() * 2 * KILL_PACE_MS);
    }
  };
  const freeze = async (lambda: LambdaFunction) => {
    const victim = pick(lambda);
    if (!victim || victim.state !== "busy") return;
    signal(victim.pid, "SIGSTOP");
    await sleep(random() * LONGEST_FREEZE_MS);
    signal(victim.pid, "SIGCONT");
  };
  await Promise.all(
    episodes.map(async ({ fault, fromMs, untilMs }) => {
      await sleep(Math.max(0, startedAtMs + fromMs - Date.now()));
      if (fault === "gateway killed") await kill(gateway, startedAtMs + untilMs);
      if (fault === "flusher killed") await kill(flusher, startedAtMs + untilMs);
      if (fault === "gateway frozen") await freeze(gateway);
      if (fault === "flusher frozen") await freeze(flusher);
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

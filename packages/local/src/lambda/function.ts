/** A Lambda function on this machine: environments as they are needed, each used again while it is young. */
import { setTimeout as sleep } from "node:timers/promises";
import { type Environment, startEnvironment } from "./environment.ts";
import type { FunctionOptions } from "./function-options.ts";
import { ignoreAnswer, type Outcome, type ResponseSink } from "./outcome.ts";

const DEFAULT_MAX_CONCURRENCY = 50;
const DEFAULT_IDLE_TIMEOUT_MS = 5 * 60_000;
/**
 * How long an invocation waits for an environment whose answer is complete. Between the end of an answer and
 * the next poll is about a millisecond, in which a caller's next request may already be here.
 */
const FINISHING_MS = 20;

/** All environments are busy; the service would answer 429. */
export class TooManyRequestsError extends Error {
  override readonly name = "TooManyRequestsError";
}

/** A function that can be invoked. */
export interface LambdaFunction {
  readonly name: string;
  /** Those that run now, for their pids and for faults that a test injects. */
  readonly environments: readonly Environment[];
  /**
   * Invokes it with an event that becomes JSON, or with text that is JSON already. Rejects with
   * `TooManyRequestsError` at the concurrency limit; what goes wrong in the function is in the outcome.
   */
  invoke(event: unknown, sink?: ResponseSink): Promise<Outcome>;
  /** Starts one environment ahead of the first call. Rejects with the runtime's error when it cannot start. */
  warm(): Promise<void>;
  /** Kills every environment. Open invocations fail. */
  stop(): Promise<void>;
}

/** Makes the function; no process is started before the first invocation or `warm`. */
export function createFunction(options: FunctionOptions): LambdaFunction {
  const { maxConcurrency = DEFAULT_MAX_CONCURRENCY, idleTimeoutMs = DEFAULT_IDLE_TIMEOUT_MS } = options;
  const environments = new Set<Environment>();
  /** The one that was used last is at the end and is used first, so that the others can be ended. */
  const idle: Environment[] = [];
  const reapers = new Map<Environment, NodeJS.Timeout>();
  let becameIdle = Promise.withResolvers<void>();
  let starting = 0;
  let stopped = false;

  function leaveIdle(environment: Environment): void {
    const index = idle.indexOf(environment);
    if (index >= 0) idle.splice(index, 1);
    clearTimeout(reapers.get(environment));
    reapers.delete(environment);
  }

  async function start(): Promise<Environment> {
    if (environments.size + starting >= maxConcurrency) {
      throw new TooManyRequestsError(`${options.name} has all its ${maxConcurrency} environments busy`);
    }
    starting++;
    try {
      const environment = await startEnvironment(options, {
        idle: (environment) => {
          leaveIdle(environment);
          idle.push(environment);
          becameIdle.resolve();
          becameIdle = Promise.withResolvers();
          reapers.set(environment, setTimeout(() => void environment.kill(), idleTimeoutMs).unref());
        },
        exited: (environment) => {
          leaveIdle(environment);
          environments.delete(environment);
        },
      });
      environments.add(environment);
      // `stop` may have been called while the process was being started.
      if (stopped) await environment.kill();
      return environment;
    } finally {
      starting--;
    }
  }

  async function acquire(): Promise<Environment> {
    if (idle.length === 0 && [...environments].some(({ state }) => state === "finishing")) {
      await Promise.race([becameIdle.promise, sleep(FINISHING_MS)]);
    }
    if (stopped) throw new Error(`${options.name} is stopped`);
    const environment = idle.at(-1);
    if (!environment) return await start();
    leaveIdle(environment);
    return environment;
  }

  return {
    name: options.name,
    get environments() {
      return [...environments];
    },
    invoke: async (event, sink = ignoreAnswer) => {
      const payload = typeof event === "string" ? event : JSON.stringify(event);
      const environment = await acquire();
      const outcome = await environment.invoke(payload, sink);
      options.onOutcome?.(outcome);
      return outcome;
    },
    warm: async () => {
      const environment = await start();
      await environment.initialised();
    },
    stop: async () => {
      stopped = true;
      await Promise.all([...environments].map((environment) => environment.kill()));
    },
  };
}

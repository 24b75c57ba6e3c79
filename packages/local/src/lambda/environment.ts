/**
 * One execution environment: a process of the real Lambda runtime client with the function in it. It takes
 * one invocation at a time, is frozen in between, and is killed at the deadline. A process that has died
 * is not started again: the function makes a new environment, which is what a cold start is.
 */
import { randomUUID } from "node:crypto";
import type { FunctionOptions } from "./function-options.ts";
import type { FunctionError, Outcome, ResponseSink } from "./outcome.ts";
import { type Answer, startRuntimeApi } from "./runtime-api.ts";
import { spawnRuntime } from "./runtime-process.ts";

/**
 * `starting`: the handler is being loaded. `finishing`: the answer is complete, the function may still be at
 * work behind it. `exited`: the process is gone for good.
 */
export type EnvironmentState = "starting" | "idle" | "busy" | "finishing" | "exited";

/** A running environment. */
export interface Environment {
  readonly pid: number;
  readonly state: EnvironmentState;
  /** Invocations that it was given, the present one included. */
  readonly invocations: number;
  /**
   * Runs one invocation; while the environment starts, it waits for that. Never rejects: what went wrong
   * is in the outcome. Throws when the environment already has an invocation, or has exited.
   */
  invoke(payload: string, sink: ResponseSink): Promise<Outcome>;
  /** Resolves once the handler is loaded. Rejects with the runtime's error when it cannot be. */
  initialised(): Promise<void>;
  /** Kills the process, as the service does at a time-out. An open invocation fails. Resolves at its exit. */
  kill(): Promise<void>;
}

/** What an environment tells the function that it belongs to. */
export interface EnvironmentEvents {
  /** Ready for the next invocation. */
  idle(environment: Environment): void;
  exited(environment: Environment): void;
}

interface OpenInvocation {
  readonly requestId: string;
  readonly payload: string;
  readonly sink: ResponseSink;
  readonly settle: (outcome: Outcome) => void;
  /** Set at the hand-over to the runtime; `performance.now()`, ms. */
  startedAtMs?: number;
  answerBegun: boolean;
  /** The answer is complete; the function may still be at work after it. */
  settled: boolean;
  /** The runtime has polled again, although the answer is not complete. */
  pollWaits: boolean;
}

/** Lambda gives an on-demand function ten seconds to load its handler. */
const INIT_TIMEOUT_MS = 10_000;

/** Resolves as soon as the process runs; `initialised` and `invoke` wait for the handler. */
export async function startEnvironment(
  options: FunctionOptions,
  events: EnvironmentEvents,
): Promise<Environment> {
  let state: EnvironmentState = "starting";
  let current: OpenInvocation | undefined;
  let invocations = 0;
  let initMs: number | undefined;
  let reportInitMs = true;
  let frozen = false;
  let causeOfDeath: FunctionError | undefined;
  const init = Promise.withResolvers<void>();
  init.promise.catch(() => {});

  const api = await startRuntimeApi({
    polled,
    initFailed: (error) => {
      causeOfDeath = error;
    },
    sinkFor: (requestId) => (current?.requestId === requestId ? watchedSink(current) : undefined),
    answered: (requestId, answer) => {
      if (current?.requestId === requestId) settle(current, answer);
    },
  });
  const startedAtMs = performance.now();
  const { child, pid } = await spawnRuntime(options, api.address).catch(async (error: unknown) => {
    await api.close();
    throw error;
  });
  child.on("error", () => {});
  let deadline = setTimeout(() => {
    killFor("Sandbox.Timedout", `Init timed out after ${INIT_TIMEOUT_MS} ms`);
  }, INIT_TIMEOUT_MS);
  const gone = Promise.withResolvers<void>();
  child.once("exit", (code, signal) => void exited(signal ?? `exit status ${code}`).then(gone.resolve));

  async function exited(ending: string): Promise<void> {
    clearTimeout(deadline);
    state = "exited";
    causeOfDeath ??= { errorType: "Runtime.ExitError", errorMessage: `Runtime exited with ${ending}` };
    init.reject(new Error(`${causeOfDeath.errorType}: ${causeOfDeath.errorMessage}`));
    // What the function wrote before it died still belongs to the caller.
    await api.drained();
    if (current && !current.settled) {
      options.log?.(`RequestId: ${current.requestId} Error: ${causeOfDeath.errorMessage}`);
      settle(current, { kind: "failed", error: causeOfDeath, answerBegun: current.answerBegun });
    }
    await api.close();
    events.exited(environment);
  }

  function polled(): void {
    if (state === "starting") {
      clearTimeout(deadline);
      initMs = performance.now() - startedAtMs;
      init.resolve();
    }
    if (current && current.startedAtMs === undefined) {
      deliver(current);
      return;
    }
    // After a failure the runtime polls while it is still sending the error.
    if (current && !current.settled) current.pollWaits = true;
    else becomeIdle();
  }

  function becomeIdle(): void {
    clearTimeout(deadline);
    current = undefined;
    state = "idle";
    events.idle(environment);
    // In a later turn, so that a waiting invocation is delivered without a freeze in between.
    setImmediate(() => {
      if (state === "idle") freeze(true);
    });
  }

  function deliver(invocation: OpenInvocation): void {
    state = "busy";
    invocation.startedAtMs = performance.now();
    clearTimeout(deadline);
    deadline = setTimeout(() => {
      const seconds = (options.timeoutMs / 1000).toFixed(2);
      if (invocation.settled) options.log?.(`Task timed out after its answer, at ${seconds} seconds`);
      killFor("Sandbox.Timedout", `Task timed out after ${seconds} seconds`);
    }, options.timeoutMs);
    freeze(false);
    api.deliver({
      requestId: invocation.requestId,
      payload: invocation.payload,
      deadlineMs: Date.now() + options.timeoutMs,
      functionArn: `arn:aws:lambda:us-east-1:000000000000:function:${options.name}`,
    });
  }

  function settle(invocation: OpenInvocation, answer: Answer): void {
    invocation.settled = true;
    if (state === "busy") state = "finishing";
    invocation.settle({
      ...answer,
      requestId: invocation.requestId,
      durationMs: performance.now() - (invocation.startedAtMs ?? startedAtMs),
      ...(reportInitMs && initMs !== undefined && { initMs }),
    });
    reportInitMs = false;
    if (invocation.pollWaits && state === "finishing") becomeIdle();
  }

  function freeze(on: boolean): void {
    if (frozen === on || options.freeze === false) return;
    frozen = on;
    child.kill(on ? "SIGSTOP" : "SIGCONT");
  }

  function killFor(errorType: string, errorMessage: string): void {
    causeOfDeath ??= { errorType, errorMessage };
    child.kill("SIGKILL");
  }

  const environment: Environment = {
    pid,
    get state() {
      return state;
    },
    get invocations() {
      return invocations;
    },
    invoke: (payload, sink) => {
      if (current || state === "exited") {
        throw new Error(`environment ${pid} of ${options.name} is ${current ? "busy" : state}`);
      }
      invocations += 1;
      const { promise, resolve } = Promise.withResolvers<Outcome>();
      current = {
        requestId: randomUUID(),
        payload,
        sink,
        settle: resolve,
        answerBegun: false,
        settled: false,
        pollWaits: false,
      };
      if (state === "idle") deliver(current);
      return promise;
    },
    initialised: () => init.promise,
    kill: async () => {
      killFor("Runtime.ExitError", "Runtime exited with SIGKILL");
      await gone.promise;
    },
  };
  return environment;
}

/** The invocation's sink, with a note of whether its answer has begun. */
function watchedSink(invocation: OpenInvocation): ResponseSink {
  return {
    head: (head) => {
      invocation.answerBegun = true;
      invocation.sink.head(head);
    },
    chunk: (bytes) => invocation.sink.chunk(bytes),
  };
}

/** What a local Lambda function is made of. */
import type { Outcome } from "./outcome.ts";
import type { ProcessGuard } from "./process-guard.ts";

/** A function, as one would configure it in AWS, and how it runs on this machine. */
export interface FunctionOptions {
  /** Names the function in logs and errors. */
  readonly name: string;
  /** The bundle's directory, absolute. */
  readonly directory: string;
  /** Module and export inside of it, for example `index.handler`. */
  readonly handler: string;
  /** Variables beside those that Lambda itself sets, which they override. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Time limit of one invocation, ms. */
  readonly timeoutMs: number;
  /** Bounds the heap as in AWS. Memory outside the heap is not bounded here. */
  readonly memoryMb: number;
  /** Environments at the same time; one more invocation is throttled. Default 50. */
  readonly maxConcurrency?: number;
  /** An environment that was not used for so long is ended, ms. Default 5 minutes. */
  readonly idleTimeoutMs?: number;
  /** Stop the process between invocations (SIGSTOP), as the service does. Default true. */
  readonly freeze?: boolean;
  /** Arguments for node, for example `--cpu-prof`. */
  readonly nodeOptions?: readonly string[];
  /** Gets each line that the function writes to stdout or stderr. */
  readonly log?: (line: string) => void;
  /** Gets the outcome of each invocation. */
  readonly onOutcome?: (outcome: Outcome) => void;
  /** Kills the processes when we are killed. */
  readonly guard?: ProcessGuard;
}

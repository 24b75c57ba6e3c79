/** What a running local system offers, and how one is asked for. */
import type { DynamoDb } from "../dynamodb/server.ts";
import type { LambdaFunction } from "../lambda/function.ts";
import type { FunctionOptions } from "../lambda/function-options.ts";
import type { Outcome } from "../lambda/outcome.ts";
import type { Sink } from "../sink/server.ts";
import type { FunctionName } from "./project.ts";
import type { Environment } from "./settings.ts";

/** The AWS services that the functions call. */
export type Service = "dynamodb" | "s3" | "secretsManager" | "sqs";

/** How a local system is started. */
export interface LocalOptions {
  /** `PORT`, `LANGFUSE_BASE_URL`, `OPENAI_API_KEY` and so on: `docs/development.md` lists them. */
  readonly env: Environment;
  /** The project's root, with `sluice.config.ts` and `dist/`. Default: that of this repository. */
  readonly root?: string;
  /** Gets what functions and parts write, a line at a time. */
  readonly log?: (source: string, line: string) => void;
  /** Gets the outcome of each invocation. */
  readonly onOutcome?: (name: FunctionName, outcome: Outcome) => void;
  /** Time in which the poller gathers a batch, seconds. Default 1, so that a trace is seen soon. */
  readonly batchWindowSeconds?: number;
  /** Most messages of a batch. Default: what a deployment has. */
  readonly batchSize?: number;
  /** Whether to start the console too. Default false. */
  readonly withConsole?: boolean;
  /** Changes a function, for example its environment variables or its time limit. */
  readonly functions?: Readonly<Partial<Record<FunctionName, Partial<FunctionOptions>>>>;
  /**
   * Where the functions reach a service, given where it is: lets a test put a proxy in between. The event
   * source mapping has its own way to the queue: `pollerEndpoint`.
   */
  readonly endpoint?: (service: Service, url: string) => string | Promise<string>;
  /** Where the event source mapping receives from the queue and deletes, given where SQS is. Default: there. */
  readonly pollerEndpoint?: (url: string) => string | Promise<string>;
}

/** A local system that is ready. */
export interface LocalSystem {
  /** The gateway, without a slash at its end. */
  readonly url: string;
  /** A virtual key that works. A secret. */
  readonly key: string;
  /** The Langfuse base URL in use. */
  readonly langfuseUrl: string;
  /** The console, without a slash at its end, when it was asked for. */
  readonly consoleUrl: string | undefined;
  /** The built-in sink, when no Langfuse was named. */
  readonly sink: Sink | undefined;
  /** Where each service listens. */
  readonly endpoints: Readonly<Record<Service, string>>;
  readonly queueUrl: string;
  readonly deadLetterQueueUrl: string;
  readonly table: string;
  readonly bucket: string;
  readonly dynamodb: DynamoDb;
  readonly gateway: LambdaFunction;
  readonly flusher: LambdaFunction;
  /**
   * Ends everything in order: open calls get a few seconds, the poller finishes its batch, then functions and
   * stores end. May be called more than once.
   */
  stop(): Promise<void>;
}

/** How an invocation ended, and where its answer goes meanwhile. */

/** An error as the Lambda runtime reports it. */
export interface FunctionError {
  /** For example `TypeError`, `Runtime.ExitError`, `Sandbox.Timedout`. */
  readonly errorType: string;
  /** The error's message. Written by the function: it may hold anything. */
  readonly errorMessage: string;
  /** The stack, one line an entry. */
  readonly trace?: readonly string[];
}

/** What every outcome has. */
interface Ending {
  /** The invocation's request id, a UUID. */
  readonly requestId: string;
  /** From the hand-over to the runtime until its answer was complete, ms. */
  readonly durationMs: number;
  /** From the start of the process until its first poll, ms. Only on the first invocation of an environment. */
  readonly initMs?: number;
}

/** How an invocation ended. */
export type Outcome = Ending &
  (
    | { readonly kind: "buffered" /** The handler's result as JSON. */; readonly payload: string }
    | { readonly kind: "streamed" }
    | {
        readonly kind: "failed";
        readonly error: FunctionError;
        /** The answer had begun: its status is out and cannot be taken back. */
        readonly answerBegun: boolean;
      }
  );

/** Status line and headers of a streamed answer, as `HttpResponseStream.from` sends them. */
export interface ResponseHead {
  readonly statusCode?: number;
  /** Numbers happen: the function's JSON is passed on as it is. */
  readonly headers?: Readonly<Record<string, string | number>>;
  readonly cookies?: readonly string[];
}

/** Takes a streamed answer while the function is still writing it. */
export interface ResponseSink {
  /** Called once, before the first chunk. */
  head(head: ResponseHead): void;
  /** Resolves when the next chunk is welcome: the function is not read any faster than this. */
  chunk(bytes: Buffer): Promise<void>;
}

/** For whoever does not listen to a streamed answer. */
export const ignoreAnswer: ResponseSink = {
  head: () => {},
  chunk: () => Promise.resolve(),
};

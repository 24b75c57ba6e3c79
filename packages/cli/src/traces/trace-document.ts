/** A trace as the commands show it, wherever it was read from. */

/** One observation. What is not known is absent. */
export interface SpanDocument {
  readonly id: string;
  readonly parentId?: string;
  readonly name: string;
  /** `generation`, `span` and so on, in lower case. */
  readonly type: string;
  /** `DEFAULT`, `DEBUG`, `WARNING` or `ERROR`. */
  readonly level: string;
  readonly statusMessage?: string;
  readonly model?: string;
  /** ISO 8601, UTC. */
  readonly startTime: string;
  readonly endTime?: string;
  readonly completionStartTime?: string;
  /** Tokens by kind. */
  readonly usage: Readonly<Record<string, number>>;
  /** US dollars, as the drain was sent them. */
  readonly costUsd?: number;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly input?: unknown;
  readonly output?: unknown;
}

/** A trace with its spans, in the order in which they began. */
export interface TraceDocument {
  readonly id: string;
  readonly name: string;
  readonly user?: string;
  readonly session?: string;
  readonly tags?: readonly string[];
  readonly environment?: string;
  readonly spans: readonly SpanDocument[];
}

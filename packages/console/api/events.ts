/** What the server tells the page, as server-sent events. The name of each is its field here. */
import type { CallRow } from "./call-row.ts";

/** Where things are. */
export interface SystemView {
  readonly gatewayUrl: string;
  /** Where traces go. */
  readonly langfuseUrl: string;
  /** Whether that is the built-in sink, whose calls the page can show. */
  readonly hasSink: boolean;
}

/** A key or a tenant and its account, as `npx sluice budgets list --json` prints it. USD as decimal text. */
export interface BudgetView {
  readonly alias?: string;
  readonly tenant?: string;
  readonly period: string;
  readonly limitUsd: string | null;
  readonly spentUsd: string;
  readonly reservedUsd: string;
  /** ISO 8601, UTC. */
  readonly resetAt: string | null;
  readonly mode: string | null;
  readonly requests: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly unpricedRequests: number;
  readonly byModel: Readonly<Record<string, { readonly spentUsd: string; readonly requests: number }>>;
}

/** How many messages a queue holds. */
export interface DepthView {
  readonly waiting: number;
  readonly inFlight: number;
  readonly delayed: number;
}

/** A parked message without its content. */
export interface ParkedView {
  readonly id: string;
  readonly kind: string;
  readonly callId?: string;
  readonly key?: string;
  /** Absent: SQS parked it, after too many receives. */
  readonly reason?: string;
  /** ISO 8601, UTC. */
  readonly sentAt: string;
}

/** The way to the drains. */
export interface QueueView {
  readonly queue: DepthView;
  readonly parked: DepthView;
  /** Some of the parked messages, a hundred at most. */
  readonly parkedMessages: readonly ParkedView[];
  /** Records that were spilled to the bucket, counted up to a thousand. */
  readonly spilled: number;
  /** What became of every call that the flusher has heard of. */
  readonly calls: {
    readonly accepted: number;
    readonly delivered: number;
    readonly parked: number;
    readonly inFlight: number;
    readonly unaccounted: number;
    /** The oldest call in flight was accepted before then. Unix time, ms. */
    readonly oldestBeforeMs?: number;
  };
}

/** How sending parked records again is going. */
export interface RedriveView {
  readonly state: "idle" | "running" | "done" | "failed";
  readonly sent: number;
  /** How many were parked when it began. */
  readonly total: number;
  readonly passedOver: number;
  /** Left where they were: sent before in this run, or gone. */
  readonly alreadySent: number;
  /** Whether it was stopped before its end. */
  readonly interrupted: boolean;
  /** Why it failed, and the remedy. */
  readonly problem?: string;
}

/** By name. */
export interface ConsoleEvents {
  /** First, on each connection: everything. */
  readonly system: SystemView;
  /** All calls, the newest first; comes once on each connection. */
  readonly snapshot: readonly CallRow[];
  /** New calls, and calls of which more is known. */
  readonly calls: readonly CallRow[];
  readonly budgets: readonly BudgetView[];
  readonly queue: QueueView;
  readonly redrive: RedriveView;
  /** A store could not be read; empty once it can. */
  readonly problem: string;
}

/** What the flusher needs of the world. Adapters are in `packages/aws`; tests hand in their own. */
import type { ResolvedDrain } from "@sluice/config";
import type { Drain } from "@sluice/langfuse";
import type { AccountStore, SettlementStore } from "@sluice/ledger";
import type { Catalogue, Picodollars } from "@sluice/prices";
import type { Redactor } from "@sluice/redaction";
import type { ClaimPointer } from "@sluice/trace";

/** A message of the queue. */
export interface QueueMessage {
  readonly id: string;
  readonly body: string;
  /** When the queue first accepted it, Unix time in ms. */
  readonly sentAtMs: number;
  /** How often it was received, this time included. */
  readonly receiveCount: number;
  /** Until then there is nothing to do for it, Unix time in ms. Absent: it is due. */
  readonly dueAtMs?: number;
}

/** A message that is to come back, and when. */
export interface Postponed {
  readonly message: QueueMessage;
  readonly delayMs: number;
}

/**
 * Puts messages off. Resolves to the ids of those that were sent afresh for it, with what they have behind them: they are done. All
 * others must be reported as failed to come back; one for which nothing could be done does so after the queue's own time. Never rejects.
 */
export type PutOff = (postponed: readonly Postponed[]) => Promise<ReadonlySet<string>>;

/** The store of records that are too large for a message. */
export interface Claims {
  /** The object's bytes, or undefined when it is gone. Throws when the store does not answer. */
  fetch(pointer: ClaimPointer): Promise<Uint8Array | undefined>;
}

/** The store of calls whose traces are too large to be sent as they are. */
export interface Wholes {
  /** The place of an object, to be named in a trace: `s3://bucket/key`. */
  uri(key: string): string;
  /** Stores an object, in the place of one that is there. Throws when the store does not take it. */
  keep(key: string, body: Uint8Array): Promise<void>;
}

/**
 * Puts a message aside that no retry can help: sends it afresh to the dead-letter queue, with the reason as
 * attribute. Throws when it could not be stored; the message then stays where it is.
 */
export type Park = (message: QueueMessage, reason: string) => Promise<void>;

/** A call that is to be taken. */
export interface CallToTake {
  readonly callId: string;
  /** Of the message that it is taken for. */
  readonly messageId: string;
  /** It is given up for dead. */
  readonly dead: boolean;
  /** Its message was received before, so that the ledger has it probably. A guess, which a right one makes cheap. */
  readonly seenBefore: boolean;
}

/** Under which hours a call is counted. Only the ledger looks inside. */
export interface CountedUnder {
  readonly acceptedHour: string;
  readonly takenHour: string;
}

/** What taking a call came to. */
export interface Taking {
  /**
   * `busy`: another consumer has it until `untilMs`. `aside`: this very message is in the dead-letter queue, or was, and what
   * came is a copy of it.
   */
  readonly kind: "taken" | "busy" | "aside";
  /** Unix time, ms. */
  readonly untilMs: number;
  /** Names of the drains that have its trace; for a call's own record, those that have more than that it died. */
  readonly delivered: ReadonlySet<string>;
  /** Whether the call was given up for dead before its own record came. */
  readonly wasDead: boolean;
  /** Whether it is counted as delivered. */
  readonly closed: boolean;
  /** To be handed back with what becomes of the call: it saves the ledger a request. */
  readonly counted?: CountedUnder | undefined;
}

/** What became of a call that was taken. */
export interface DeliveryMark {
  readonly callId: string;
  /** Names of the drains that took its trace just now. */
  readonly drains: readonly string[];
  /** It is the trace that says that the call died, which the call's own record may still replace. */
  readonly dead: boolean;
  /** Every drain has it: the call is delivered. */
  readonly complete: boolean;
  /** The end of this consumer's lease, Unix time in ms: only that one is given back. */
  readonly leaseUntilMs: number;
  readonly counted?: CountedUnder | undefined;
}

/** A call whose message was put aside. */
export interface ParkedCall {
  readonly callId: string;
  /** Of the message that was put aside. What a replay sends is another message. */
  readonly messageId: string;
  /** The end of this consumer's lease, Unix time in ms: only that one is given back. */
  readonly leaseUntilMs: number;
  readonly counted?: CountedUnder | undefined;
}

/**
 * What was done for each call, kept longer than any message can come back, and how many calls were accepted, are
 * delivered, parked or in flight: a call's state and the counts that it is in change together or not at all. What is
 * about several calls answers for each of them, in their order, and never rejects; a rejected outcome is what the
 * store threw. The other methods throw it.
 */
export interface DeliveryLedger {
  /**
   * Takes calls until `leaseUntilMs` (Unix time), unless another consumer has them, or their message is parked. The first time, a
   * call is accepted.
   */
  take(calls: readonly CallToTake[], leaseUntilMs: number): Promise<readonly PromiseSettledResult<Taking>[]>;
  /** Notes which drains have the calls' traces, and lets go of the calls that this consumer has. */
  markDelivered(marks: readonly DeliveryMark[]): Promise<readonly PromiseSettledResult<void>[]>;
  /**
   * Notes that the calls' messages are parked, and lets go of the calls that this consumer has. A parked call that is taken for another message, for a
   * replay sends one, is in flight again.
   */
  markParked(calls: readonly ParkedCall[]): Promise<readonly PromiseSettledResult<void>[]>;
  /** Counts a parked message that names no call; once, however often a message with that body is parked. */
  markUnreadable(body: string): Promise<void>;
  /** Lets go of a call that could not be finished, where the lease on it is the one that ends at `leaseUntilMs` (Unix time). */
  release(callId: string, leaseUntilMs: number): Promise<void>;
  /** Whether the call's own record has been seen. */
  knows(callId: string): Promise<boolean>;
}

/** A budget has reached a share of its limit. */
export interface BudgetEvent {
  readonly ownerKind: "key" | "tenant";
  /** The key's public id, or the tenant's name. */
  readonly ownerId: string;
  readonly periodId: string;
  /** The threshold, in percent of the limit. */
  readonly percent: number;
  readonly limitUsd: string;
  readonly spent: Picodollars;
  /** Unix time, ms. */
  readonly atMs: number;
  /** When the period ends, Unix time in ms. */
  readonly resetsAtMs?: number;
}

/** Tells of a budget event: an operator's topic, a log. Called once for each threshold in a period. */
export type Announce = (event: BudgetEvent) => Promise<void>;

/** Structured log lines. Fields hold ids and numbers, never content or secrets. */
export interface Log {
  error(message: string, fields: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields: Readonly<Record<string, unknown>>): void;
  /** What is written only for who looks for something. Absent: nothing. */
  debug?(message: string, fields: Readonly<Record<string, unknown>>): void;
}

/** A drain, and which calls it takes. */
export interface Destination extends Drain {
  /** Absent: all of every call. */
  readonly rules?: DrainRules;
}

/** Which calls a drain takes, and what of them; see `DrainConfig`. */
export interface DrainRules extends Pick<ResolvedDrain, "when" | "paused" | "sampleRate" | "capture"> {
  /** Takes out of a call what may not leave. */
  readonly redact: Redactor;
}

/** Everything the flusher is made of. */
export interface FlusherDependencies {
  readonly claims: Claims;
  /** Absent: a trace that is cut says so, and nothing else is kept of the call. */
  readonly wholes?: Wholes;
  readonly park: Park;
  /** Where traces go. With none, and for a call that none takes, a record is done once it is settled. */
  readonly drains: readonly Destination[];
  readonly deliveries: DeliveryLedger;
  readonly loadPrices: () => Promise<Catalogue>;
  readonly settlements: SettlementStore;
  readonly accounts: Pick<AccountStore, "read" | "claimAnnouncement" | "disclaimAnnouncement">;
  readonly announce: Announce;
  readonly log: Log;
  /** Unix time, ms. */
  readonly nowMs: () => number;
}

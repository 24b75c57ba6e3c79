/** Holds what callers saw against what Langfuse has: what is lost, what came twice and why, what was spent. */
import { parseUsd } from "@sluice/prices";
import type { Kill } from "./casualties.ts";
import type { Evidence, Incident } from "./evidence.ts";
import { UNMARKED } from "./flusher-log.ts";
import type { Acceptance } from "./langfuse.ts";
import type { Served } from "./model.ts";
import { type Seen, userOf } from "./traffic.ts";

/** Everything that is known when the storm is over. */
export interface Findings {
  readonly seen: readonly Seen[];
  readonly served: ReadonlyMap<number, Served>;
  readonly accepted: ReadonlyMap<string, readonly Acceptance[]>;
  readonly evidence: Evidence;
  /** What the flushers' log says, by call id. */
  readonly flusherLog: ReadonlyMap<string, readonly Incident[]>;
  readonly kills: readonly Kill[];
  /** Calls whose records were brought back from the log once everything was over. By user, and by call id. */
  readonly replayed: ReadonlySet<string>;
}

/** A call without the trace that it should have. */
export interface Loss {
  readonly call: number;
  /** As the answer named it, where there was one. */
  readonly callId: string | undefined;
  readonly why: string;
}

/** What became of the calls. */
export interface CallAudit {
  readonly traced: number;
  readonly lost: readonly Loss[];
  /** Killed before SQS could take their switch: nobody was left who knew of them. */
  readonly killedUnarmed: number;
  /** Refused before they became calls, or never begun: no answer named a call, and no provider saw one. */
  readonly turnedAway: number;
}

/** Longest time in which a gateway on a busy machine may arm its switch, ms, however long others took in this storm. */
const LONGEST_ARMING_MS = 1_500;
/** How much longer one takes that stood still meanwhile, ms. */
const FROZEN_MS = 1_500;
/** How much later than its gateway's death the provider may have read a request that was on its way, ms. */
const ON_ITS_WAY_MS = 500;

/** Looks for the trace of every call. */
export function auditCalls({ seen, served, accepted, evidence, kills }: Findings): CallAudit {
  const byUser = Map.groupBy([...accepted.values()].flat(), ({ user }) => user);
  const lost: Loss[] = [];
  const count = { traced: 0, killedUnarmed: 0, turnedAway: 0 };
  const armingMs = longestArmingMs(served, evidence);
  const deaths = new Set(kills.filter(({ lambda, atWork }) => lambda === "gateway" && atWork));
  /** A gateway has one call at a time, so each death excuses one. */
  const excusedByKill = (receivedAtMs: number): boolean => {
    const death = [...deaths].find(({ atMs, stoodStill, byTimeLimit }) => {
      const untilMs = receivedAtMs + armingMs + (stoodStill || byTimeLimit ? FROZEN_MS : 0);
      return atMs >= receivedAtMs - ON_ITS_WAY_MS && atMs <= untilMs;
    });
    return death !== undefined && deaths.delete(death);
  };
  for (const { call, poison, callId, end } of seen) {
    const user = userOf(call, poison);
    const traces = byUser.get(user);
    const receivedAtMs = served.get(call)?.receivedAtMs;
    const lose = (why: string) => lost.push({ call, callId, why });
    if (end === "stuck") {
      lose("its caller waited in vain for the end of the answer");
    } else if (traces) {
      count.traced += 1;
      if (end === "whole" && traces.every(({ dead }) => dead)) {
        lose("its caller saw the end of the answer, and its trace says that it was killed");
      }
    } else if (end === "whole") {
      lose("its caller saw the end of the answer");
    } else if (evidence.heardOf.has(user) || (callId !== undefined && evidence.heardOf.has(callId))) {
      lose("a record of it was taken");
    } else if (receivedAtMs === undefined) {
      count.turnedAway += 1;
    } else if (
      excusedByKill(receivedAtMs) ||
      evidence.hindered.has(user) ||
      (callId !== undefined && evidence.hindered.has(callId))
    ) {
      count.killedUnarmed += 1;
    } else {
      lose("the provider was asked, and there was time to arm the switch");
    }
  }
  return { ...count, lost };
}

/**
 * The longest time from the provider's having a request to SQS's having the call's switch, ms, among calls that no fault met on
 * its way; none where switches are not armed at all.
 */
function longestArmingMs(served: Findings["served"], { armedAtMs, hindered }: Evidence): number {
  const times = [...served].flatMap(([call, { receivedAtMs }]) => {
    const users = [userOf(call, false), userOf(call, true)];
    const user = users.find((name) => armedAtMs.has(name) && !hindered.has(name));
    return user === undefined ? [] : (armedAtMs.get(user) ?? 0) - receivedAtMs;
  });
  return times.reduce((longest, time) => Math.min(LONGEST_ARMING_MS, Math.max(longest, time)), 0);
}

/** Spans that were taken more than once, by why. */
export interface DuplicateAudit {
  /** Langfuse took it, its answer was lost. */
  readonly answerLost: number;
  /** The flusher was killed between export and mark. */
  readonly flusherKilled: number;
  /** DynamoDB did not take the mark, as was seen on its way or by the flusher itself, which gives it up when it has no answer. */
  readonly markFailed: number;
  /** Given up for dead, and turned up after all. */
  readonly revived: number;
  /** Nothing of that. */
  readonly others: readonly { readonly callId: string; readonly what: string }[];
}

/** Longest time between an export and its mark, ms, with a slow Langfuse, a freeze and retries of the mark. */
const MARKING_MS = 5_000;
/** The same of a flusher that stood still until another one had its messages. */
const MARKING_FROZEN_MS = 20_000;

/** Looks why spans came more than once. */
export function auditDuplicates({ accepted, evidence, flusherLog, kills }: Findings): DuplicateAudit {
  const count = { answerLost: 0, flusherKilled: 0, markFailed: 0, revived: 0 };
  const others: { callId: string; what: string }[] = [];
  for (const [span, acceptances] of accepted) {
    for (const [index, second] of acceptances.slice(1).entries()) {
      const first = acceptances[index];
      if (!first) continue;
      const between = (atMs: number) => first.atMs <= atMs && atMs <= second.atMs;
      const marked = (evidence.marks.get(first.callId) ?? []).some(between);
      const unmarked = (flusherLog.get(first.callId) ?? []).some(
        ({ atMs, what }) => what.startsWith(UNMARKED) && between(atMs),
      );
      const other = (why: string) => {
        const what = `${second.user} ${span} (${why}, ${second.atMs - first.atMs} ms)`;
        others.push({ callId: first.callId, what });
      };
      if (first.dead && !second.dead) count.revived += 1;
      else if (first.digest !== second.digest) other("with other bytes");
      else if (marked) other("although it was marked");
      else if (first.answerLost) count.answerLost += 1;
      else if (unmarked || (evidence.markFaults.get(first.callId) ?? []).some(between)) count.markFailed += 1;
      else if (
        kills.some(
          ({ lambda, atMs, atWork, stoodStill, byTimeLimit }) =>
            lambda === "flusher" &&
            atWork &&
            between(atMs) &&
            // The time limit ends only one that stood still, however long ago it exported.
            (byTimeLimit || atMs - first.atMs <= (stoodStill ? MARKING_FROZEN_MS : MARKING_MS)),
        )
      ) {
        count.flusherKilled += 1;
      } else other("without a cause");
    }
  }
  return { ...count, others };
}

/** What calls of one key cost. Picodollars. */
export interface SpendAudit {
  /** By their traces. */
  readonly traced: bigint;
  /** Of that, calls whose reservations had been given back before their records came: nothing held room for them. */
  readonly unreserved: bigint;
  /** Calls whose caller saw the end of a provider's answer, but whose trace has another cost than the provider's account. */
  readonly mismatches: readonly string[];
}

/** Adds up the traces of a key's calls, and holds them against the provider's account. */
export function auditSpend(
  { seen, served, accepted, evidence, replayed }: Findings,
  key: string,
): SpendAudit {
  const byUser = Map.groupBy([...accepted.values()].flat(), ({ user }) => user);
  const mismatches: string[] = [];
  let traced = 0n;
  let unreserved = 0n;
  for (const { call, poison, end, status, ...rest } of seen) {
    if (rest.key !== key) continue;
    const final = (byUser.get(userOf(call, poison)) ?? []).findLast(({ dead }) => !dead);
    const cost = final?.costUsd === undefined ? 0n : parseUsd(final.costUsd);
    traced += cost;
    if (final && (evidence.givenUp.has(final.callId) || replayed.has(final.callId))) unreserved += cost;
    const expected = end === "whole" && status === 200 ? served.get(call)?.cost : undefined;
    if (expected !== undefined && expected !== cost) {
      mismatches.push(`call ${call}: ${expected} at the provider, ${cost} on its trace`);
    }
  }
  return { traced, unreserved, mismatches };
}

/** The ledger of a storm: what became of the calls, of the money, and of the memory; and whether that is as promised. */
import type { Reconciliation } from "@sluice/flusher";
import { formatUsd, type Picodollars } from "@sluice/prices";
import { auditCalls, auditDuplicates, auditSpend, type Findings } from "./audit.ts";
import type { Held } from "./calm.ts";
import { namesOf } from "./evidence.ts";
import { historyOf } from "./history.ts";
import { isBad, type Memory } from "./memory.ts";
import type { StormKeys } from "./rotation.ts";
import type { Fault } from "./schedule.ts";

/** What a key's account says, and what it should not go over. Picodollars. */
export interface FinalAccount {
  readonly spent: bigint;
  readonly reserved: bigint;
  /** Of a strict budget. */
  readonly limit: bigint | undefined;
}

/** What a ledger is drawn from. */
export interface StormOutcome {
  readonly findings: Findings;
  /** By the key's name. */
  readonly accounts: ReadonlyMap<string, FinalAccount>;
  /** What was brought back from the log. */
  readonly fromLog: readonly Held[];
  readonly parked: readonly Held[];
  /** What is parked after that was replayed. */
  readonly parkedAgain: readonly Held[];
  readonly undrained: number;
  readonly drainedAfterSeconds: number;
  /** The system's own counts, once everything else was delivered, and once what was parked was, too. */
  readonly whileParked: Reconciliation;
  readonly atTheEnd: Reconciliation;
  readonly memory: Memory;
  readonly struck: ReadonlyMap<Fault, number>;
  readonly rotations: StormKeys["counts"];
  readonly overslept: number;
  readonly repeated: number;
  readonly overtaken: number;
}

/** What became of a key's money, USD. */
export interface KeySpend {
  /** In its account. */
  readonly settled: string;
  /** By the traces of its calls. */
  readonly traced: string;
  /** Still held, though no call is under way: what a killed gateway reserved until that expires. */
  readonly reserved: string;
  /**
   * Over the limit of a strict budget. As documented (docs/budgets.md), that is at most what calls cost whose reservations
   * had been given back, because they were given up for dead or waited in the log, before their records came.
   */
  readonly overLimit?: { readonly by: string; readonly ofUnreserved: string };
}

/** The ledger of a storm. */
export interface StormLedger {
  /** Whether nothing is lost, nothing came twice outside the window, the spend is exact, and no process keeps memory. */
  readonly holds: boolean;
  readonly calls: number;
  /** Calls by what they asked for. */
  readonly kinds: Readonly<Record<string, number>>;
  /** Answers by status, and how they ended. */
  readonly seen: Readonly<Record<string, number>>;
  readonly traced: number;
  readonly lost: readonly string[];
  readonly killedUnarmed: number;
  readonly turnedAway: number;
  readonly duplicatesInWindow: Readonly<Record<string, number>>;
  readonly duplicatesOutside: readonly string[];
  /** What happened to the calls that are lost or came twice outside the window, by call id. */
  readonly histories: Readonly<Record<string, readonly string[]>>;
  /** Parked messages by reason. All were replayed, and count as lost if their trace did not come then. */
  readonly parked: Readonly<Record<string, number>>;
  /** Parked messages whose calls Langfuse had nothing against, and those that were parked again after the replay. */
  readonly parkedWrongly: readonly string[];
  readonly replayedFromLog: number;
  /** Messages and objects that did not get to their end. */
  readonly undrained: number;
  readonly drainedAfterSeconds: number;
  /** By key. */
  readonly spend: Readonly<Record<string, KeySpend>>;
  /** Costs that differ, and strict budgets that went over their limit without a documented cause. */
  readonly spendMismatches: readonly string[];
  /** What the system's own counts say: accepted = delivered + parked + in flight. */
  readonly reconciliation: Readonly<Record<"whileParked" | "atTheEnd", Reconciliation>>;
  /** Where they differ from what is in the dead-letter queue and at Langfuse. */
  readonly reconciledWrongly: readonly string[];
  readonly memory: Memory;
  readonly kills: Readonly<Record<string, number>>;
  /** Flushers that stood still until another one had their messages. */
  readonly overslept: number;
  /** Messages that were delivered twice, and that younger ones overtook. */
  readonly redelivered: { readonly repeated: number; readonly overtaken: number };
  readonly rotations: StormKeys["counts"];
  /** Requests that each fault met. */
  readonly struck: Readonly<Record<string, number>>;
}

/** Draws it. */
export function drawLedger(outcome: StormOutcome): StormLedger {
  const { findings, accounts, parked, parkedAgain, undrained, memory } = outcome;
  const { lost, ...traces } = auditCalls(findings);
  const { others, ...inWindow } = auditDuplicates(findings);
  const spends = [...accounts].map(([name, account]) => ({ name, ...auditKey(name, account, findings) }));
  const spendMismatches = spends.flatMap(({ mismatches }) => mismatches);
  const parkedWrongly = [...parked.filter(isWrong), ...parkedAgain].map(
    ({ body, reason }) => `${namesOf(body).join(" ")}: ${reason}`,
  );
  const tooMuchMemory = Object.values(memory).some(isBad);
  const reconciledWrongly = auditCounts(outcome);
  const faults = [lost, others, spendMismatches, parkedWrongly, reconciledWrongly].flat().length + undrained;
  return {
    holds: faults === 0 && !tooMuchMemory,
    calls: findings.seen.length,
    kinds: tally(findings.seen.map(({ kind }) => kind)),
    seen: tally(findings.seen.map(({ end, status }) => `${status ?? "no status"}, ${end}`)),
    ...traces,
    lost: lost.map(({ call, why }) => `call ${call}: ${why}`),
    duplicatesInWindow: inWindow,
    duplicatesOutside: others.map(({ what }) => what),
    histories: Object.fromEntries(
      [...lost, ...others].flatMap(({ callId }) =>
        callId === undefined ? [] : [[callId, historyOf(findings, callId)]],
      ),
    ),
    parked: tally(parked.map(({ reason }) => reason)),
    parkedWrongly,
    replayedFromLog: outcome.fromLog.length,
    undrained,
    drainedAfterSeconds: outcome.drainedAfterSeconds,
    spend: Object.fromEntries(spends.map(({ name, spend }) => [name, spend])),
    spendMismatches,
    reconciliation: { whileParked: outcome.whileParked, atTheEnd: outcome.atTheEnd },
    reconciledWrongly,
    memory,
    kills: tally(
      findings.kills.map(
        ({ lambda, atWork, byTimeLimit }) =>
          `${lambda}${atWork ? " at work" : ""}${byTimeLimit ? ", by its time limit" : ""}`,
      ),
    ),
    overslept: outcome.overslept,
    redelivered: { repeated: outcome.repeated, overtaken: outcome.overtaken },
    rotations: outcome.rotations,
    struck: Object.fromEntries(outcome.struck),
  };
}

function auditKey(name: string, { spent, reserved, limit }: FinalAccount, findings: Findings) {
  const { traced, unreserved, mismatches } = auditSpend(findings, name);
  const over = limit === undefined ? 0n : spent - limit;
  const usd = (amount: bigint) => formatUsd(amount as Picodollars);
  const spend: KeySpend = {
    settled: usd(spent),
    traced: usd(traced),
    reserved: usd(reserved),
    ...(over > 0n && { overLimit: { by: usd(over), ofUnreserved: usd(unreserved) } }),
  };
  return {
    spend,
    mismatches: [
      ...mismatches,
      ...(spent === traced ? [] : [`${name}: settled ${spent}, traced ${traced}`]),
      ...(over > unreserved
        ? [`${name}: ${over} over its limit, of which ${unreserved} had no reservation`]
        : []),
    ],
  };
}

/** Holds the system's own counts against what there is. */
function auditCounts({ whileParked, atTheEnd, parked, findings }: StormOutcome): readonly string[] {
  const parkedCalls = new Set(parked.map(({ body }) => namesOf(body)[0])).size;
  const traced = new Set([...findings.accepted.values()].flat().map(({ callId }) => callId)).size;
  const expectations = [
    ["parked", whileParked.parked, parkedCalls],
    ["in flight with an empty queue", whileParked.inFlight, 0],
    ["unaccounted", whileParked.unaccounted, 0],
    ["delivered at the end", atTheEnd.delivered, traced],
    ["accepted at the end", atTheEnd.accepted, traced],
    ["parked at the end", atTheEnd.parked, 0],
    ["in flight at the end", atTheEnd.inFlight, 0],
    ["unaccounted at the end", atTheEnd.unaccounted, 0],
  ] as const;
  return expectations
    .filter(([, counted, found]) => counted !== found)
    .map(([what, counted, found]) => `${what}: counted ${counted}, found ${found}`);
}

/** Only a refusal of Langfuse for the span alone is a reason, and only poison is refused. */
function isWrong({ body, reason }: Held): boolean {
  const names = namesOf(body);
  const isPoison = names.length === 1 || names.some((name) => name.startsWith("poison"));
  return !isPoison || !reason.includes("400");
}

function tally(names: readonly string[]): Readonly<Record<string, number>> {
  return Object.fromEntries([...Map.groupBy(names, (name) => name)].map(([name, all]) => [name, all.length]));
}

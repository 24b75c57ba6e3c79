/** What happened to a call, from end to end: of a call that is lost or came twice, so that the cause can be told. */
import type { Findings } from "./audit.ts";
import type { Incident } from "./evidence.ts";

/** A line for each thing that happened, by time: writes to the ledger of delivery, acceptances by Langfuse, what flushers said and how they died. */
export function historyOf(
  { accepted, evidence, flusherLog, kills }: Findings,
  callId: string,
): readonly string[] {
  const own: readonly Incident[] = [
    ...(evidence.ledgerWrites.get(callId) ?? []),
    ...(flusherLog.get(callId) ?? []).map(({ atMs, what }) => ({ atMs, what: `a flusher: ${what}` })),
    ...[...accepted.values()]
      .flat()
      .filter((acceptance) => acceptance.callId === callId)
      .map(({ atMs, dead, answerLost }) => ({
        atMs,
        what: `Langfuse took it${dead ? " as dead" : ""}${answerLost ? ", and its answer was lost" : ""}`,
      })),
  ];
  const times = own.map(({ atMs }) => atMs);
  const deaths = kills
    .filter(({ lambda, atMs }) => {
      return lambda === "flusher" && atMs >= Math.min(...times) && atMs <= Math.max(...times);
    })
    .map(({ atMs, atWork, stoodStill, byTimeLimit }) => ({
      atMs,
      what: `a flusher was killed${atWork ? " at work" : ""}${stoodStill ? ", that had stood still" : ""}${byTimeLimit ? ", by its time limit" : ""}`,
    }));
  return [...own, ...deaths]
    .toSorted((one, other) => one.atMs - other.atMs)
    .map(({ atMs, what }) => `${new Date(atMs).toISOString().slice(11, -1)} ${what}`);
}

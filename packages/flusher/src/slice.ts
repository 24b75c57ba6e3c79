/** Sends the part of a batch that is held in memory to its drains. */
import type { ExportOutcome } from "@sluice/langfuse";
import { messageEnd, PAUSED } from "./message-end.ts";
import type { Destination } from "./ports.ts";
import type { Ended, Taken } from "./take-calls.ts";

/** What became of a call. */
export interface Exported extends Ended {
  readonly item: Taken;
  /** Names of the drains that took its trace just now. */
  readonly newlyDelivered: readonly string[];
}

const ALREADY: ExportOutcome = { kind: "delivered" };
const UNKNOWN_OUTCOME: ExportOutcome = {
  kind: "retry",
  reason: "The drain did not say what became of it.",
};

/** Sends each call to those of its drains that do not have it yet, all drains at the same time. Never rejects. */
export async function exportSlice(
  slice: readonly Taken[],
  drains: readonly Destination[],
): Promise<readonly Exported[]> {
  const outcomes = new Map(
    await Promise.all(drains.map(async (drain) => [drain.name, await exportTo(drain, slice)] as const)),
  );
  return slice.map((item) => {
    const ofItem = new Map(
      item.drains.map((name) => [name, outcomes.get(name)?.get(item) ?? UNKNOWN_OUTCOME] as const),
    );
    const newlyDelivered = [...ofItem].flatMap(([name, outcome]) =>
      outcome.kind === "delivered" && outcome !== ALREADY ? [name] : [],
    );
    const { message, record, counted } = item;
    return {
      item,
      message,
      callId: record.callId,
      counted,
      end: messageEnd(ofItem),
      newlyDelivered,
    };
  });
}

async function exportTo(
  drain: Destination,
  slice: readonly Taken[],
): Promise<ReadonlyMap<Taken, ExportOutcome>> {
  const own = slice.filter(({ drains }) => drains.includes(drain.name));
  const lacking = own.filter(({ delivered }) => !delivered.has(drain.name));
  const outcomes = new Map<Taken, ExportOutcome>(own.map((item) => [item, ALREADY]));
  for (const item of lacking) outcomes.set(item, drain.rules?.paused ? PAUSED : UNKNOWN_OUTCOME);
  if (drain.rules?.paused) return outcomes;
  const sending = lacking.flatMap((item) => {
    const trace = item.traces.get(drain.name);
    return trace ? [{ item, trace }] : [];
  });
  if (sending.length === 0) return outcomes;
  try {
    const results = await drain.export(sending.map(({ trace }) => trace));
    sending.forEach(({ item }, index) => outcomes.set(item, results[index] ?? UNKNOWN_OUTCOME));
  } catch (error) {
    const reason = `The drain failed: ${error instanceof Error ? error.message : String(error)}`;
    for (const { item } of sending) outcomes.set(item, { kind: "retry", reason });
  }
  return outcomes;
}

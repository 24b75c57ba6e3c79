/** Sends the part of a batch that is held in memory to every drain. */
import type { Drain, ExportOutcome } from "@sluice/langfuse";
import { messageEnd } from "./message-end.ts";
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

/** Sends each call to the drains that do not have it yet, all drains at the same time. Never rejects. */
export async function exportSlice(
  slice: readonly Taken[],
  drains: readonly Drain[],
): Promise<readonly Exported[]> {
  const outcomes = new Map(
    await Promise.all(drains.map(async (drain) => [drain.name, await exportTo(drain, slice)] as const)),
  );
  return slice.map((item) => {
    const ofItem = new Map(
      drains.map(({ name }) => [name, outcomes.get(name)?.get(item) ?? UNKNOWN_OUTCOME] as const),
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

async function exportTo(drain: Drain, slice: readonly Taken[]): Promise<ReadonlyMap<Taken, ExportOutcome>> {
  const has = slice.filter(({ delivered }) => delivered.has(drain.name));
  const sending = slice.flatMap((item) => {
    const trace = item.delivered.has(drain.name) ? undefined : item.traces.get(drain.name);
    return trace ? [{ item, trace }] : [];
  });
  const outcomes = new Map<Taken, ExportOutcome>(has.map((item) => [item, ALREADY]));
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

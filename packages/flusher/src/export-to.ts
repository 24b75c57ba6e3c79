/** Sends traces to one drain, each once that is in place which it refers to. */
import { type ExportOutcome, withPlaceholders } from "@sluice/langfuse";
import { PAUSED } from "./message-end.ts";
import type { Destination, Log } from "./ports.ts";
import type { Taken } from "./take-calls.ts";

/** What became of the calls that are kept whole; a call that is not there needed no keeping. */
export type KeptWholes = ReadonlyMap<Taken, Promise<"kept" | Error>>;

/** The drain has the trace since an earlier export. */
export const ALREADY: ExportOutcome = { kind: "delivered" };
/** For a trace that no answer tells of. */
export const UNKNOWN_OUTCOME: ExportOutcome = {
  kind: "retry",
  reason: "The drain did not say what became of it.",
};

interface Sending {
  readonly item: Taken;
  readonly trace: Uint8Array;
}

/**
 * Sends those of a slice's traces that the drain takes and does not have. A trace that refers to files, or to where the whole
 * is kept, waits for those, and no other waits for it. Never rejects.
 */
export async function exportTo(
  drain: Destination,
  slice: readonly Taken[],
  kept: KeptWholes,
  log: Log,
): Promise<ReadonlyMap<Taken, ExportOutcome>> {
  const own = slice.filter(({ drains }) => drains.includes(drain.name));
  const lacking = own.filter(({ delivered }) => !delivered.has(drain.name));
  const outcomes = new Map<Taken, ExportOutcome>(own.map((item) => [item, ALREADY]));
  for (const item of lacking) outcomes.set(item, drain.rules?.paused ? PAUSED : UNKNOWN_OUTCOME);
  if (drain.rules?.paused) return outcomes;
  const sending = lacking.flatMap((item): Sending[] => {
    const trace = item.traces.get(drain.name);
    return trace ? [{ item, trace }] : [];
  });
  const ready = sending.filter(({ item }) => !refersTo(item, drain));
  const waiting = sending.filter(({ item }) => refersTo(item, drain));
  await Promise.all([
    send(drain, ready, outcomes),
    supply(drain, waiting, kept, outcomes, log).then((supplied) => send(drain, supplied, outcomes)),
  ]);
  return outcomes;
}

function refersTo({ media, whole }: Taken, { name }: Destination): boolean {
  return media.has(name) || whole?.drains.has(name) === true;
}

/** Puts in place what traces refer to. Returns those that can be sent, and enters the outcome of the others. */
async function supply(
  drain: Destination,
  waiting: readonly Sending[],
  kept: KeptWholes,
  outcomes: Map<Taken, ExportOutcome>,
  log: Log,
): Promise<readonly Sending[]> {
  const supplied: Sending[] = [];
  const withFiles: Sending[] = [];
  for (const sending of waiting) {
    const result = sending.item.whole?.drains.has(drain.name) ? await kept.get(sending.item) : "kept";
    if (result instanceof Error) {
      const reason = `The call could not be kept whole, and its trace has to be cut: ${result.message}`;
      outcomes.set(sending.item, { kind: "retry", reason });
    } else if (sending.item.media.has(drain.name)) {
      withFiles.push(sending);
    } else {
      supplied.push(sending);
    }
  }
  if (!drain.media || withFiles.length === 0) return supplied;
  const results = await drain.media.store(withFiles.flatMap(({ item }) => item.media.get(drain.name) ?? []));
  withFiles.forEach(({ item, trace }, index) => {
    const result = results[index] ?? UNKNOWN_OUTCOME;
    if (result.kind === "retry") {
      outcomes.set(item, result);
    } else if (result.kind === "refused") {
      const { callId } = item.record;
      const { reason, media } = result;
      log.warn("Media could not be stored; placeholders stand for them in the trace.", {
        drain: drain.name,
        callId,
        count: media.length,
        reason,
      });
      supplied.push({ item, trace: withPlaceholders(trace, media) });
    } else {
      supplied.push({ item, trace });
    }
  });
  return supplied;
}

async function send(
  drain: Destination,
  sending: readonly Sending[],
  outcomes: Map<Taken, ExportOutcome>,
): Promise<void> {
  if (sending.length === 0) return;
  try {
    const results = await drain.export(sending.map(({ trace }) => trace));
    sending.forEach(({ item }, index) => outcomes.set(item, results[index] ?? UNKNOWN_OUTCOME));
  } catch (error) {
    const reason = `The drain failed: ${error instanceof Error ? error.message : String(error)}`;
    for (const { item } of sending) outcomes.set(item, { kind: "retry", reason });
  }
}

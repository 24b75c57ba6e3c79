/** From a record to everything that is needed to finish its call: its trace for each drain, and its settlement. */
import type { Catalogue } from "@sluice/prices";
import type { ExchangeRecord } from "@sluice/trace";
import { bill } from "./bill.ts";
import { chooseDrains, fittingDrains, withoutKnownDrain } from "./choose-drains.ts";
import { type EncodedTraces, encodeTraces } from "./encode-traces.ts";
import type { MessageEnd } from "./message-end.ts";
import { observe } from "./observe.ts";
import type { Destination, QueueMessage, Wholes } from "./ports.ts";
import { settlementOf, type ToSettle } from "./settle-calls.ts";

/** What is still asked of a record once it is prepared. Its bodies are let go: they may be a hundred times as large as its trace. */
export type PreparedRecord = Pick<ExchangeRecord, "callId" | "outcome" | "accounts">;

/** A message whose record is understood. */
export interface Prepared {
  readonly message: QueueMessage;
  readonly record: PreparedRecord;
  /** Names of the drains that take its trace. */
  readonly drains: readonly string[];
  /** Names of those that would, had its trace been drawn. */
  readonly sampledOut: readonly string[];
  /** The trace in the format of each drain that takes it and is not paused, by the drain's name. */
  readonly traces: EncodedTraces["traces"];
  /** The files that a trace refers to, by the drain's name. */
  readonly media: EncodedTraces["media"];
  /** The call as it is kept when a trace of it had to be cut. */
  readonly whole?: EncodedTraces["whole"];
  /** How the message ends once it is settled, when its record cannot be shown as a trace. */
  readonly end?: MessageEnd;
  /** What is to be entered in the ledger; absent for a call that was not admitted. */
  readonly toSettle?: ToSettle;
}

/**
 * Prepares a record. Never throws: a record that breaks every mapping is one that is to be parked. `sampling` off: for
 * every drain that the call fits, drawn or not.
 */
export function prepare(
  message: QueueMessage,
  record: ExchangeRecord,
  catalogue: Catalogue,
  drains: readonly Destination[],
  { sampling = true, wholes }: { readonly sampling?: boolean; readonly wholes?: Wholes | undefined } = {},
): Prepared {
  const { callId, outcome, accounts } = record;
  const kept: PreparedRecord = { callId, outcome, accounts };
  const fitting = fittingDrains(record, drains);
  let toSettle: ToSettle | undefined;
  try {
    const observed = { ...observe(record), queuedAtMs: message.sentAtMs };
    const billing = bill(observed, catalogue);
    const settlement = settlementOf(record, billing);
    toSettle = settlement && { record: kept, settlement };
    const call = { ...observed, ...(billing && { billing }) };
    const nowhere = withoutKnownDrain(record, drains);
    const chosen = sampling ? chooseDrains(call, fitting) : { taking: fitting, sampledOut: [] };
    return {
      message,
      record: kept,
      drains: namesOf(chosen.taking),
      sampledOut: namesOf(chosen.sampledOut),
      ...encodeTraces(call, chosen.taking, wholes),
      ...(nowhere !== undefined && { end: { kind: "park", reason: nowhere } }),
      ...(toSettle && { toSettle }),
    };
  } catch (error) {
    const reason = `The record cannot be shown as a trace: ${describe(error)}`;
    return {
      message,
      record: kept,
      drains: namesOf(fitting),
      sampledOut: [],
      traces: new Map(),
      media: new Map(),
      end: { kind: "park", reason },
      ...(toSettle && { toSettle }),
    };
  }
}

/** Bytes that a message's traces hold, with what has to be stored before they are sent. */
export function traceBytes({ traces, media, whole }: Prepared): number {
  const files = media.values().flatMap((span) => span.media);
  return (
    traces.values().reduce((sum, trace) => sum + trace.byteLength, whole?.body.byteLength ?? 0) +
    files.reduce((sum, { content }) => sum + content.byteLength, 0)
  );
}

function namesOf(drains: readonly Destination[]): readonly string[] {
  return drains.map(({ name }) => name);
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** From a record to everything that is needed to finish its call: its trace for each drain, and its settlement. */
import type { ObservedCall } from "@sluice/langfuse";
import type { Catalogue } from "@sluice/prices";
import type { ExchangeRecord } from "@sluice/trace";
import { bill } from "./bill.ts";
import { chooseDrains, fittingDrains } from "./choose-drains.ts";
import type { MessageEnd } from "./message-end.ts";
import { observe, observeRaw } from "./observe.ts";
import type { Destination, QueueMessage } from "./ports.ts";
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
  readonly traces: ReadonlyMap<string, Uint8Array>;
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
  { sampling = true }: { readonly sampling?: boolean } = {},
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
    const chosen = sampling ? chooseDrains(call, fitting) : { taking: fitting, sampledOut: [] };
    return {
      message,
      record: kept,
      drains: namesOf(chosen.taking),
      sampledOut: namesOf(chosen.sampledOut),
      traces: encode(call, chosen.taking),
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
      end: { kind: "park", reason },
      ...(toSettle && { toSettle }),
    };
  }
}

/** Bytes of a message's traces. */
export function traceBytes({ traces }: Prepared): number {
  return traces.values().reduce((sum, trace) => sum + trace.byteLength, 0);
}

/**
 * The trace of a call for each drain that is not paused; one that breaks the mapping is shown raw. Throws when even that
 * fails. Without a drain nothing is mapped.
 */
function encode(call: ObservedCall, drains: readonly Destination[]): ReadonlyMap<string, Uint8Array> {
  return new Map(
    drains
      .filter(({ rules }) => !rules?.paused)
      .map((drain) => {
        try {
          return [drain.name, drain.encode(call)] as const;
        } catch (error) {
          const raw = observeRaw(call.record, `Its mapping failed: ${describe(error)}.`);
          return [drain.name, drain.encode(raw)] as const;
        }
      }),
  );
}

function namesOf(drains: readonly Destination[]): readonly string[] {
  return drains.map(({ name }) => name);
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

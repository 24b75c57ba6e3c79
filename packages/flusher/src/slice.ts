/** Sends the part of a batch that is held in memory to its drains. */
import { ALREADY, exportTo, type KeptWholes, UNKNOWN_OUTCOME } from "./export-to.ts";
import { messageEnd } from "./message-end.ts";
import type { FlusherDependencies, Wholes } from "./ports.ts";
import type { Ended, Taken } from "./take-calls.ts";

/** What became of a call. */
export interface Exported extends Ended {
  readonly item: Taken;
  /** Names of the drains that took its trace just now. */
  readonly newlyDelivered: readonly string[];
}

/** Sends each call to those of its drains that do not have it yet, all drains at the same time. Never rejects. */
export async function exportSlice(
  slice: readonly Taken[],
  { drains, wholes, log }: Pick<FlusherDependencies, "drains" | "wholes" | "log">,
): Promise<readonly Exported[]> {
  const kept = keepWholes(slice, wholes);
  const outcomes = new Map(
    await Promise.all(
      drains.map(async (drain) => [drain.name, await exportTo(drain, slice, kept, log)] as const),
    ),
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

/** Keeps whole what traces will say is kept. Never rejects: each trace is told by itself. */
function keepWholes(slice: readonly Taken[], wholes: Wholes | undefined): KeptWholes {
  const keep = async (key: string, body: Uint8Array) => {
    try {
      await wholes?.keep(key, body);
      return "kept";
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  };
  return new Map(
    slice.flatMap((item) => (item.whole ? [[item, keep(item.whole.key, item.whole.body)] as const] : [])),
  );
}

/** Hands a finished record to the outbox. */
import { packRecord, RECORD_PREFIX, type TraceRecord, unsentRecordFields } from "@sluice/trace";
import type { GatewayDependencies } from "./ports.ts";

/** Longest time for queue and bucket together, ms: the caller waits for the end of its answer. */
const LONGEST_SEND_MS = 10_000;
/** Kept free before the function's time limit for writing the log, ms. */
const LOG_MARGIN_MS = 500;

/** Where a record went: to the queue, to the bucket since the queue did not take it, or to the log since neither did. */
export type RecordFate = "queued" | "spilled" | "logged";

/**
 * Resolves once the record is safe, with where it is. When neither queue nor bucket takes it, the record is written to the log, which is
 * the last place left, and the call goes on: the caller's answer must not depend on our queue. `deadlineAtMs` is when
 * the platform ends the call by force, Unix time in ms.
 */
export async function deliver(
  record: TraceRecord,
  deps: Pick<GatewayDependencies, "outbox" | "log" | "nowMs">,
  deadlineAtMs: number = Number.POSITIVE_INFINITY,
): Promise<RecordFate> {
  const { callId } = record;
  const packed = packRecord(record);
  const day = new Date(deps.nowMs()).toISOString().slice(0, 10);
  const giveUpAtMs = Math.min(deps.nowMs() + LONGEST_SEND_MS, deadlineAtMs - LOG_MARGIN_MS);
  try {
    const sent = await deps.outbox.send(packed, { giveUpAtMs, spillKey: `spill/${day}/${callId}` });
    return sent ?? "queued";
  } catch (error) {
    const body =
      packed.kind === "inline"
        ? packed.body
        : RECORD_PREFIX + Buffer.from(packed.object.bytes).toString("base64");
    const reason = error instanceof Error ? error.message : String(error);
    for (const fields of unsentRecordFields(callId, body)) {
      deps.log.error("Neither queue nor bucket took the record; it follows in this line.", {
        fallback: "log",
        error: reason,
        ...fields,
      });
    }
    return "logged";
  }
}

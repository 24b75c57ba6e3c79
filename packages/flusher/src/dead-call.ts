/** The dead man's switch, when it goes off: a call of which nothing is known but that it began. */
import type { ExchangeRecord, OpenedRecord } from "@sluice/trace";
import type { MessageEnd } from "./message-end.ts";
import type { QueueMessage } from "./ports.ts";

/** Shortest and longest time that a call's own record is waited for once its switch has arrived, ms. */
const MIN_PATIENCE_MS = 5_000;
const MAX_PATIENCE_MS = 10 * 60_000;

/** What follows from a switch whose call the ledger does not know. */
export type Verdict =
  | { readonly kind: "wait"; readonly end: MessageEnd }
  | { readonly kind: "dead"; readonly record: ExchangeRecord };

/**
 * Judges a call that nobody has heard of since it began. Its own record may only be late: the call may still
 * be under way, or a flusher that was away has both before it in any order. So a switch is looked at twice, with
 * time in between for the queue to be worked off; the second time the call is dead. Received twice is not looked at twice:
 * the ledger may have been away. So that time must have gone by since the call's deadline, too.
 */
export function judge(opened: OpenedRecord, message: QueueMessage, nowMs: number): Verdict {
  const { startedAtMs, deadlineAtMs } = opened;
  const patienceMs = Math.min(MAX_PATIENCE_MS, Math.max(MIN_PATIENCE_MS, deadlineAtMs - startedAtMs));
  const waitsFromMs = message.receiveCount === 1 ? Math.max(nowMs, deadlineAtMs) : deadlineAtMs;
  const retryAfterMs = waitsFromMs + patienceMs - nowMs;
  if (retryAfterMs > 0) {
    const reason = "The call has not been heard of since it began; its own record may only be late.";
    return { kind: "wait", end: { kind: "failed", reason, retryAfterMs } };
  }
  return { kind: "dead", record: deadCall(opened) };
}

/** The record of a call whose function was killed: everything that was known when it began, and that it failed. */
function deadCall(opened: OpenedRecord): ExchangeRecord {
  const { kind: _kind, provider, model, startedAtMs, deadlineAtMs, ...call } = opened;
  const code = "function_killed";
  const message = "The gateway function was killed (time limit, memory or a crash) before the call ended.";
  return {
    ...call,
    kind: "exchange",
    attempts: [{ provider, model, startedAtMs, endedAtMs: deadlineAtMs, error: { code, message } }],
    outcome: { kind: "failed", code, message },
    times: { startedAtMs, endedAtMs: deadlineAtMs, overheadMs: 0 },
  };
}

/**
 * Under which name a dead call's settlement is known: not under the call's own, so that a record that turns up
 * after all can still be settled at its real cost.
 */
export function deadCallId(callId: string): string {
  return `${callId}#dead`;
}

/** What is told of a request when its answer has ended: what metrics and the log are made of. Ids and numbers, no content. */
import type { Endpoint, Outcome } from "@sluice/trace";
import type { RecordFate } from "./deliver.ts";
import type { GatewayError } from "./errors.ts";
import type { Journal } from "./journal.ts";
import type { Log } from "./ports.ts";

/** How a call was handed over to the flusher. */
export interface HandedOver {
  readonly outcome: Outcome;
  readonly fate: RecordFate;
  /** Time until the record was safe, ms. */
  readonly enqueueMs: number;
}

/** A call that has a trace. */
export interface TracedCall {
  readonly traced: true;
  readonly endpoint: Endpoint;
  readonly requestId: string;
  readonly traceId: string;
  /** Public id of the virtual key. */
  readonly keyId: string;
  readonly streaming: boolean;
  readonly outcome: Outcome["kind"];
  /** Why it was refused or failed, as the caller was told. */
  readonly code?: string;
  /** HTTP status of the provider's last answer. */
  readonly providerStatus?: number;
  /** Who was asked last, as the config names it; absent when nobody was. */
  readonly provider?: string;
  /** The model's name as sent to that provider. */
  readonly model?: string;
  /** How often a provider was asked. */
  readonly attempts: number;
  /** Whether the last try went to another provider or model than the first. */
  readonly fellBack: boolean;
  /** From the request's arrival until its answer had ended and its record was safe, ms. */
  readonly durationMs: number;
  /** The gateway's own time before a provider was asked, ms. */
  readonly overheadMs: number;
  /** From the request's arrival to the first byte of the provider's body, ms. */
  readonly firstByteMs?: number;
  readonly enqueueMs: number;
  readonly fate: RecordFate;
}

/** A request that was refused before it was anybody's: it has no trace, and is counted instead. */
export interface UntracedCall {
  readonly traced: false;
  readonly status: number;
  /** Why, as the caller was told. */
  readonly code: string;
  readonly durationMs: number;
}

/** See `TracedCall` and `UntracedCall`. */
export type FinishedCall = TracedCall | UntracedCall;

/** A call whose answer has ended. Undefined when its record was never handed over, since the gateway failed before that. */
export function tracedCall(journal: Journal, nowMs: number): TracedCall | undefined {
  const { identity, handedOver, attempts, firstByteAtMs } = journal;
  if (!handedOver) return undefined;
  const { outcome, fate, enqueueMs } = handedOver;
  const [first, last] = [attempts[0], attempts.at(-1)];
  return {
    traced: true,
    endpoint: identity.endpoint,
    requestId: identity.callId,
    traceId: identity.trace.traceId,
    keyId: identity.key.id,
    streaming: journal.streaming,
    outcome: outcome.kind,
    ...(outcome.kind !== "answered" && { code: outcome.code }),
    ...(last && { provider: last.provider, model: last.model }),
    ...(last?.status !== undefined && { providerStatus: last.status }),
    attempts: attempts.length,
    fellBack: first?.provider !== last?.provider || first?.model !== last?.model,
    durationMs: nowMs - identity.startedAtMs,
    overheadMs: journal.overheadMs,
    ...(firstByteAtMs !== undefined && { firstByteMs: firstByteAtMs - identity.startedAtMs }),
    enqueueMs,
    fate,
  };
}

/** A request that was answered with an error and has no trace. */
export function untracedCall({ status, error }: GatewayError, durationMs: number): UntracedCall {
  return { traced: false, status, code: error.code, durationMs };
}

/** Writes a line for each try at a provider, for who looks for something. */
export function logAttempts({ identity, attempts }: Journal, log: Log): void {
  for (const { provider, model, startedAtMs, endedAtMs, status, error } of attempts) {
    log.debug?.("A try at a provider has ended.", {
      requestId: identity.callId,
      traceId: identity.trace.traceId,
      keyId: identity.key.id,
      provider,
      model,
      status,
      code: error?.code,
      tookMs: endedAtMs - startedAtMs,
    });
  }
}

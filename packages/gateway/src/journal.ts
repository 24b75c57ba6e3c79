/** What is known of a call so far, and the record that it becomes. One journal for each call. */
import type { VirtualKey } from "@sluice/keys";
import {
  type Answer,
  type Attempt,
  CAPTURE_MODES,
  type CallId,
  type CaptureMode,
  type Endpoint,
  type ExchangeRecord,
  type Outcome,
  RECORD_VERSION,
  type TraceContext,
} from "@sluice/trace";
import type { Admission } from "./admission/admit.ts";
import type { HandedOver } from "./finished-call.ts";
import { callerHeaders } from "./forwarded-headers.ts";
import type { GatewayRequest } from "./http.ts";

/** A try that is still going on, or over. */
export type OpenAttempt = { -readonly [Name in keyof Attempt]: Attempt[Name] };

/** What stands fixed when a call begins. */
export interface CallIdentity {
  readonly callId: CallId;
  readonly endpoint: Endpoint;
  readonly key: VirtualKey;
  readonly trace: TraceContext;
  readonly request: GatewayRequest;
  /** Unix time, ms. */
  readonly startedAtMs: number;
  readonly gatewayVersion: string;
  readonly passage?: ExchangeRecord["passage"];
  /** Names of the caller's headers that drains keep. */
  readonly keptHeaders?: readonly string[];
}

/** The account of one call. */
export interface Journal {
  readonly identity: CallIdentity;
  /** Every try, in order; the last one may still be open. */
  readonly attempts: OpenAttempt[];
  /** The model's name as the caller wrote it. */
  requestedModel?: string;
  /** Whether the caller asked for a stream. */
  streaming: boolean;
  /** The gateway's own time before it called a provider, ms. */
  overheadMs: number;
  /** How the call was admitted; absent while it is not. */
  admission?: Admission;
  /** Settles when the call's dead man's switch is armed, could not be, or is needed no more. */
  armed?: Promise<void>;
  /** Aborted once the call's own record is safe. */
  readonly recorded: AbortController;
  /** Fields of the request that were left out, since the provider's format has no word for them. */
  droppedParams?: readonly string[];
  /** First byte of the provider's body, Unix time in ms. */
  firstByteAtMs?: number;
  /** How it ended and where its record is; absent while that is not safe. */
  handedOver?: HandedOver;
}

/** Begins the account of a call. */
export function openJournal(identity: CallIdentity): Journal {
  return { identity, attempts: [], streaming: false, overheadMs: 0, recorded: new AbortController() };
}

/** Marks the last try as over. */
export function closeAttempt(journal: Journal, endedAtMs: number, error?: Attempt["error"]): void {
  const last = journal.attempts.at(-1);
  if (!last) return;
  last.endedAtMs = endedAtMs;
  if (error) last.error = error;
}

/** What every record of the call says of it. */
export function callFields({ identity, admission, requestedModel, streaming }: Journal) {
  const { callId, endpoint, key, trace, request, gatewayVersion, passage, keptHeaders = [] } = identity;
  const headers = callerHeaders(request.headers, keptHeaders);
  const userAgent = request.headers["user-agent"];
  return {
    version: RECORD_VERSION,
    callId,
    endpoint,
    streaming,
    key: keyIdentity(key),
    trace,
    ...(requestedModel !== undefined && { requestedModel }),
    request: { contentType: request.headers["content-type"] ?? "", body: request.body },
    ...(passage && { passage }),
    ...(key.drains && { drains: key.drains }),
    ...captureOf(key, trace),
    accounts: admission?.accounts ?? [],
    caller: {
      ...(request.callerIp !== undefined && { ip: request.callerIp }),
      ...(userAgent !== undefined && { userAgent }),
      ...(headers && { headers }),
    },
    gatewayVersion,
  } as const;
}

/** The finished record of a call. */
export function toRecord(
  journal: Journal,
  outcome: Outcome,
  endedAtMs: number,
  answer?: Answer,
): ExchangeRecord {
  const { identity, attempts, overheadMs, firstByteAtMs, droppedParams = [] } = journal;
  return {
    ...callFields(journal),
    kind: "exchange",
    attempts,
    ...(answer && { answer }),
    outcome,
    times: {
      startedAtMs: identity.startedAtMs,
      ...(firstByteAtMs !== undefined && { firstByteAtMs }),
      endedAtMs,
      overheadMs,
    },
    ...(droppedParams.length > 0 && { droppedParams }),
  };
}

/** The answer headers by which a caller finds its trace and learns who answered. */
export function callHeaders(journal: Journal): Record<string, string> {
  const { identity, attempts, overheadMs } = journal;
  const last = attempts.at(-1);
  return {
    "x-sluice-request-id": identity.callId,
    "x-sluice-trace-id": identity.trace.traceId,
    "x-sluice-cache": "off",
    "x-sluice-attempts": String(attempts.length),
    "x-sluice-overhead-ms": String(overheadMs),
    ...journal.admission?.headers,
    ...(last && { "x-sluice-provider": last.provider, "x-sluice-model": last.model }),
  };
}

/** The least that the key and the call allow. */
function captureOf({ capture }: VirtualKey, trace: TraceContext): { readonly capture?: CaptureMode } {
  const least = CAPTURE_MODES.findLast((mode) => mode === capture || mode === trace.capture);
  return least === undefined ? {} : { capture: least };
}

function keyIdentity({ id, hash, alias, owner, tenant, environment }: VirtualKey): ExchangeRecord["key"] {
  return {
    id,
    hash,
    alias,
    ...(owner !== undefined && { owner }),
    ...(tenant !== undefined && { tenant }),
    ...(environment !== undefined && { environment }),
  };
}

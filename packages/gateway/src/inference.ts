/**
 * A model call from its first byte to its last: read ▸ route ▸ call ▸ pass on ▸ record ▸ release the end.
 * The end of the answer means that the trace is safe.
 */
import { PassThrough } from "node:stream";
import type { ResolvedConfig } from "@sluice/config";
import type { VirtualKey } from "@sluice/keys";
import { operationAt } from "@sluice/providers";
import { type Answer, newCallId, type Outcome } from "@sluice/trace";
import { createByteGate, createSseGate } from "@sluice/wire/pipe";
import { type AdmissionDependencies, admit } from "./admission/admit.ts";
import { openAnswer } from "./attempts.ts";
import { createCapture } from "./capture.ts";
import { armSwitch } from "./dead-mans-switch.ts";
import { deadlineSignal } from "./deadline.ts";
import { deliver } from "./deliver.ts";
import type { CallTarget } from "./endpoints.ts";
import {
  badRequest,
  type ErrorShape,
  errorBody,
  type GatewayError,
  requestTooLarge,
  toGatewayError,
  upstreamFailed,
} from "./errors.ts";
import { logAttempts, tracedCall } from "./finished-call.ts";
import { answerHeaders, recordedHeaders } from "./forwarded-headers.ts";
import type { GatewayRequest, GatewayResponse } from "./http.ts";
import { asksForUsage, parseJson, readCall } from "./inference-request.ts";
import { callHeaders, closeAttempt, type Journal, openJournal, toRecord } from "./journal.ts";
import type { GatewayDependencies } from "./ports.ts";
import { isDecoded, isEventStream, relay } from "./relay.ts";
import type { CoolDown } from "./routing/cool-down.ts";
import { drawFor } from "./routing/draw.ts";
import { planFor, planRoute, type RoutePlan } from "./routing/route-plan.ts";
import { readTraceContext } from "./trace-context/trace-context.ts";
import { createTranscoder, EVENT_STREAM, MAX_WHOLE_BYTES } from "./transcoder.ts";

/** The answer stopped in the middle of its body: the caller's connection must break, too. */
export class AnswerBrokenOff extends Error {
  override readonly name = "AnswerBrokenOff";
}

/** What an instance serves model calls with. */
export type InferenceDependencies = GatewayDependencies &
  AdmissionDependencies & { readonly coolDown: CoolDown };

/** A model call with a valid key. */
export interface InferenceCall {
  readonly request: GatewayRequest;
  readonly response: GatewayResponse;
  readonly target: CallTarget;
  readonly key: VirtualKey;
  /** When the call came in, Unix time in ms. */
  readonly startedAtMs: number;
}

/**
 * Serves a model call. Whatever happens, exactly one record is delivered. Rejects only with
 * `AnswerBrokenOff`, after the record is safe.
 */
export async function serveInference(
  call: InferenceCall,
  config: ResolvedConfig,
  deps: InferenceDependencies,
): Promise<void> {
  const { request, response, target, key, startedAtMs } = call;
  const parsed = isJson(request) ? parseJson(request.body) : undefined;
  const journal = openJournal({
    callId: newCallId(deps.random),
    endpoint: target.endpoint,
    key,
    trace: readTraceContext(request.headers, parsed, key, deps.random),
    request,
    startedAtMs,
    gatewayVersion: deps.version,
    keptHeaders: Object.values(config.drains).flatMap(({ keep }) => keep.requestHeaders),
    ...(target.endpoint === "proxy" && { passage: { method: request.method, path: target.path } }),
  });
  const deadline = deadlineSignal(request.deadlineAtMs, startedAtMs);
  try {
    const passOn = await answerOf(call, parsed, journal, deadline.signal, config, deps).catch(
      (thrown: unknown) => () => refuse(toGatewayError(thrown), target.errors, journal, response, deps),
    );
    await passOn();
  } catch (thrown) {
    // Status and headers have left: breaking the connection is the only way to say that this is no answer.
    throw thrown instanceof AnswerBrokenOff
      ? thrown
      : new AnswerBrokenOff("Sluice failed while it passed an answer on.", { cause: thrown });
  } finally {
    deadline.clear();
    const finished = tracedCall(journal, deps.nowMs());
    await Promise.all([journal.admission?.leave(), journal.armed]);
    if (finished) deps.onFinished?.(finished);
    logAttempts(journal, deps.log);
  }
}

/**
 * Everything that may still be refused: up to the provider's headers. Resolves to the rest of the call.
 * Throws a `GatewayError`.
 */
async function answerOf(
  call: InferenceCall,
  parsed: unknown,
  journal: Journal,
  signal: AbortSignal,
  config: ResolvedConfig,
  deps: InferenceDependencies,
): Promise<() => Promise<void>> {
  const { request, response, target } = call;
  const { limits } = config;
  if (request.body.length > limits.requestBytes) {
    throw requestTooLarge(request.body.length, limits.requestBytes);
  }
  const inference = await readCall(request, parsed, target);
  if (inference.model !== "") journal.requestedModel = inference.model;
  journal.streaming = inference.streaming;
  journal.admission = await admit(
    {
      key: call.key,
      request: inference,
      endpoint: target.endpoint,
      plan: (model) => planOf(model, call, journal, config, deps),
      formatAt: ({ provider, model }) => {
        const speaks = config.providers[provider]?.speaks ?? [];
        const { endpoint } = target;
        if (endpoint === "proxy") return undefined;
        return operationAt({ speaks }, { endpoint, model, streaming: inference.streaming })?.format;
      },
      startedAtMs: call.startedAtMs,
      deadlineAtMs: request.deadlineAtMs,
    },
    deps,
  );
  const { plan } = journal.admission;
  journal.overheadMs = deps.nowMs() - call.startedAtMs;
  if (config.deadMansSwitch) journal.armed = armSwitch(journal, deps);
  const open = await openAnswer({ request, inference, target, plan, config, signal }, journal, deps);
  const { answer, prepared, provider } = open;
  journal.droppedParams = prepared.droppedParams;

  return async () => {
    const status = answer.statusCode ?? 502;
    const transcoder = createTranscoder(answer, prepared.translation);
    const capture = createCapture(limits.captureBytes);
    const headers = {
      ...answerHeaders(answer.headers, {
        decoded: isDecoded(answer, transcoder),
        ...(transcoder && { contentType: transcoder.contentType }),
      }),
      ...callHeaders(journal),
    };
    // An answer that is translated as a whole may yet turn out to be none: its status waits for its end.
    const held = transcoder?.whole ? new PassThrough({ highWaterMark: MAX_WHOLE_BYTES }) : undefined;
    const out = held ?? response.start(status, headers);
    const streaming = isEventStream(answer) || transcoder?.contentType === EVENT_STREAM;
    const { failure, tail } = await relay({
      answer,
      body: out,
      capture,
      ...(transcoder && { transcoder }),
      gate: streaming
        ? createSseGate(target.stream({ dropUsage: asksForUsage(inference, target.endpoint) }))
        : createByteGate(),
      idleTimeoutMs: open.idleTimeoutMs,
      signal: open.signal,
      onFirstByte: () => {
        journal.firstByteAtMs = deps.nowMs();
      },
    });
    const endedAtMs = deps.nowMs();
    const error = failure && { code: failure.code, message: `${provider.name}: ${failure.message}` };
    closeAttempt(journal, endedAtMs, error);
    const outcome: Outcome = error ? { kind: "failed", ...error } : { kind: "answered" };
    const delivered = record(journal, outcome, endedAtMs, deps, {
      status,
      ...(prepared.format && { format: prepared.format }),
      headers: recordedHeaders(answer.headers),
      ...capture.result(),
    });
    if (config.delivery === "durable") await delivered;
    if (held) {
      const failed = failure && upstreamFailed(provider.name, failure);
      if (failed) refuseWith(failed, target.errors, journal, response);
      else response.start(status, headers).end(Buffer.concat([readAll(held), ...tail]));
      await delivered;
      return;
    }
    if (!error) {
      for (const piece of tail) out.write(piece);
      out.end();
    } else if (streaming) {
      out.end(target.errorEvent({ ...error, type: "server_error" }));
    }
    await delivered;
    // A body that just stopped would look whole to a client that does not count bytes.
    if (error && !streaming) throw new AnswerBrokenOff(error.message);
  };
}

/** The way of a call for a model's name. Throws a `GatewayError` when there is none. */
function planOf(
  model: string,
  { target, key }: InferenceCall,
  { identity }: Journal,
  config: ResolvedConfig,
  deps: InferenceDependencies,
): RoutePlan {
  if (target.endpoint === "proxy") {
    if (!Object.hasOwn(config.providers, target.provider)) {
      throw badRequest("unknown_provider", `No provider "${target.provider}" is configured.`);
    }
    return planFor({ provider: target.provider, model, limits: config.limits });
  }
  const { sessionId, tags, tenant, feature, environment } = identity.trace;
  const routed = {
    ...(tags && { tags }),
    ...(tenant !== undefined && { tenant }),
    ...(feature !== undefined && { feature }),
    ...(environment !== undefined && { environment }),
    key: key.alias,
    draw: drawFor(sessionId, deps.random),
  };
  return planRoute(model, routed, config, deps.coolDown);
}

/** Records a call that got no answer of a provider, then tells the caller. */
async function refuse(
  error: GatewayError,
  shape: ErrorShape,
  journal: Journal,
  response: GatewayResponse,
  deps: InferenceDependencies,
): Promise<void> {
  const { callId, startedAtMs } = journal.identity;
  const { code, message } = error.error;
  const endedAtMs = deps.nowMs();
  if (journal.attempts.length === 0) journal.overheadMs = endedAtMs - startedAtMs;
  if (error.status >= 500) deps.log.error(message, { callId, code, cause: error.cause });
  const outcome =
    journal.attempts.length > 0
      ? ({ kind: "failed", code, message } as const)
      : ({ kind: "refused", status: error.status, code, message } as const);
  await record(journal, outcome, endedAtMs, deps);
  refuseWith(error, shape, journal, response);
}

/** Resolves once the call's record is safe, after which its dead man's switch is of no use. Never rejects. */
async function record(
  journal: Journal,
  outcome: Outcome,
  endedAtMs: number,
  deps: InferenceDependencies,
  answer?: Answer,
): Promise<void> {
  const { deadlineAtMs } = journal.identity.request;
  const fate = await deliver(toRecord(journal, outcome, endedAtMs, answer), deps, deadlineAtMs);
  journal.handedOver = { outcome, fate, enqueueMs: deps.nowMs() - endedAtMs };
  journal.recorded.abort();
}

function refuseWith(
  error: GatewayError,
  shape: ErrorShape,
  journal: Journal,
  response: GatewayResponse,
): void {
  const headers = { "content-type": "application/json", ...error.headers, ...callHeaders(journal) };
  response.start(error.status, headers).end(errorBody(error, shape));
}

/** Whether a body may be read as JSON. Many clients name no type, so only other types are left alone. */
function isJson({ headers }: GatewayRequest): boolean {
  return !/^(multipart|audio|image|video)\//i.test(headers["content-type"] ?? "");
}

/** Everything that was written to a stream that holds it all. */
function readAll(stream: PassThrough): Buffer {
  const bytes: unknown = stream.read();
  return Buffer.isBuffer(bytes) ? bytes : Buffer.alloc(0);
}

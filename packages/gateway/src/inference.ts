/**
 * A model call from its first byte to its last: read ▸ route ▸ call ▸ pass on ▸ record ▸ release the end.
 * The end of the answer means that the trace is safe.
 */
import type { ResolvedConfig } from "@sluice/config";
import type { VirtualKey } from "@sluice/keys";
import { resolveModel } from "@sluice/providers";
import { newCallId } from "@sluice/trace";
import { chatStreamFormat, openAiErrorEvent } from "@sluice/wire";
import { type AdmissionDependencies, admit } from "./admission/admit.ts";
import { openAnswer } from "./attempts.ts";
import { createCapture } from "./capture.ts";
import { armSwitch } from "./dead-mans-switch.ts";
import { deadlineSignal } from "./deadline.ts";
import { deliver } from "./deliver.ts";
import type { InferenceEndpoint } from "./endpoints.ts";
import { badRequest, errorBody, type GatewayError, requestTooLarge, toGatewayError } from "./errors.ts";
import { answerHeaders, recordedHeaders } from "./forwarded-headers.ts";
import type { GatewayRequest, GatewayResponse } from "./http.ts";
import { asksForUsage, forwardedBody, parseJson, readInferenceRequest } from "./inference-request.ts";
import { callHeaders, closeAttempt, type Journal, openJournal, toRecord } from "./journal.ts";
import type { GatewayDependencies } from "./ports.ts";
import { isDecoded, isEventStream, relay } from "./relay.ts";
import { readTraceContext } from "./trace-context/trace-context.ts";

/** The answer stopped in the middle of its body: the caller's connection must break, too. */
export class AnswerBrokenOff extends Error {
  override readonly name = "AnswerBrokenOff";
}

/** What an instance serves model calls with. */
export type InferenceDependencies = GatewayDependencies & AdmissionDependencies;

/** A model call with a valid key. */
export interface InferenceCall {
  readonly request: GatewayRequest;
  readonly response: GatewayResponse;
  readonly target: InferenceEndpoint;
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
  const parsed = parseJson(request.body);
  const journal = openJournal({
    callId: newCallId(deps.random),
    endpoint: target.endpoint,
    key,
    trace: readTraceContext(request.headers, parsed, key, deps.random),
    request,
    startedAtMs,
    gatewayVersion: deps.version,
  });
  const deadline = deadlineSignal(request.deadlineAtMs, startedAtMs);
  try {
    const passOn = await answerOf(call, parsed, journal, deadline.signal, config, deps).catch(
      (thrown: unknown) => () => refuse(toGatewayError(thrown), journal, response, deps),
    );
    await passOn();
  } catch (thrown) {
    // Status and headers have left: breaking the connection is the only way to say that this is no answer.
    throw thrown instanceof AnswerBrokenOff
      ? thrown
      : new AnswerBrokenOff("Sluice failed while it passed an answer on.", { cause: thrown });
  } finally {
    deadline.clear();
    await Promise.all([journal.admission?.leave(), journal.armed]);
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
  const inference = readInferenceRequest(request.body, parsed);
  journal.requestedModel = inference.model;
  journal.streaming = inference.streaming;
  journal.admission = await admit(
    {
      key: call.key,
      request: inference,
      endpoint: target.endpoint,
      resolve: (model) => resolveModel(model, config),
      startedAtMs: call.startedAtMs,
      deadlineAtMs: request.deadlineAtMs,
    },
    deps,
  );
  const { route } = journal.admission;
  const provider = config.providers[route.provider];
  if (!provider) {
    throw badRequest("unknown_model", `No provider serves the model "${inference.model}".`, "model");
  }
  const body = forwardedBody(inference, target.endpoint, route.model);
  journal.overheadMs = deps.nowMs() - call.startedAtMs;
  if (config.deadMansSwitch) journal.armed = armSwitch(journal, deps);
  const answer = await openAnswer(
    {
      request,
      route,
      provider,
      path: target.upstreamPath,
      body,
      streaming: inference.streaming,
      limits,
      signal,
    },
    journal,
    deps,
  );

  return async () => {
    const status = answer.statusCode ?? 502;
    const streaming = isEventStream(answer);
    const capture = createCapture(limits.captureBytes);
    const out = response.start(status, {
      ...answerHeaders(answer.headers, isDecoded(answer)),
      ...callHeaders(journal),
    });
    const { failure, tail } = await relay({
      answer,
      body: out,
      capture,
      sseFormat: chatStreamFormat({ dropUsage: asksForUsage(inference, target.endpoint) }),
      idleTimeoutMs: limits.idleTimeoutMs,
      signal,
      onFirstByte: () => {
        journal.firstByteAtMs = deps.nowMs();
      },
    });
    const endedAtMs = deps.nowMs();
    const error = failure && { code: failure.code, message: `${provider.name}: ${failure.message}` };
    closeAttempt(journal, endedAtMs, error);
    const delivered = deliver(
      toRecord(journal, error ? { kind: "failed", ...error } : { kind: "answered" }, endedAtMs, {
        status,
        headers: recordedHeaders(answer.headers),
        ...capture.result(),
      }),
      deps,
      request.deadlineAtMs,
    );
    if (config.delivery === "durable") await delivered;
    if (!error) {
      for (const piece of tail) out.write(piece);
      out.end();
    } else if (streaming) {
      out.end(openAiErrorEvent({ ...error, type: "server_error" }));
    }
    await delivered;
    // A body that just stopped would look whole to a client that does not count bytes.
    if (error && !streaming) throw new AnswerBrokenOff(error.message);
  };
}

/** Records a call that got no answer of a provider, then tells the caller. */
async function refuse(
  error: GatewayError,
  journal: Journal,
  response: GatewayResponse,
  deps: InferenceDependencies,
): Promise<void> {
  const { callId, startedAtMs, request } = journal.identity;
  const { code, message } = error.error;
  const endedAtMs = deps.nowMs();
  if (journal.attempts.length === 0) journal.overheadMs = endedAtMs - startedAtMs;
  if (error.status >= 500) deps.log.error(message, { callId, code, cause: error.cause });
  const outcome =
    journal.attempts.length > 0
      ? ({ kind: "failed", code, message } as const)
      : ({ kind: "refused", status: error.status, code, message } as const);
  await deliver(toRecord(journal, outcome, endedAtMs), deps, request.deadlineAtMs);
  const headers = { "content-type": "application/json", ...error.headers, ...callHeaders(journal) };
  response.start(error.status, headers).end(errorBody(error));
}

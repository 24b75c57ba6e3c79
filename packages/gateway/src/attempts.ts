/** Gets an answer from a provider and keeps account of each try. */
import type { ResolvedConfig, ResolvedProvider, ResolvedTarget } from "@sluice/config";
import { type AuthorizationDependencies, authorizedHeaders, storedKey } from "./authorization.ts";
import { badRequest, toGatewayError, UpstreamError, upstreamFailed } from "./errors.ts";
import { closeAttempt, type Journal, type OpenAttempt } from "./journal.ts";
import type { GatewayDependencies } from "./ports.ts";
import type { CoolDown } from "./routing/cool-down.ts";
import type { ProviderAnswer } from "./routing/provider-answer.ts";
import type { RoutePlan } from "./routing/route-plan.ts";
import { totalLimit } from "./routing/total-limit.ts";
import { type PreparedRequest, prepareRequest, type UpstreamTarget } from "./upstream-request.ts";

/** What is to be sent, and every place that it may be sent to. */
export interface UpstreamCall extends Omit<UpstreamTarget, "provider" | "route"> {
  readonly plan: RoutePlan;
  readonly config: Pick<ResolvedConfig, "providers" | "dropParams">;
  readonly signal: AbortSignal;
}

/** What getting an answer takes. */
export type AttemptDependencies = AuthorizationDependencies &
  Pick<GatewayDependencies, "callUpstream" | "nowMs" | "random" | "wait"> & { readonly coolDown: CoolDown };

/** The answer that is the caller's, as far as its status and headers. */
export interface OpenAnswer {
  readonly answer: ProviderAnswer;
  /** The request that it answers. */
  readonly prepared: PreparedRequest;
  readonly provider: ResolvedProvider;
  /** Longest silence inside the answer, ms. */
  readonly idleTimeoutMs: number;
  /** Aborted when the answer must end now. */
  readonly signal: AbortSignal;
}

/**
 * Resolves with the answer that is the caller's, whatever its status: of the plan's one target, or of the first one that has a good
 * one. Every try is entered in the journal as it starts; the last one is still open and ends with the answer's body. Throws a
 * `GatewayError`.
 */
export async function openAnswer(
  call: UpstreamCall,
  journal: Journal,
  deps: AttemptDependencies,
): Promise<OpenAnswer> {
  const { targets, contextFallbacks, contentFallbacks, retries } = call.plan;
  const [only, ...others] = targets;
  if (only && others.length + contextFallbacks.length + contentFallbacks.length + retries === 0) {
    return await tryTarget(only, call, journal, deps);
  }
  const { tryTargets } = await import("./routing/try-targets.ts");
  return await tryTargets(call, journal, deps);
}

/** Reads as much of an answer as can be before any of it leaves. Rejects with `UpstreamError`. */
export type Secure = (
  answer: ProviderAnswer,
  limits: ResolvedTarget["limits"],
  startedAtMs: number,
) => Promise<ProviderAnswer>;

/**
 * One try at a target. A refused key (401) is read again from the store, past the cache, and tried once more if it has changed.
 * `secure`: for an answer that may still be thrown away. Throws a `GatewayError`.
 */
export async function tryTarget(
  target: ResolvedTarget,
  call: UpstreamCall,
  journal: Journal,
  deps: AttemptDependencies,
  secure?: Secure,
): Promise<OpenAnswer> {
  const provider = call.config.providers[target.provider];
  if (!provider) {
    throw badRequest("unknown_model", `No provider serves the model "${call.inference.model}".`, "model");
  }
  const prepared = await prepareRequest({ ...call, provider, route: target }, call.config, deps);
  const apiKey = await storedKey(provider, deps);
  const sending = { target, provider, prepared, ...(secure && { secure }) };
  const open = await send({ ...sending, apiKey }, call, journal, deps);
  if (open.answer.statusCode !== 401 || apiKey === undefined) return open;

  const refreshed = await deps.credentials.refreshedApiKey(provider.name).catch(() => undefined);
  if (refreshed === undefined || refreshed === apiKey) return open;
  closeAttempt(journal, deps.nowMs(), {
    code: "invalid_api_key",
    message: "The provider refused a key that has been replaced since.",
  });
  open.answer.destroy();
  return await send({ ...sending, apiKey: refreshed }, call, journal, deps);
}

/** What one request is sent with. */
interface Sending {
  readonly target: ResolvedTarget;
  readonly provider: ResolvedProvider;
  readonly prepared: PreparedRequest;
  readonly apiKey: string | undefined;
  readonly secure?: Secure;
}

async function send(
  { target, provider, prepared, apiKey, secure }: Sending,
  call: UpstreamCall,
  journal: Journal,
  deps: AttemptDependencies,
): Promise<OpenAnswer> {
  const { limits } = target;
  const { method, url, body } = prepared;
  const signal = totalLimit(call.signal, limits.totalTimeoutMs);
  const startedAtMs = deps.nowMs();
  const current: OpenAttempt = {
    provider: target.provider,
    model: target.model,
    startedAtMs,
    endedAtMs: startedAtMs,
  };
  journal.attempts.push(current);
  try {
    const answer: ProviderAnswer = await deps.callUpstream({
      method,
      url,
      headers: await authorizedHeaders(provider, prepared, apiKey, signal, deps),
      ...(body.length > 0 && { body }),
      connectTimeoutMs: limits.connectTimeoutMs,
      firstByteTimeoutMs: limits.firstByteTimeoutMs,
      signal,
    });
    current.headersAtMs = deps.nowMs();
    current.endedAtMs = current.headersAtMs;
    if (answer.statusCode !== undefined) current.status = answer.statusCode;
    const open = { prepared, provider, idleTimeoutMs: limits.idleTimeoutMs, signal };
    return { ...open, answer: secure ? await secure(answer, limits, startedAtMs) : answer };
  } catch (error) {
    const failure =
      error instanceof UpstreamError ? upstreamFailed(provider.name, error) : toGatewayError(error);
    closeAttempt(journal, deps.nowMs(), { code: failure.error.code, message: failure.error.message });
    throw failure;
  }
}

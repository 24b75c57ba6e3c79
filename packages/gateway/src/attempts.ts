/** Gets an answer from a provider and keeps account of each try. */
import type { IncomingMessage } from "node:http";
import type { ResolvedConfig, ResolvedProvider } from "@sluice/config";
import type { ModelRoute } from "@sluice/providers";
import {
  providerNotConfigured,
  toGatewayError,
  UpstreamError,
  unavailable,
  upstreamFailed,
} from "./errors.ts";
import { requestHeaders } from "./forwarded-headers.ts";
import type { GatewayRequest } from "./http.ts";
import { closeAttempt, type Journal, type OpenAttempt } from "./journal.ts";
import type { GatewayDependencies } from "./ports.ts";

/** What is to be sent, and where to. */
export interface UpstreamCall {
  readonly request: GatewayRequest;
  readonly route: ModelRoute;
  readonly provider: ResolvedProvider;
  /** The path below the provider's base URL. */
  readonly path: string;
  readonly body: Buffer;
  readonly streaming: boolean;
  readonly limits: ResolvedConfig["limits"];
  readonly signal: AbortSignal;
}

/**
 * Calls the provider and resolves with its answer, whatever its status. A refused key (401) is read again
 * from the store, past the cache, and tried once more if it has changed. Every try is entered in the journal
 * as it starts; the last one is still open and ends with the answer's body. Throws a `GatewayError`.
 */
export async function openAnswer(
  call: UpstreamCall,
  journal: Journal,
  deps: Pick<GatewayDependencies, "credentials" | "callUpstream" | "nowMs">,
): Promise<IncomingMessage> {
  const { provider } = call;
  const { credentials } = deps;
  const apiKey = await storedKey(provider.name, () => credentials.apiKey(provider.name));
  const answer = await attempt(call, apiKey, journal, deps);
  if (answer.statusCode !== 401) return answer;

  const refreshed = await credentials.refreshedApiKey(provider.name).catch(() => undefined);
  if (refreshed === undefined || refreshed === apiKey) return answer;
  closeAttempt(journal, deps.nowMs(), {
    code: "invalid_api_key",
    message: "The provider refused a key that has been replaced since.",
  });
  answer.destroy();
  return await attempt(call, refreshed, journal, deps);
}

async function attempt(
  call: UpstreamCall,
  apiKey: string,
  journal: Journal,
  deps: Pick<GatewayDependencies, "callUpstream" | "nowMs">,
): Promise<IncomingMessage> {
  const { request, route, provider, limits } = call;
  const startedAtMs = deps.nowMs();
  const current: OpenAttempt = {
    provider: route.provider,
    model: route.model,
    startedAtMs,
    endedAtMs: startedAtMs,
  };
  journal.attempts.push(current);
  try {
    const answer = await deps.callUpstream({
      method: request.method,
      url: new URL(`${provider.baseUrl}${call.path}${request.query ? `?${request.query}` : ""}`),
      headers: requestHeaders(request.headers, apiKey, call.streaming),
      body: call.body,
      connectTimeoutMs: limits.connectTimeoutMs,
      firstByteTimeoutMs: limits.firstByteTimeoutMs,
      signal: call.signal,
    });
    current.headersAtMs = deps.nowMs();
    current.endedAtMs = current.headersAtMs;
    if (answer.statusCode !== undefined) current.status = answer.statusCode;
    return answer;
  } catch (error) {
    const failure =
      error instanceof UpstreamError ? upstreamFailed(provider.name, error) : toGatewayError(error);
    closeAttempt(journal, deps.nowMs(), { code: failure.error.code, message: failure.error.message });
    throw failure;
  }
}

async function storedKey(provider: string, read: () => Promise<string | undefined>): Promise<string> {
  const apiKey = await read().catch((cause: unknown) => {
    throw unavailable("secrets_unavailable", "The store of provider keys does not answer. Try again.", cause);
  });
  if (apiKey === undefined) throw providerNotConfigured(provider);
  return apiKey;
}

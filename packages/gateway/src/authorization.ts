/** Tells a provider who calls, in the way that its API asks for. */
import type { ResolvedProvider } from "@sluice/config";
import { needsApiKey } from "@sluice/providers";
import { providerNotConfigured, UpstreamError, unavailable, upstreamFailed } from "./errors.ts";
import type { GatewayDependencies, SignableRequest } from "./ports.ts";

/** What authorizing a call takes. */
export type AuthorizationDependencies = Pick<
  GatewayDependencies,
  "credentials" | "signRequest" | "googleAccessToken"
>;

/** The stored key of a provider; undefined for one that needs none. Throws a `GatewayError` when there is none, or no store. */
export async function storedKey(
  provider: ResolvedProvider,
  { credentials }: Pick<AuthorizationDependencies, "credentials">,
): Promise<string | undefined> {
  if (!needsApiKey(provider.auth)) return undefined;
  const apiKey = await credentials.apiKey(provider.name).catch((cause: unknown) => {
    throw unavailable("secrets_unavailable", "The store of provider keys does not answer. Try again.", cause);
  });
  if (apiKey === undefined) throw providerNotConfigured(provider.name);
  return apiKey;
}

/**
 * The headers of a request with its authorization added. Throws what the signer throws, a `GatewayError` when no token is to be had
 * for the key, and the signal's reason. `apiKey`: as `storedKey` gave it.
 */
export async function authorizedHeaders(
  provider: ResolvedProvider,
  request: SignableRequest,
  apiKey: string | undefined,
  signal: AbortSignal,
  deps: AuthorizationDependencies,
): Promise<Readonly<Record<string, string>>> {
  const { headers } = request;
  const key = apiKey ?? "";
  switch (provider.auth) {
    case "bearer":
      return { ...headers, authorization: `Bearer ${key}` };
    case "x-api-key":
    case "api-key":
    case "x-goog-api-key":
      return { ...headers, [provider.auth]: key };
    case "google-oauth":
      return { ...headers, authorization: `Bearer ${await accessToken(provider.name, key, signal, deps)}` };
    case "aws-sigv4":
      return await deps.signRequest(request);
    case "none":
      break;
  }
  return headers;
}

/** A key that is none is the operator's to mend; a token endpoint that fails is as good as a provider that does. */
async function accessToken(
  provider: string,
  key: string,
  signal: AbortSignal,
  { googleAccessToken }: AuthorizationDependencies,
): Promise<string> {
  try {
    return await googleAccessToken(key, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof Error) || !("retryable" in error)) throw error;
    if (error.retryable === true) {
      throw upstreamFailed(provider, new UpstreamError("upstream_unreachable", error.message));
    }
    throw providerNotConfigured(provider, error.message);
  }
}

/** Tells a provider who calls, in the way that its API asks for. */
import type { ResolvedProvider } from "@sluice/config";
import { needsApiKey } from "@sluice/providers";
import { providerNotConfigured, unavailable } from "./errors.ts";
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
 * The headers of a request with its authorization added. Throws what the signer or the token endpoint throws. `apiKey`: as
 * `storedKey` gave it.
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
      return { ...headers, authorization: `Bearer ${await deps.googleAccessToken(key, signal)}` };
    case "aws-sigv4":
      return await deps.signRequest(request);
    case "none":
      break;
  }
  return headers;
}

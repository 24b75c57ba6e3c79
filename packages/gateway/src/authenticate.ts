/** From the headers of a call to the virtual key behind it. */
import { hashSecret, parseSecret, type VirtualKey } from "@sluice/keys";
import { unauthorized, unavailable } from "./errors.ts";
import type { GatewayRequest } from "./http.ts";
import type { KeyStore } from "./ports.ts";

const HELP = "Create one with: npx sluice keys create --alias my-app";

/**
 * The key of a call. Read from `Authorization: Bearer`, `x-api-key` (Anthropic's clients) or `api-key`
 * (Azure's). Throws a 401 that does not say whether a key exists, or a 503 when the store is away.
 */
export async function authenticate(
  headers: GatewayRequest["headers"],
  keys: KeyStore,
  nowMs: number,
): Promise<VirtualKey> {
  const sent = credentialOf(headers);
  if (!sent) {
    throw unauthorized(`No API key was sent: use the header "Authorization: Bearer sk-sluice-…". ${HELP}`);
  }
  const secret = parseSecret(sent);
  if (!secret) {
    throw unauthorized(`The API key is not one of Sluice's, which begin with "sk-sluice-". ${HELP}`);
  }
  const key = await keys.findByHash(hashSecret(secret)).catch((cause: unknown) => {
    throw unavailable("key_store_unavailable", "The key store does not answer. Try again.", cause);
  });
  if (!key) throw unauthorized(`The API key is unknown. ${HELP}`);
  if (key.status === "blocked") throw unauthorized("The API key is blocked.");
  if (key.expiresAtMs !== undefined && key.expiresAtMs <= nowMs)
    throw unauthorized("The API key has expired.");
  return key;
}

function credentialOf(headers: GatewayRequest["headers"]): string | undefined {
  const bearer = /^bearer\s+(\S+)\s*$/i.exec(headers["authorization"] ?? "")?.[1];
  return bearer ?? headers["x-api-key"]?.trim() ?? headers["api-key"]?.trim();
}

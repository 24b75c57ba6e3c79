/** A secret in Secrets Manager that holds a JSON object, cached. */
import { GetSecretValueCommand, type SecretsManagerClient } from "@aws-sdk/client-secrets-manager";

/** How long a value counts, ms. A rotated secret is seen after this, or at once by `refresh`. */
const CACHE_MS = 5 * 60_000;
/** Shortest time between two reads that `refresh` causes, ms: a wrong key must not cost a read for each call. */
const REFRESH_INTERVAL_MS = 10_000;

/** A secret's members. */
export interface JsonSecret {
  /** The object, from the cache when it is fresh. Throws when Secrets Manager does not answer. */
  read(): Promise<Readonly<Record<string, unknown>>>;
  /** The object, read anew unless that was done moments ago. */
  refresh(): Promise<Readonly<Record<string, unknown>>>;
}

/** The secret of that name or ARN. One read serves all that wait for it. */
export function createJsonSecret(
  client: SecretsManagerClient,
  secretId: string,
  nowMs: () => number,
): JsonSecret {
  let cached:
    | { readonly value: Promise<Readonly<Record<string, unknown>>>; readonly atMs: number }
    | undefined;
  const load = (maxAgeMs: number) => {
    if (cached && nowMs() - cached.atMs < maxAgeMs) return cached.value;
    const value = fetchObject(client, secretId);
    const entry = { value, atMs: nowMs() };
    cached = entry;
    value.catch(() => {
      if (cached === entry) cached = undefined;
    });
    return value;
  };
  return { read: () => load(CACHE_MS), refresh: () => load(REFRESH_INTERVAL_MS) };
}

async function fetchObject(client: SecretsManagerClient, secretId: string) {
  const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: secretId }));
  let value: unknown;
  try {
    value = JSON.parse(SecretString ?? "");
  } catch {
    // Told below, without the parser's message: it would quote the secret.
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Error(`The secret ${secretId} is not a JSON object. See docs/deploy.md for its form.`);
  }
  return value as Record<string, unknown>;
}

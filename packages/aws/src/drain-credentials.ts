/**
 * The drains' credentials, from one secret, each drain's under its name: `{"publicKey": "pk-lf-…", "secretKey": "sk-lf-…"}` for
 * both types of Langfuse, `{"headers": {"authorization": "Bearer …"}}` for `otlp`.
 */
import {
  type DrainCredentials,
  type HeaderCredentials,
  readLangfuseKeys,
  readSecretHeaders,
} from "@sluice/langfuse";
import type { JsonSecret } from "./json-secret.ts";

/** Reads credentials from the secret. */
export function createDrainCredentials(secret: JsonSecret): DrainCredentials & HeaderCredentials {
  return {
    keys: async (drain) => readLangfuseKeys(drain, pick(await secret.read(), drain)),
    refreshedKeys: async (drain) => readLangfuseKeys(drain, pick(await secret.refresh(), drain)),
    headers: async (drain) => readSecretHeaders(drain, pick(await secret.read(), drain)),
    refreshedHeaders: async (drain) => readSecretHeaders(drain, pick(await secret.refresh(), drain)),
  };
}

function pick(value: Readonly<Record<string, unknown>>, drain: string): unknown {
  return Object.hasOwn(value, drain) ? value[drain] : undefined;
}

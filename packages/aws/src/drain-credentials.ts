/** The drains' keys, from one secret: `{"default": {"publicKey": "pk-lf-…", "secretKey": "sk-lf-…"}, …}`. */
import type { DrainCredentials, LangfuseKeys } from "@sluice/langfuse";
import type { JsonSecret } from "./json-secret.ts";

/** Reads keys from the secret. */
export function createDrainCredentials(secret: JsonSecret): DrainCredentials {
  return {
    keys: async (drain) => pick(await secret.read(), drain),
    refreshedKeys: async (drain) => pick(await secret.refresh(), drain),
  };
}

function pick(value: Readonly<Record<string, unknown>>, drain: string): LangfuseKeys | undefined {
  const member = Object.hasOwn(value, drain) ? value[drain] : undefined;
  if (typeof member !== "object" || member === null) return undefined;
  const { publicKey, secretKey } = member as { publicKey?: unknown; secretKey?: unknown };
  return typeof publicKey === "string" && typeof secretKey === "string"
    ? { publicKey, secretKey }
    : undefined;
}

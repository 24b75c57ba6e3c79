/** The providers' API keys, from one secret: `{"openai": "sk-…", …}`. */
import type { ProviderCredentials } from "@sluice/gateway";
import type { JsonSecret } from "./json-secret.ts";

/** Reads keys from the secret. */
export function createProviderCredentials(secret: JsonSecret): ProviderCredentials {
  return {
    apiKey: async (provider) => pick(await secret.read(), provider),
    refreshedApiKey: async (provider) => pick(await secret.refresh(), provider),
  };
}

function pick(value: Readonly<Record<string, unknown>>, provider: string): string | undefined {
  const apiKey = Object.hasOwn(value, provider) ? value[provider] : undefined;
  return typeof apiKey === "string" && apiKey !== "" ? apiKey : undefined;
}

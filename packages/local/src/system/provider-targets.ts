/** Where each provider of the config is reached in a local run, and with which key. */
import { apiKeyVariable, baseUrlVariable, type ResolvedConfig } from "@sluice/config";
import type { AnswerFormat } from "@sluice/trace";
import { readBaseUrl } from "./langfuse-target.ts";
import type { Environment } from "./settings.ts";

/** A provider in a local run. */
export interface ProviderTarget {
  readonly name: string;
  /** `demo`: the built-in model answers. */
  readonly kind: "demo" | "real";
  /** The variable that tells the gateway another base URL, and its value. Undefined: the config's. */
  readonly baseUrl?: string;
  /** The path of its base URL where the demo model plays it. */
  readonly demoPath: string;
  /** What the gateway authenticates with. */
  readonly apiKey: string;
}

/** A server without a key mostly takes any key. */
const PLACEHOLDER_KEY = "local";
const LOOPBACK_HOST = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/**
 * A provider with a key or a base URL in the environment is called for real, and so is one whose configured
 * server is on this machine. All others are played by the demo model. Throws `StartProblem` for a base URL
 * that is none.
 */
export function chooseProviders(config: ResolvedConfig, env: Environment): ProviderTarget[] {
  return Object.values(config.providers).map(({ name, baseUrl, speaks }) => {
    const apiKey = env[apiKeyVariable(name)] || undefined;
    const fromEnvironment = readBaseUrl(env, baseUrlVariable(name));
    const isLocal = LOOPBACK_HOST.test(URL.parse(baseUrl)?.hostname ?? "");
    const isReal = apiKey !== undefined || fromEnvironment !== undefined || isLocal;
    return {
      name,
      kind: isReal ? "real" : "demo",
      ...(fromEnvironment && { baseUrl: fromEnvironment }),
      demoPath: `/${encodeURIComponent(name)}${versionOf(speaks)}`,
      apiKey: apiKey ?? PLACEHOLDER_KEY,
    };
  });
}

/** What a base URL ends with, by the format that is spoken below it. */
function versionOf([format]: readonly AnswerFormat[]): string {
  if (format === "bedrock-converse" || format === "bedrock-invoke") return "";
  return format === "gemini-generate-content" ? "/v1beta" : "/v1";
}

/** The variables that tell the gateway where its providers are. `demoUrl` is the demo model's, without a path. */
export function providerVariables(
  targets: readonly ProviderTarget[],
  demoUrl: string | undefined,
): Record<string, string> {
  return Object.fromEntries(
    targets.flatMap(({ name, kind, baseUrl, demoPath }) => {
      const url = kind === "demo" ? demoUrl && demoUrl + demoPath : baseUrl;
      return url ? [[baseUrlVariable(name), url]] : [];
    }),
  );
}

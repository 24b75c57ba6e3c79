/** Which Langfuse a local run exports to. */
import type { Environment } from "./settings.ts";
import { StartProblem } from "./start-problem.ts";

/** A Langfuse project. */
export interface LangfuseTarget {
  /** Undefined: the drain's own, from the config. */
  readonly baseUrl?: string;
  readonly publicKey: string;
  readonly secretKey: string;
}

/** What the built-in sink takes, and what a server that was named without keys is offered. */
export const PLACEHOLDER_KEYS = { publicKey: "pk-lf-local", secretKey: "sk-lf-local" } as const;

/**
 * Keys without a base URL mean the server of the config, which is Langfuse Cloud unless it names another.
 * Neither means undefined: the built-in sink. Throws `StartProblem` for half a pair of keys.
 */
export function chooseLangfuse(env: Environment): LangfuseTarget | undefined {
  const baseUrl = readBaseUrl(env, "LANGFUSE_BASE_URL");
  const publicKey = env["LANGFUSE_PUBLIC_KEY"] || undefined;
  const secretKey = env["LANGFUSE_SECRET_KEY"] || undefined;
  if ((publicKey === undefined) !== (secretKey === undefined)) {
    throw new StartProblem(
      "only one of LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY is set: set both, or neither for the built-in sink",
    );
  }
  if (publicKey && secretKey) return { ...(baseUrl && { baseUrl }), publicKey, secretKey };
  return baseUrl ? { baseUrl, ...PLACEHOLDER_KEYS } : undefined;
}

/** A base URL without a slash at its end, or undefined. Throws `StartProblem` when it is no URL. */
export function readBaseUrl(env: Environment, name: string): string | undefined {
  const text = env[name];
  if (!text) return undefined;
  if (/^https?:\/\//.test(text) && URL.canParse(text)) return text.replace(/\/+$/, "");
  throw new StartProblem(
    `${name} is "${text}": set it to a URL that begins with http:// or https://, or unset it`,
  );
}

/** A config with every default filled in. Runs at each cold start: no schema library here. */
import { type Authentication, DEFAULT_PROVIDERS, PRESETS } from "@sluice/providers";
import type { AnswerFormat } from "@sluice/trace";
import type { ProviderConfig, SluiceConfig } from "./config.ts";
import { type ResolvedDrain, resolveDrain } from "./resolve-drain.ts";
import { type ResolvedRoute, resolveRoute } from "./resolve-route.ts";

/** A provider that can be called. */
export interface ResolvedProvider {
  readonly name: string;
  /** The known provider that it is an instance of. */
  readonly preset?: string;
  /** Without a slash at its end. */
  readonly baseUrl: string;
  /** Globs of bare model names that are this provider's. */
  readonly models: readonly string[];
  readonly auth: Authentication;
  /** The preferred format first. */
  readonly speaks: readonly AnswerFormat[];
  readonly headers: Readonly<Record<string, string>>;
  /** Without the question mark; empty when there is none. */
  readonly query: string;
}

/** See `LimitsConfig` for what each limit bounds; units are in the names. */
export interface ResolvedLimits {
  readonly requestBytes: number;
  readonly captureBytes: number;
  readonly connectTimeoutMs: number;
  readonly firstByteTimeoutMs: number;
  readonly idleTimeoutMs: number;
}

/** A config without gaps. */
export interface ResolvedConfig {
  readonly providers: Readonly<Record<string, ResolvedProvider>>;
  /** Each alias, and the first `provider/model` that it stands for. */
  readonly aliases: Readonly<Record<string, string>>;
  /** How each alias is served. */
  readonly routes: Readonly<Record<string, ResolvedRoute>>;
  readonly defaultProvider: string;
  readonly drains: Readonly<Record<string, ResolvedDrain>>;
  readonly delivery: "durable" | "fast";
  readonly deadMansSwitch: boolean;
  readonly dropParams: boolean | readonly string[];
  readonly limits: ResolvedLimits;
  /** See `BudgetsConfig`. */
  readonly budgets: { readonly settlementGraceMs: number };
}

/** What of the environment may override a config. */
export type ConfigEnvironment = Readonly<Record<string, string | undefined>>;

/** Largest request that a Lambda function URL passes on, bytes (AWS Lambda quotas, invocation payload). */
export const MAX_REQUEST_BYTES = 6 * 1024 * 1024;

/** The environment variable that overrides a provider's base URL: `my-llm` has `MY_LLM_BASE_URL`. */
export function baseUrlVariable(provider: string): string {
  return `${environmentName(provider)}_BASE_URL`;
}

/** The environment variable that a local run takes a provider's key from: `my-llm` has `MY_LLM_API_KEY`. */
export function apiKeyVariable(provider: string): string {
  return `${environmentName(provider)}_API_KEY`;
}

/**
 * Fills in the defaults. `env` may override base URLs. A config that the schema has not passed gives
 * whatever follows from it: check it with `parseConfig` at build time.
 */
export function resolveConfig(config: SluiceConfig, env: ConfigEnvironment): ResolvedConfig {
  const providers = mapValues(providersOf(config), (provider, name): ResolvedProvider => {
    const presetName = provider.preset ?? name;
    const preset = PRESETS[presetName];
    return {
      name,
      ...(preset && { preset: presetName }),
      baseUrl: withoutSlash(
        withVersion(env[baseUrlVariable(name)], preset?.versionPath) ||
          fillIn(provider.baseUrl || preset?.baseUrl || "", {
            region: env["AWS_REGION"],
            ...provider.variables,
          }),
      ),
      models: provider.models ?? preset?.models ?? [],
      auth: provider.auth ?? preset?.auth ?? "bearer",
      speaks: provider.speaks ?? preset?.speaks ?? ["openai-chat"],
      headers: { ...preset?.headers, ...provider.headers },
      query: new URLSearchParams(provider.query).toString(),
    };
  });
  const drains = mapValues(config.drains ?? { default: { type: "langfuse" } }, (drain, name) =>
    resolveDrain(name, drain, env["LANGFUSE_BASE_URL"]),
  );
  const limits: ResolvedLimits = {
    requestBytes: config.limits?.requestBytes ?? MAX_REQUEST_BYTES,
    captureBytes: config.limits?.captureBytes ?? 24 * 1024 * 1024,
    connectTimeoutMs: config.limits?.connectTimeoutMs ?? 10_000,
    firstByteTimeoutMs: config.limits?.firstByteTimeoutMs ?? 600_000,
    idleTimeoutMs: config.limits?.idleTimeoutMs ?? 120_000,
  };
  const routes = mapValues(config.models ?? {}, (model) => resolveRoute(model, limits));
  return {
    providers,
    aliases: mapValues(routes, ({ targets: [first] }) => (first ? `${first.provider}/${first.model}` : "")),
    routes,
    defaultProvider: config.defaultProvider ?? Object.keys(providers)[0] ?? "",
    drains,
    delivery: config.delivery ?? "durable",
    deadMansSwitch: config.deadMansSwitch ?? true,
    dropParams: config.dropParams ?? false,
    limits,
    budgets: { settlementGraceMs: config.budgets?.settlementGraceMs ?? 300_000 },
  };
}

function environmentName(provider: string): string {
  return provider.toUpperCase().replaceAll(/[^A-Z0-9]/g, "_");
}

function mapValues<T, U>(record: Readonly<Record<string, T>>, map: (value: T, name: string) => U) {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value, name)]));
}

/** The providers of a config by name; every known one that needs no config when it names none. */
export function providersOf({ providers }: SluiceConfig): Readonly<Record<string, ProviderConfig>> {
  return providers ?? Object.fromEntries(DEFAULT_PROVIDERS.map((name) => [name, {}]));
}

/** A base URL of the environment, with the version that the provider's SDKs would add. */
function withVersion(url: string | undefined, versionPath: string | undefined): string | undefined {
  if (!url || versionPath === undefined || withoutSlash(url).endsWith(versionPath)) return url;
  return withoutSlash(url) + versionPath;
}

/** A URL with its names in braces replaced. One without a value stays: the schema has told of it. */
function fillIn(url: string, variables: Readonly<Record<string, string | undefined>>): string {
  return url.replaceAll(/\{(\w+)\}/g, (braces, name: string) => variables[name] ?? braces);
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, "");
}

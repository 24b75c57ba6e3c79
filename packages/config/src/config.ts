/**
 * What a user writes in `sluice.config.ts`. Types only, so that the functions pay nothing for it; the
 * schema that checks a config is in `schema.ts` and runs at build and at start.
 */
import type { PriceOverrides } from "@sluice/prices";
import type { Authentication } from "@sluice/providers";
import type { AnswerFormat } from "@sluice/trace";
import type { DrainConfig } from "./drain-config.ts";
import type { ModelConfig } from "./model-config.ts";

/** A model provider. `preset` or `baseUrl` says where it is. */
export interface ProviderConfig {
  /** A provider that Sluice knows by name (`openai`, `groq`, …); default: the entry's own name. */
  readonly preset?: string;
  /**
   * URL up to and with the version, for example `https://api.openai.com/v1`. Wins over the preset's. `{model}` in it is the
   * model's name (Azure's deployments); other names in braces come from `variables`.
   */
  readonly baseUrl?: string;
  /** What stands in braces in the base URL: Bedrock's `region`, Vertex AI's `project` and `location`. */
  readonly variables?: Readonly<Record<string, string>>;
  /** How a call is authenticated. Default: the preset's, else `bearer`. */
  readonly auth?: Authentication;
  /**
   * Formats of conversations that it speaks, the preferred one first. Calls in another format are translated into that one.
   * Default: the preset's, else `["openai-chat"]`.
   */
  readonly speaks?: readonly AnswerFormat[];
  /** Headers that every call gets, names in lower case. A header of the caller's wins. No secrets: they are in the code. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Query parameters that every call gets, for example Azure's `api-version`. */
  readonly query?: Readonly<Record<string, string>>;
  /** Bare model names that belong to this provider, as globs, for example `gpt-*`. Default: the preset's. */
  readonly models?: readonly string[];
}

/** Limits of one call. */
export interface LimitsConfig {
  /** Largest request body, bytes. Default and maximum 6 MiB: Lambda's own limit for a function URL. */
  readonly requestBytes?: number;
  /** Most of an answer that is kept for the trace, bytes. Default 24 MiB. More is passed on and counted. */
  readonly captureBytes?: number;
  /** Time to connect to a provider, ms. Default 10,000. */
  readonly connectTimeoutMs?: number;
  /** Time from the request's last byte to the answer's headers, ms. Default 600,000. */
  readonly firstByteTimeoutMs?: number;
  /** Longest silence inside an answer, ms. Default 120,000. */
  readonly idleTimeoutMs?: number;
}

/** How budgets are kept. What they are is set on keys and tenants. */
export interface BudgetsConfig {
  /**
   * How long after the latest moment at which a call can end its settlement is waited for, ms, before what was set aside
   * for it is given back. Default 300,000. A settlement that comes later still counts.
   */
  readonly settlementGraceMs?: number;
}

/** The whole of `sluice.config.ts`. Everything has a default. */
export interface SluiceConfig {
  /**
   * By name. The name is what comes before the slash in `provider/model`. Default: every known provider that needs no more than
   * a key, or the function's own role.
   */
  readonly providers?: Readonly<Record<string, ProviderConfig>>;
  /** Model aliases: a name that callers use, and what it stands for. */
  readonly models?: Readonly<Record<string, ModelConfig>>;
  /** The provider of bare model names that no provider claims. Default: the first of `providers`, `openai` among the known. */
  readonly defaultProvider?: string;
  /** By name. Default: one Langfuse drain called `default`. `{}` turns tracing off: calls are settled, and nothing leaves. */
  readonly drains?: Readonly<Record<string, DrainConfig>>;
  /**
   * `durable` (default): the end of an answer is released only after the queue has its trace.
   * `fast`: the answer ends at once and the trace follows; a function killed in between loses it.
   */
  readonly delivery?: "durable" | "fast";
  /**
   * Whether each call sends a second, delayed record when it begins, so that a function that is killed leaves a trace
   * all the same. Default true. It costs one more message of the request's size for each call.
   */
  readonly deadMansSwitch?: boolean;
  /**
   * What happens to a field of a request that must be translated and that the provider's format has no word for. `false`
   * (default): the call is refused with 400. `true`: it is left out. A list: those are left out. The trace names them.
   */
  readonly dropParams?: boolean | readonly string[];
  readonly limits?: LimitsConfig;
  readonly budgets?: BudgetsConfig;
  /** Prices of one's own, by `provider/model` with globs. They win over the catalogue, field by field. */
  readonly prices?: PriceOverrides;
}

/** Types a config as one; returns it unchanged. */
export function defineConfig(config: SluiceConfig): SluiceConfig {
  return config;
}

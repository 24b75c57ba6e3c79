/** What a user may write for an alias in `models`. */

/** One of the places that an alias sends calls to. */
export interface TargetConfig {
  /** `provider/model`. */
  readonly model: string;
  /** Its share of the calls beside the other targets' weights. Default 1. A canary is a target with a small one. */
  readonly weight?: number;
  /** Only for calls that fit. Targets whose condition fits go before those without one. */
  readonly when?: RouteCondition;
  /** Limits of a try here; they win over the alias's and the config's. */
  readonly limits?: AttemptLimitsConfig;
}

/** A condition on a call: every field that is given must hold. */
export interface RouteCondition {
  /** One of these tags is on the call. */
  readonly tags?: readonly string[];
  readonly tenants?: readonly string[];
  readonly features?: readonly string[];
  /** Langfuse environments. */
  readonly environments?: readonly string[];
  /** Aliases of virtual keys. */
  readonly keys?: readonly string[];
}

/** Limits of one try to get an answer, ms. Defaults: those of `limits`. */
export interface AttemptLimitsConfig {
  readonly connectTimeoutMs?: number;
  /** From the request's last byte to the first byte of the answer's body. */
  readonly firstByteTimeoutMs?: number;
  /** Longest silence inside an answer. */
  readonly idleTimeoutMs?: number;
  /** From the start of the try to the end of its answer. Default: none but the function's own. */
  readonly totalTimeoutMs?: number;
}

/** How an alias is served. */
export interface ModelRouteConfig {
  /** One is drawn by weight; a session stays with its target. When it fails, the others are tried before the fallbacks. */
  readonly targets: readonly (string | TargetConfig)[];
  /** Tried in order when the targets have failed: `provider/model`. */
  readonly fallbacks?: readonly string[];
  /** Tried in place of all others when a provider says that the request is too long for its model. */
  readonly contextFallbacks?: readonly string[];
  /** Tried in place of all others when a provider's content filter refuses the request. */
  readonly contentFallbacks?: readonly string[];
  /** How often a target is tried again before the next one. Default 1. Other names than aliases are never tried again. */
  readonly retries?: number;
  /** Limits of each try. */
  readonly limits?: AttemptLimitsConfig;
  /**
   * How long a target that has failed (429, 5xx, no answer) is tried after all others, ms. Default 30,000; a longer `retry-after`
   * counts. Each instance of the function learns it for itself.
   */
  readonly coolDownMs?: number;
}

/** An alias: the one `provider/model` that it stands for, or how it is served. */
export type ModelConfig = string | ModelRouteConfig;

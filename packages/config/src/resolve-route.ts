/** An alias with every default filled in. Runs at each cold start. */
import { type ModelRoute, splitModelName } from "@sluice/providers";
import type { AttemptLimitsConfig, ModelConfig, RouteCondition } from "./model-config.ts";

/** Limits of one try; see `AttemptLimitsConfig`. Units are in the names. */
export interface ResolvedAttemptLimits {
  readonly connectTimeoutMs: number;
  readonly firstByteTimeoutMs: number;
  readonly idleTimeoutMs: number;
  /** Absent: none but the function's own. */
  readonly totalTimeoutMs?: number;
}

/** A place that calls may be sent to. */
export interface ResolvedTarget extends ModelRoute {
  readonly limits: ResolvedAttemptLimits;
}

/** One of an alias's targets. */
export interface WeightedTarget extends ResolvedTarget {
  readonly weight: number;
  readonly when?: RouteCondition;
}

/** How an alias is served; see `ModelRouteConfig`. */
export interface ResolvedRoute {
  readonly targets: readonly WeightedTarget[];
  readonly fallbacks: readonly ResolvedTarget[];
  readonly contextFallbacks: readonly ResolvedTarget[];
  readonly contentFallbacks: readonly ResolvedTarget[];
  readonly retries: number;
  readonly coolDownMs: number;
}

/** Fills in an alias's defaults. `limits`: those of the config. An alias that is one name is that name and no more. */
export function resolveRoute(model: ModelConfig, limits: ResolvedAttemptLimits): ResolvedRoute {
  if (typeof model === "string") {
    return {
      targets: [{ ...splitModelName(model), limits: attemptLimits(limits), weight: 1 }],
      fallbacks: [],
      contextFallbacks: [],
      contentFallbacks: [],
      retries: 0,
      coolDownMs: 0,
    };
  }
  const ofRoute = attemptLimits(limits, model.limits);
  const plain = (names: readonly string[] = []) =>
    names.map((name): ResolvedTarget => ({ ...splitModelName(name), limits: ofRoute }));
  return {
    targets: model.targets.map((target): WeightedTarget => {
      const {
        model: name,
        weight = 1,
        when,
        limits: own,
      } = typeof target === "string" ? { model: target } : target;
      return {
        ...splitModelName(name),
        weight,
        ...(when && { when }),
        limits: attemptLimits(ofRoute, own),
      };
    }),
    fallbacks: plain(model.fallbacks),
    contextFallbacks: plain(model.contextFallbacks),
    contentFallbacks: plain(model.contentFallbacks),
    retries: model.retries ?? 1,
    coolDownMs: model.coolDownMs ?? 30_000,
  };
}

function attemptLimits(base: ResolvedAttemptLimits, own: AttemptLimitsConfig = {}): ResolvedAttemptLimits {
  const { connectTimeoutMs, firstByteTimeoutMs, idleTimeoutMs, totalTimeoutMs } = { ...base, ...own };
  return {
    connectTimeoutMs,
    firstByteTimeoutMs,
    idleTimeoutMs,
    ...(totalTimeoutMs !== undefined && { totalTimeoutMs }),
  };
}

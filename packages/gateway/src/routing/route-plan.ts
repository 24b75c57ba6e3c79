/** Where a call may be answered, in the order in which it is tried. */
import {
  type ConditionedCall,
  fitsCondition,
  type ResolvedConfig,
  type ResolvedRoute,
  type ResolvedTarget,
  type WeightedTarget,
} from "@sluice/config";
import { type ModelRoute, resolveModel } from "@sluice/providers";
import type { CoolDown } from "./cool-down.ts";

/** The order of a call's targets. */
export interface RoutePlan {
  /** At least one. */
  readonly targets: readonly ResolvedTarget[];
  /** In place of the targets when the request is too long for a model. */
  readonly contextFallbacks: readonly ResolvedTarget[];
  /** In place of the targets when a content filter refuses the request. */
  readonly contentFallbacks: readonly ResolvedTarget[];
  /** How often each target is tried again. */
  readonly retries: number;
  /** How long a target that has failed is put last, ms. */
  readonly coolDownMs: number;
}

/** What of a call decides on its way. */
export interface RoutedCall extends ConditionedCall {
  /** A number from 0 to 1, below 1: the same for all calls of a session. */
  readonly draw: number;
}

/** Plans the way of a call for a model's name. */
export function planRoute(
  model: string,
  call: RoutedCall,
  config: Pick<ResolvedConfig, "providers" | "aliases" | "routes" | "defaultProvider" | "limits">,
  coolDown: Pick<CoolDown, "isCooling">,
): RoutePlan {
  const route = Object.hasOwn(config.routes, model) ? config.routes[model] : undefined;
  if (!route) return planFor({ ...resolveModel(model, config), limits: config.limits });
  const order = [...drawn(eligible(route.targets, call), call.draw), ...route.fallbacks];
  const cooling = (target: ModelRoute) => coolDown.isCooling(target);
  return {
    ...alternatives(route),
    // A target that has just failed is a last resort, not none: others may fail too.
    targets: [...order.filter((target) => !cooling(target)), ...order.filter(cooling)],
  };
}

/** The plan of a call that can only go one way. */
export function planFor(target: ResolvedTarget): RoutePlan {
  return { targets: [target], contextFallbacks: [], contentFallbacks: [], retries: 0, coolDownMs: 0 };
}

/** Every place that a plan may lead to, each once. */
export function everyTarget(plan: RoutePlan): readonly ResolvedTarget[] {
  const all = [...plan.targets, ...plan.contextFallbacks, ...plan.contentFallbacks];
  return [...new Map(all.map((target) => [`${target.provider}/${target.model}`, target])).values()];
}

/** The plan without the targets that fail the test; undefined when none of its first choices is left. */
export function keepTargets(plan: RoutePlan, keep: (target: ModelRoute) => boolean): RoutePlan | undefined {
  const targets = plan.targets.filter(keep);
  if (targets.length === 0) return undefined;
  return {
    ...plan,
    targets,
    contextFallbacks: plan.contextFallbacks.filter(keep),
    contentFallbacks: plan.contentFallbacks.filter(keep),
  };
}

function alternatives({ contextFallbacks, contentFallbacks, retries, coolDownMs }: ResolvedRoute) {
  return { contextFallbacks, contentFallbacks, retries, coolDownMs };
}

/** The targets whose condition the call fits; those without a condition when it fits none, and all when every one has one. */
function eligible(targets: readonly WeightedTarget[], call: RoutedCall): readonly WeightedTarget[] {
  const fitting = targets.filter(({ when }) => when && fitsCondition(when, call));
  if (fitting.length > 0) return fitting;
  const open = targets.filter(({ when }) => !when);
  return open.length > 0 ? open : targets;
}

/** One target after the other, each drawn by its weight among those that are left. */
function drawn(targets: readonly WeightedTarget[], draw: number): readonly WeightedTarget[] {
  const left = [...targets];
  const order: WeightedTarget[] = [];
  let share = draw;
  while (left.length > 0) {
    const total = left.reduce((sum, { weight }) => sum + weight, 0);
    let point = share * total;
    const found = left.findIndex(({ weight }) => {
      point -= weight;
      return point < 0;
    });
    const [next] = left.splice(Math.max(found, 0), 1);
    if (!next) break;
    order.push(next);
    // What is left of the point inside of the drawn share is as even as the draw itself was.
    share = Math.min(Math.max((point + next.weight) / next.weight, 0), 1 - Number.EPSILON);
  }
  return order;
}

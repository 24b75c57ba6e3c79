/** Whether a call meets a condition of the config: for routes in the gateway, and for drains in the flusher. */
import type { RouteCondition } from "./model-config.ts";

/** What of a call a condition may ask for. */
export interface ConditionedCall {
  readonly tags?: readonly string[] | undefined;
  readonly tenant?: string | undefined;
  readonly feature?: string | undefined;
  readonly environment?: string | undefined;
  /** Alias of the virtual key. */
  readonly key: string;
}

/** Whether every field of the condition holds. */
export function fitsCondition(
  { tags, tenants, features, environments, keys }: RouteCondition,
  call: ConditionedCall,
): boolean {
  const among = (wanted: readonly string[] | undefined, value: string | undefined) =>
    wanted === undefined || (value !== undefined && wanted.includes(value));
  return (
    (tags === undefined || (call.tags ?? []).some((tag) => tags.includes(tag))) &&
    among(tenants, call.tenant) &&
    among(features, call.feature) &&
    among(environments, call.environment) &&
    among(keys, call.key)
  );
}

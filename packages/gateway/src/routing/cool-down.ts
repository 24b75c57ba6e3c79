/** Which targets have just failed. Each instance of the function learns it for itself. */
import type { ModelRoute } from "@sluice/providers";

/** Most targets that are remembered: names of models come from callers. */
const MAX_TARGETS = 1_000;

/** The targets that are to be tried last for a while. */
export interface CoolDown {
  isCooling(target: ModelRoute): boolean;
  /** A try has failed in a way that another one would too: for `forMs`. */
  failed(target: ModelRoute, forMs: number): void;
  succeeded(target: ModelRoute): void;
}

/** `nowMs`: Unix time. */
export function createCoolDown(nowMs: () => number): CoolDown {
  const until = new Map<string, number>();
  const name = ({ provider, model }: ModelRoute) => `${provider}/${model}`;
  return {
    isCooling: (target) => (until.get(name(target)) ?? 0) > nowMs(),
    failed(target, forMs) {
      if (forMs <= 0) return;
      until.delete(name(target));
      until.set(name(target), nowMs() + forMs);
      const [oldest] = until.keys();
      if (until.size > MAX_TARGETS && oldest !== undefined) until.delete(oldest);
    },
    succeeded(target) {
      until.delete(name(target));
    },
  };
}

/** Which models a key may use. */
import type { VirtualKey } from "@sluice/keys";
import { type ModelRoute, matchesGlob } from "@sluice/providers";

/** Whether a key's allow-list has the model, by the name asked for or by the one it stands for. */
export function mayUse({ models }: VirtualKey, requested: string, { provider, model }: ModelRoute): boolean {
  if (!models) return true;
  return models.some((glob) =>
    [requested, model, `${provider}/${model}`].some((name) => matchesGlob(glob, name)),
  );
}

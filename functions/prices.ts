/** The prices of models for one config, loaded when first asked for. */
import type { ResolvedConfig } from "@sluice/config";
import { type Catalogue, loadCatalogue, type PriceOverrides } from "@sluice/prices";

/**
 * A loader that loads once. A model is looked up under its provider's name in the config, where overrides are, and then
 * under the preset that the provider is an instance of.
 */
export function createPriceLoader(
  overrides: PriceOverrides | undefined,
  { providers }: ResolvedConfig,
): () => Promise<Catalogue> {
  let loading: Promise<Catalogue> | undefined;
  const load = async (): Promise<Catalogue> => {
    const catalogue = await loadCatalogue(overrides);
    return {
      find(provider, model, atMs) {
        const own = catalogue.find(provider, model, atMs);
        const preset = providers[provider]?.preset;
        return own.status === "known" || preset === undefined ? own : catalogue.find(preset, model, atMs);
      },
    };
  };
  return () => (loading ??= load());
}

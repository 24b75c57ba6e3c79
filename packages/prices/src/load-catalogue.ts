/** The way to the prices of models that costs nothing until it is taken. */
import type { PriceEntry, Unpriced } from "./price.ts";
import type { PriceOverrides } from "./price-override.ts";

/** The prices of models, in memory. */
export interface Catalogue {
  /**
   * The price of a model at a moment (Unix time, ms): prices change, and some depend on the hour. `provider`
   * is the provider's name in the config; one with a name of its own is found under its preset's. Never throws:
   * a model that is not known, or whose price cannot be right, is unpriced with the reason.
   */
  find(provider: string, model: string, atMs: number): PriceEntry | Unpriced;
}

/**
 * Loads the catalogue, about half a megabyte of it, at the first call of an instance and not before: keep the
 * promise, do not call again per request. Throws `RangeError` for an override that is no price.
 */
export async function loadCatalogue(overrides: PriceOverrides = {}): Promise<Catalogue> {
  const { createCatalogue } = await import("./catalogue/index.ts");
  return createCatalogue(overrides);
}

/**
 * The prices of models: the library's data, corrected where it lags behind the providers' published pages,
 * under what the config says. Half a megabyte: import it through `loadCatalogue`.
 */
import type { Catalogue } from "../load-catalogue.ts";
import type { PriceEntry, Unpriced } from "../price.ts";
import { applyOverride, findOverride, overrideRates, type PriceOverrides } from "../price-override.ts";
import { correct } from "./corrections.ts";
import { libraryPrice } from "./library-price.ts";
import { maxOutputTokens } from "./output-limits.ts";
import { inferenceGeos, serviceTiers } from "./service-tiers.ts";

/** The catalogue with these overrides. Throws `RangeError`, naming the model and the field, for one that is no price. */
export function createCatalogue(overrides: PriceOverrides = {}): Catalogue {
  for (const [name, override] of Object.entries(overrides)) {
    try {
      overrideRates(override);
    } catch (cause) {
      throw new RangeError(`prices.${name}.${cause instanceof Error ? cause.message : String(cause)}`, {
        cause,
      });
    }
  }
  return {
    find(provider, model, atMs) {
      const listed = listedPrice(provider, model, atMs);
      const found = findOverride(overrides, provider, model);
      return found ? applyOverride(listed, found) : listed;
    },
  };
}

/** The published price, without the config. */
function listedPrice(provider: string, model: string, atMs: number): PriceEntry | Unpriced {
  const price = correct(libraryPrice(provider, model, atMs), provider, model, atMs);
  if (price.status === "unpriced") return price;
  const limit = maxOutputTokens(price.model);
  return {
    ...price,
    serviceTiers: serviceTiers(price.model),
    inferenceGeos: inferenceGeos(price.model),
    ...(limit !== undefined && { maxOutputTokens: limit }),
  };
}

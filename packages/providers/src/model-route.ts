/** From the `model` that a caller wrote to the provider that serves it. */
import { matchesGlob } from "./glob.ts";

/** What routing knows of a configured provider. */
export interface ProviderRoute {
  readonly name: string;
  /** Globs of the bare model names that it claims. */
  readonly models: readonly string[];
}

/** The names that routing works with. */
export interface ModelNames {
  readonly providers: Readonly<Record<string, ProviderRoute>>;
  /** Alias to `provider/model`. */
  readonly aliases: Readonly<Record<string, string>>;
  /** The provider of names that nobody claims. */
  readonly defaultProvider: string;
}

/** A provider and the name of the model there. */
export interface ModelRoute {
  readonly provider: string;
  readonly model: string;
}

/** Why a name means what it means. */
export type RouteReason =
  | { readonly kind: "alias" }
  /** The part before the first slash is a configured provider. */
  | { readonly kind: "prefix" }
  /** A provider claims it. */
  | { readonly kind: "claim"; readonly glob: string }
  /** Nobody claims it, so it is the default provider's. */
  | { readonly kind: "default" };

/** Resolves a model name; see `explainModel` for the order. */
export function resolveModel(requested: string, names: ModelNames): ModelRoute {
  return explainModel(requested, names).route;
}

/**
 * What a model name means, and why, in this order: an alias; `provider/model` when the part before the first slash
 * is a configured provider; a bare name that one provider claims; the default provider.
 */
export function explainModel(
  requested: string,
  names: ModelNames,
): { readonly route: ModelRoute; readonly reason: RouteReason } {
  const alias = Object.hasOwn(names.aliases, requested) ? names.aliases[requested] : undefined;
  const name = alias ?? requested;
  const slash = name.indexOf("/");
  if (slash > 0) {
    const provider = name.slice(0, slash);
    if (Object.hasOwn(names.providers, provider)) {
      const reason = { kind: alias === undefined ? "prefix" : "alias" } as const;
      return { route: { provider, model: name.slice(slash + 1) }, reason };
    }
  }
  for (const provider of Object.values(names.providers)) {
    const glob = provider.models.find((candidate) => matchesGlob(candidate, name));
    if (glob !== undefined) {
      return { route: { provider: provider.name, model: name }, reason: { kind: "claim", glob } };
    }
  }
  return { route: { provider: names.defaultProvider, model: name }, reason: { kind: "default" } };
}

/** The two parts of a name `provider/model`; the provider is empty when there is no slash. */
export function splitModelName(name: string): ModelRoute {
  const slash = name.indexOf("/");
  return { provider: name.slice(0, Math.max(slash, 0)), model: name.slice(slash + 1) };
}

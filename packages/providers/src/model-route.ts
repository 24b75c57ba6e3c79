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

/**
 * Resolves a model name, in this order: an alias; `provider/model` when the part before the first slash
 * is a configured provider; a bare name that one provider claims; the default provider.
 */
export function resolveModel(requested: string, names: ModelNames): ModelRoute {
  const name = Object.hasOwn(names.aliases, requested) ? (names.aliases[requested] ?? requested) : requested;
  const slash = name.indexOf("/");
  if (slash > 0) {
    const provider = name.slice(0, slash);
    if (Object.hasOwn(names.providers, provider)) return { provider, model: name.slice(slash + 1) };
  }
  const claimant = Object.values(names.providers).find((provider) =>
    provider.models.some((glob) => matchesGlob(glob, name)),
  );
  return { provider: claimant?.name ?? names.defaultProvider, model: name };
}

/** The two parts of a name `provider/model`; the provider is empty when there is no slash. */
export function splitModelName(name: string): ModelRoute {
  const slash = name.indexOf("/");
  return { provider: name.slice(0, Math.max(slash, 0)), model: name.slice(slash + 1) };
}

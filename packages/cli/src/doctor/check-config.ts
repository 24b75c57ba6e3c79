/** Whether the config can be read, and what in it, or in the secrets, nobody uses. */
import { asObject } from "@sluice/wire";
import type { LoadedConfig } from "../options/config-option.ts";
import { type Finding, ok, warn } from "./finding.ts";

/** Names of providers that the config's author thought of: written down, or the target of an alias. The others are defaults. */
export function meantProviders({ written, resolved }: LoadedConfig): ReadonlySet<string> {
  const { providers, defaultProvider } = asObject(written) ?? {};
  const targets = Object.values(resolved.routes).flatMap(({ targets, fallbacks }) => [
    ...targets,
    ...fallbacks,
  ]);
  return new Set([
    ...Object.keys(asObject(providers) ?? {}),
    ...(typeof defaultProvider === "string" ? [defaultProvider] : []),
    ...targets.map(({ provider }) => provider),
  ]);
}

/** What a config comes to, and what may be a slip in it. */
export function checkConfig(file: string, { resolved }: LoadedConfig): readonly Finding[] {
  const { providers, routes, drains } = resolved;
  const count = (those: object, one: string, many: string) => {
    const { length } = Object.keys(those);
    return `${length} ${length === 1 ? one : many}`;
  };
  const parts = [
    count(providers, "provider", "providers"),
    count(routes, "alias", "aliases"),
    count(drains, "drain", "drains"),
  ];
  const all = Object.values(drains);
  return [
    ok("config", `${file} is good: ${parts.join(", ")}.`),
    ...(all.length === 0
      ? [warn("config drains", "There is no drain: nothing is traced.", "add one to drains in the config")]
      : []),
    ...all.flatMap(({ name, paused, sampleRate }) => [
      ...(paused
        ? [
            warn(
              `config drain ${name}`,
              "It is paused: its traces wait in the queue, and are parked after 13 days.",
              `remove paused from drains.${name} when the pause is over`,
            ),
          ]
        : []),
      ...(sampleRate === 0
        ? [
            warn(
              `config drain ${name}`,
              "It takes none of the calls that went well: its sampleRate is 0.",
              `raise sampleRate of drains.${name}`,
            ),
          ]
        : []),
    ]),
  ];
}

/** Members of a secret that nothing in the config has the name of. */
export function unusedMembers(
  name: string,
  secret: Readonly<Record<string, unknown>>,
  known: Readonly<Record<string, unknown>>,
): readonly Finding[] {
  const unknown = Object.keys(secret).filter((member) => !Object.hasOwn(known, member));
  if (unknown.length === 0) return [];
  return [
    warn(
      name,
      `The secret has members that the config does not name: ${unknown.join(", ")}.`,
      "correct the names, or remove these members",
    ),
  ];
}

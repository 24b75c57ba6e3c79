/** The option that names a config, and reading it. */
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { ResolvedConfig } from "@sluice/config";
import { CommandFailure } from "../failure.ts";
import type { Terminal } from "../terminal.ts";

/** Where the config is. */
export interface ConfigOptions {
  readonly config: string;
}

/** The config's file where nobody names another one. */
export const DEFAULT_CONFIG_FILE = "sluice.config.ts";

/** Reads and checks a config, with its defaults filled in. Throws `CommandFailure` with every problem and its remedy. */
export async function readConfig(file: string, terminal: Terminal): Promise<ResolvedConfig> {
  const { ConfigError, parseConfig } = await import("@sluice/config/schema");
  let exported: unknown;
  try {
    exported = ((await import(pathToFileURL(resolve(file)).href)) as { readonly default?: unknown }).default;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CommandFailure("config_unreadable", `${file} cannot be loaded: ${why}`);
  }
  try {
    return parseConfig(exported, terminal.env);
  } catch (error) {
    if (error instanceof ConfigError) throw new CommandFailure("config_invalid", error.message);
    throw error;
  }
}

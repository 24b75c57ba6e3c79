/** The option that names a config, and reading it. */
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { ConfigEnvironment, ResolvedConfig } from "@sluice/config";
import { CommandFailure } from "../failure.ts";
import type { Terminal } from "../terminal.ts";

/** Where the config is. */
export interface ConfigOptions {
  readonly config: string;
}

/** The config's file where nobody names another one. */
export const DEFAULT_CONFIG_FILE = "sluice.config.ts";

/** A config as its file has it, and what it comes to. */
export interface LoadedConfig {
  /** The file's default export, before any default was filled in. */
  readonly written: unknown;
  readonly resolved: ResolvedConfig;
}

/** Reads and checks a config, with its defaults filled in. Throws `CommandFailure` with every problem and its remedy. */
export async function readConfig(file: string, { env }: Pick<Terminal, "env">): Promise<ResolvedConfig> {
  return (await loadConfig(file, env)).resolved;
}

/** As `readConfig`, with the environment whose base URLs count, and with what the file itself says. */
export async function loadConfig(file: string, env: ConfigEnvironment): Promise<LoadedConfig> {
  const { ConfigError, parseConfig } = await import("@sluice/config/schema");
  let written: unknown;
  try {
    written = ((await import(pathToFileURL(resolve(file)).href)) as { readonly default?: unknown }).default;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CommandFailure("config_unreadable", `${file} cannot be loaded: ${why}`);
  }
  try {
    return { written, resolved: parseConfig(written, env) };
  } catch (error) {
    if (error instanceof ConfigError) throw new CommandFailure("config_invalid", error.message);
    throw error;
  }
}

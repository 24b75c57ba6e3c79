/** `sluice config`: whether a config is good, and what it comes to. */
import type { ResolvedConfig, ResolvedProvider } from "@sluice/config";
import { needsApiKey } from "@sluice/providers";
import type { Command } from "commander";
import { type ConfigOptions, DEFAULT_CONFIG_FILE, readConfig } from "../options/config-option.ts";
import { table } from "../output/table.ts";
import type { Terminal } from "../terminal.ts";

/** Adds the group. */
export function addConfig(program: Command, terminal: Terminal): void {
  program
    .command("config")
    .description("look at the config")
    .command("check")
    .description("check the config as a build does, and show what it comes to")
    .option("--config <file>", "the config", DEFAULT_CONFIG_FILE)
    .option("--json", "print JSON, errors too")
    .addHelpText("after", "\nExamples:\n  npx sluice config check\n  npx sluice config check --json")
    .action(async (options: ConfigOptions & { readonly json?: true }) => {
      const config = await readConfig(options.config, terminal);
      terminal.print(options.json ? JSON.stringify(config) : summary(options.config, config, terminal));
    });
}

function summary(file: string, config: ResolvedConfig, terminal: Terminal): string {
  const providers = Object.values(config.providers).map((provider) => [
    provider.name,
    provider.speaks.join(", "),
    keyPhrase(provider),
    provider.models.join(", ") || "by prefix only",
    provider.baseUrl,
  ]);
  const drains = Object.values(config.drains).map(({ name, type, baseUrl }) => [name, type, baseUrl]);
  const aliases = Object.entries(config.routes).map(([alias, { targets, fallbacks }]) => [
    alias,
    targets.map(({ provider, model }) => `${provider}/${model}`).join(", "),
    fallbacks.map(({ provider, model }) => `${provider}/${model}`).join(", ") || "none",
  ]);
  return [
    `${file} is good. Names that nobody claims go to "${config.defaultProvider}".`,
    table(["provider", "speaks", "key", "claims", "address"], providers, terminal),
    ...(aliases.length === 0 ? [] : [table(["alias", "targets", "fallbacks"], aliases, terminal)]),
    drains.length === 0
      ? "No drain: nothing is traced."
      : table(["drain", "type", "address"], drains, terminal),
  ].join("\n\n");
}

function keyPhrase({ name, auth }: ResolvedProvider): string {
  if (needsApiKey(auth)) return `secret member "${name}"`;
  return auth === "aws-sigv4" ? "the function's role" : "none";
}

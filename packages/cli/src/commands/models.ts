/** `sluice models`: what the names of models lead to, and why. */
import type { Command } from "commander";
import { explainName, type ModelExplanation } from "../models/model-explanation.ts";
import { type ConfigOptions, DEFAULT_CONFIG_FILE, readConfig } from "../options/config-option.ts";
import { fields, table } from "../output/table.ts";
import type { Terminal } from "../terminal.ts";

/** Adds the command. */
export function addModels(program: Command, terminal: Terminal): void {
  program
    .command("models")
    .description("explain what a model's name leads to; without a name, every alias")
    .argument("[name]", "as a caller would write it")
    .option("--config <file>", "the config", DEFAULT_CONFIG_FILE)
    .option("--json", "print JSON, errors too")
    .addHelpText("after", "\nExamples:\n  npx sluice models\n  npx sluice models claude-sonnet-5")
    .action(async (name: string | undefined, options: ConfigOptions & { readonly json?: true }) => {
      const config = await readConfig(options.config, terminal);
      const names = name === undefined ? Object.keys(config.routes) : [name];
      const explanations = names.map((each) => explainName(each, config));
      if (options.json) terminal.print(JSON.stringify(name === undefined ? explanations : explanations[0]));
      else if (explanations.length === 0) terminal.print("The config has no aliases.");
      else terminal.print(explanations.map((each) => explanationText(each, terminal)).join("\n\n"));
    });
}

function explanationText({ name, why, targets, retries }: ModelExplanation, terminal: Terminal): string {
  const rows = targets.map(({ target, when, formats }) => [
    target,
    when,
    formats["chat.completions"],
    formats.responses,
    formats.messages,
  ]);
  return [
    fields([
      ["model", name],
      ["because", why],
      ["retries", retries === 0 ? undefined : `${retries} at each target`],
    ]),
    table(["goes to", "when", "chat", "responses", "messages"], rows, terminal),
  ].join("\n");
}

/** The options that many commands have: where, how to print, and whether to ask. */
import { type Command, Option } from "commander";
import { UsageFailure } from "../failure.ts";

/** Where a command works. */
export interface TargetOptions {
  readonly local?: true;
  readonly stage?: string;
  readonly table?: string;
}

/** How a command prints. */
export interface OutputOptions {
  readonly json?: true;
}

/** Whether a command may go ahead without asking. */
export interface ConfirmOptions {
  readonly yes?: true;
}

/** Adds `--local`, `--stage`, `--table` and `--json`, and examples below the command's help. */
export function addCommonOptions(command: Command, examples: readonly string[]): Command {
  const where = "Where, and how to print:";
  return command
    .addOption(new Option("--local", "the local system, npm start").conflicts("stage").helpGroup(where))
    .addOption(new Option("--stage <name>", "a stage that sst deploy made").helpGroup(where))
    .addOption(
      new Option("--table <name>", "the stage's DynamoDB table, where it is not found by itself")
        .conflicts("local")
        .helpGroup(where),
    )
    .addOption(new Option("--json", "print JSON, errors too").helpGroup(where))
    .addHelpText("after", `\nExamples:\n${examples.map((line) => `  npx sluice ${line}`).join("\n")}`);
}

/** Adds `--yes`. */
export function addConfirmOption(command: Command): Command {
  return command.option("--yes", "do not ask, which only a terminal can");
}

const NO_SETTINGS = ["local", "stage", "table", "json"];

/** Throws `UsageFailure` when a command that changes settings was given none; `others` are options that are none either. */
export function requireSettings(options: object, others: readonly string[] = []): void {
  const settings = Object.keys(options).filter((name) => ![...NO_SETTINGS, ...others].includes(name));
  if (settings.length === 0) throw new UsageFailure("There is nothing to change: name what, see --help.");
}

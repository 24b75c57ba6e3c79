/** The command line as shell completion needs it. */
import type { Command } from "commander";

/** A word that may follow. */
export interface CompletionWord {
  readonly word: string;
  readonly description: string;
}

/** An option of a command. */
export interface CompletionOption extends CompletionWord {
  /** What may follow it: nothing for a switch, else the words to choose from; none of them means anything at all. */
  readonly value: "none" | readonly string[];
}

/** A command, and what may follow it. */
export interface CompletionCommand {
  /** `keys create`; empty for the program itself. */
  readonly path: string;
  readonly subcommands: readonly CompletionWord[];
  readonly options: readonly CompletionOption[];
}

/** Every command below and with this one, parents first. */
export function commandTree(command: Command, path = ""): readonly CompletionCommand[] {
  const help = command.createHelp();
  const subcommands = command.commands;
  const options = help.visibleOptions(command).flatMap((option) =>
    option.long == null
      ? []
      : [
          {
            word: option.long,
            description: option.description,
            value: option.required || option.optional ? (option.argChoices ?? []) : ("none" as const),
          },
        ],
  );
  return [
    {
      path,
      subcommands: subcommands.map((child) => ({ word: child.name(), description: child.description() })),
      options,
    },
    ...subcommands.flatMap((child) => commandTree(child, `${path} ${child.name()}`.trim())),
  ];
}

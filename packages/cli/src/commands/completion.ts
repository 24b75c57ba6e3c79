/** `sluice completion`: what a shell needs to complete its commands. */
import { Argument, type Command } from "commander";
import { bashScript } from "../completion/bash.ts";
import { commandTree } from "../completion/command-tree.ts";
import { fishScript } from "../completion/fish.ts";
import { zshScript } from "../completion/zsh.ts";
import type { Terminal } from "../terminal.ts";

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript } as const;
type Shell = keyof typeof SCRIPTS;

/** Adds the command. It completes what the program has at the time of the call: all of it. */
export function addCompletion(program: Command, terminal: Terminal): void {
  program
    .command("completion")
    .description("print a script that lets a shell complete commands, options and their values")
    .addArgument(new Argument("<shell>", "which one").choices(Object.keys(SCRIPTS)))
    .addHelpText(
      "after",
      "\nExamples:\n  source <(npx sluice completion bash)\n  npx sluice completion fish | source",
    )
    .action((shell: Shell) => {
      terminal.print(SCRIPTS[shell](program.name(), commandTree(program)).trimEnd());
    });
}

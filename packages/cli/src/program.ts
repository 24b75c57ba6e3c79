/** The command line as a whole: its groups, each in a file of its own. */
import { Command } from "commander";
import manifest from "../../../package.json" with { type: "json" };
import { addAudit } from "./commands/audit.ts";
import { addBudgets } from "./commands/budgets.ts";
import { addCompletion } from "./commands/completion.ts";
import { addConfig } from "./commands/config.ts";
import { addCost } from "./commands/cost.ts";
import { addDoctor } from "./commands/doctor.ts";
import { addKeys } from "./commands/keys.ts";
import { addModels } from "./commands/models.ts";
import { addQueue } from "./commands/queue.ts";
import { addReplay } from "./commands/replay.ts";
import { addTail } from "./commands/tail.ts";
import { addTraces } from "./commands/traces.ts";
import { styled } from "./output/style.ts";
import type { Terminal } from "./terminal.ts";

/** A fresh command line. It throws `CommanderError` where it would end the process, and prints no errors itself. */
export function createProgram(terminal: Terminal): Command {
  const program = new Command("sluice")
    .description("Manages the keys, budgets and state of a Sluice gateway.")
    .version(manifest.version)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.print(text.replace(/\n$/, "")),
      writeErr: () => {},
      getOutHelpWidth: () => terminal.columns,
      getOutHasColors: () => terminal.hasColours,
    })
    .configureHelp({ styleTitle: (title) => styled(terminal, "bold", title) })
    .helpCommand(false);
  addKeys(program, terminal);
  addBudgets(program, terminal);
  addTail(program, terminal);
  addTraces(program, terminal);
  addQueue(program, terminal);
  addReplay(program, terminal);
  addAudit(program, terminal);
  addDoctor(program, terminal);
  addConfig(program, terminal);
  addModels(program, terminal);
  addCost(program, terminal);
  addCompletion(program, terminal);
  return program;
}

/** Runs one command line. */
import { type Command, CommanderError } from "commander";
import { CommandFailure, EXIT, withoutSecrets } from "./failure.ts";
import { createProgram } from "./program.ts";
import type { Terminal } from "./terminal.ts";

export type { Terminal } from "./terminal.ts";

/** Runs the command that the arguments ask for, and returns the exit status. Reports errors itself, and never throws. */
export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  const program = createProgram(terminal);
  try {
    await program.parseAsync(args, { from: "user" });
    return EXIT.ok;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT.ok;
    const failure = toFailure(error, commandLine(program, args));
    const message = withoutSecrets(failure.message).replaceAll(/\s+/g, " ").trim();
    terminal.note(
      args.includes("--json")
        ? JSON.stringify({ error: { code: failure.code, message } })
        : `sluice: ${message}`,
    );
    return failure.exitCode;
  }
}

interface Failure {
  readonly code: string;
  readonly message: string;
  readonly exitCode: number;
}

function toFailure(error: unknown, command: string): Failure {
  if (error instanceof CommanderError) {
    const what =
      error.code === "commander.help" ? "Say what to do." : asSentence(error.message.replace(/^error: /, ""));
    return { code: "usage", message: `${what} See: npx ${command} --help`, exitCode: EXIT.usage };
  }
  if (error instanceof CommandFailure) return error;
  const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return { code: "internal", message: asSentence(reason), exitCode: EXIT.failed };
}

/** `sluice keys create`, as far as the arguments name commands. */
function commandLine(program: Command, args: readonly string[]): string {
  let command = program;
  let line = program.name();
  for (const arg of args) {
    const next = command.commands.find((candidate) => candidate.name() === arg);
    if (!next) break;
    command = next;
    line += ` ${next.name()}`;
  }
  return line;
}

function asSentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1).replace(/[^.!?)]$/, "$&.");
}

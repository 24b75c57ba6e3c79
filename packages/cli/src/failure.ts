/** What a command ends with when it does not succeed: one line that says what happened and the remedy. */

/** The command's exit status: it failed, or it was asked for in the wrong way. */
export const EXIT = { ok: 0, failed: 1, usage: 2 } as const;

/** The command could not do what it was asked for. */
export class CommandFailure extends Error {
  override readonly name: string = "CommandFailure";
  readonly exitCode: number = EXIT.failed;
  /** Stable, for programs: `not_found`, `alias_taken`, … */
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The command was asked for in the wrong way. */
export class UsageFailure extends CommandFailure {
  override readonly name = "UsageFailure";
  override readonly exitCode = EXIT.usage;

  constructor(message: string) {
    super("usage", message);
  }
}

/** The text without anything that looks like a key or the hash of one: people paste keys where an alias belongs. */
export function withoutSecrets(text: string): string {
  return text.replaceAll(/\bsk-[\w-]+/g, "sk-…").replaceAll(/\b[0-9a-f]{64}\b/gi, "(hash)");
}

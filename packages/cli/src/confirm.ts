/** Asking before what cannot be undone. */
import { CommandFailure, UsageFailure } from "./failure.ts";
import type { Terminal } from "./terminal.ts";

/** Returns when the answer is yes, or was given with `--yes`. Throws `CommandFailure` otherwise. */
export async function confirm(
  question: string,
  { yes }: { readonly yes?: true },
  terminal: Pick<Terminal, "isInteractive" | "ask">,
): Promise<void> {
  if (yes) return;
  if (!terminal.isInteractive) {
    throw new UsageFailure(`This cannot be undone, and there is no terminal to ask on: add --yes.`);
  }
  const answer = await terminal.ask(`${question} [y/N] `);
  if (!/^y(?:es)?$/i.test(answer.trim())) throw new CommandFailure("cancelled", "Nothing was changed.");
}

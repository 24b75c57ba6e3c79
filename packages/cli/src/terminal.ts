/** All that the commands have of the world but the stores. Handed in, so that a test can be the world. */

/** Whoever runs a command, and the machine it runs on. */
export interface Terminal {
  /** An empty variable counts as absent. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The project's root: `.sst/outputs.json` and the local system's data directory are found from it. */
  readonly root: string;
  readonly userName: string;
  /** Whether a person can be asked. */
  readonly isInteractive: boolean;
  /** Whether standard output shows colours; false when `NO_COLOR` is set. */
  readonly hasColours: boolean;
  /** Width for help texts, characters. */
  readonly columns: number;
  /** Writes a line, or several, to standard output. */
  print(text: string): void;
  /** Writes a line to standard error. */
  note(text: string): void;
  /** Writes a line to standard error in the place of the one before; absent where that cannot be. An empty line ends it. */
  readonly progress?: (text: string) => void;
  /** Asks on standard error, and returns the line that was typed; empty when the input ended. */
  ask(question: string): Promise<string>;
  /** Aborted when the person wants the command to stop: it finishes what it holds in its hands, and no more. */
  readonly interrupt?: AbortSignal;
  /** Unix time, ms. */
  nowMs(): number;
  random(count: number): Uint8Array;
}

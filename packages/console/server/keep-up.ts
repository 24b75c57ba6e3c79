/** Does some work again and again while somebody watches. */

/** A piece of work, and how often it is done. */
export interface Repeated {
  /** From one end to the next beginning, ms. */
  readonly everyMs: number;
  run(): Promise<void>;
}

/** What is done, for whom. */
export interface KeepUpOptions {
  readonly work: readonly Repeated[];
  /** Nothing is done while this is false. */
  isWatched(): boolean;
  /** Gets the message when a piece of work fails with another one than before, and an empty text once all of it works. */
  onProblem(message: string): void;
}

/** Begins at once; what fails is tried again when its time comes. `stop` waits for what is being done. */
export function keepUp({ work, isWatched, onProblem }: KeepUpOptions): { stop(): Promise<void> } {
  const problems = new Map<Repeated, string>();
  let told = "";
  let isStopped = false;
  const timers = new Map<Repeated, NodeJS.Timeout>();
  const underWay = new Map<Repeated, Promise<void>>();

  const attempt = async (piece: Repeated) => {
    try {
      await piece.run();
      problems.delete(piece);
    } catch (error) {
      problems.set(piece, error instanceof Error ? `${error.name}: ${error.message}` : String(error));
    }
    const [now = ""] = problems.values();
    if (now !== told && !isStopped) onProblem(now);
    told = now;
  };
  const turn = async (piece: Repeated) => {
    if (isWatched()) await attempt(piece);
    if (!isStopped) schedule(piece);
  };
  const schedule = (piece: Repeated) => {
    timers.set(
      piece,
      setTimeout(() => underWay.set(piece, turn(piece)), piece.everyMs),
    );
  };
  for (const piece of work) schedule(piece);
  return {
    async stop() {
      isStopped = true;
      for (const timer of timers.values()) clearTimeout(timer);
      await Promise.all(underWay.values());
    },
  };
}
